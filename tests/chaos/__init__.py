"""Faults for hours: the tests' own checks, repeated with drawn seeds, in pieces that add up."""
