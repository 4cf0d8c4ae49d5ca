"""The log, the cursor, the hub and the socket."""
