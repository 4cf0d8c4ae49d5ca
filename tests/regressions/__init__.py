"""Bugs of other people's systems, by name, and what keeps them out of this one."""
