"""Mail taken in over a real socket, and by a process that is killed."""
