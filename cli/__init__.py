"""The `durchwahl` command."""
