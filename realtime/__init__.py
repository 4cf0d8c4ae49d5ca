"""The event log as a live stream: a snapshot, what has changed since, and a way back after a gap."""
