"""What customers and advisors write to each other: threads, the messages in them, what is attached."""
