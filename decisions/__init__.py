"""Every decision with its candidates and reasons."""
