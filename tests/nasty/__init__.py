"""Inputs that nobody should send and everybody does: a corpus picked by hand, and cases made by a machine."""
