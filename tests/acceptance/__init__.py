"""Tests from outside: processes, a browser, a switch."""
