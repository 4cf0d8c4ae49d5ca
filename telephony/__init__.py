"""The switch: what it tells us and what we tell it, as data; renderings of it; a simulated one."""
