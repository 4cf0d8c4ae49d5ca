"""Markets and sites: opening hours, holidays, policies."""
