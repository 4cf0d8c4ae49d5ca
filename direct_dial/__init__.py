"""Number pools and the life of a number."""
