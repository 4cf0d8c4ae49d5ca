"""Desk groups and their cover."""
