"""The audit: who did what to which thing, chained so that a change afterwards is noticed."""
