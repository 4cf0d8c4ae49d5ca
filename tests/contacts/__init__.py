"""The life of a contact."""
