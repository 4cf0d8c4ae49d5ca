"""Webhooks: the event log to subscribers, signed, at least once, in order for each subject, safe to send."""
