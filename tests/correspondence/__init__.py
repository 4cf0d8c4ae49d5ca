"""Mails read, attachments judged, threads answered."""
