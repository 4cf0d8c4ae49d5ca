"""What advisors do, and when they work."""
