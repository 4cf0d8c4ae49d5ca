"""Tests of the switch's side: what is said to it, and the simulated one."""
