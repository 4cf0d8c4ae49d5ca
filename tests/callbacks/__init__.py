"""Promises: windows, retries, states."""
