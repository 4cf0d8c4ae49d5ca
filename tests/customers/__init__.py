"""Customers, their advisors and the books."""
