"""The chain holds, and what leads into it is complete."""
