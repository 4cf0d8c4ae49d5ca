"""The decisions: pure, without I/O, await or clock."""
