"""What is kept of a person: told to them, erased with two persons' consent, dropped in time."""
