"""Builds the loops of a replica and supervises them."""
