"""The life of a number."""
