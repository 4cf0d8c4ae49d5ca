"""Plumbing that knows nothing of calls."""
