"""What is kept of people: tagged, told, erased, dropped, and never let out."""
