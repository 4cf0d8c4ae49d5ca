"""Customers and their relationship: activation, change of advisor, hand-over of a book."""
