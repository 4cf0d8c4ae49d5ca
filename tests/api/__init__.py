"""The doors, knocked at in this process."""
