"""Webhooks, from the rules to a receiver on this machine."""
