"""What is claimed, measured: each command prints one JSON object as its last line."""
