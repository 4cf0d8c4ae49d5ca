"""The life of a call, a chat, an email: builds the problem, applies the plan."""
