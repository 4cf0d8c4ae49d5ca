"""Read-only figures: how many called, who answered, which promises were kept. Never about a single person."""
