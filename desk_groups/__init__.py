"""Tischgruppen: who sits together, who leads, who helps out."""
