"""Plumbing, without a database."""
