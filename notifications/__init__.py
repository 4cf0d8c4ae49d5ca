"""Messages that leave the house: an outbox of ids and codes, the loop that empties it, and those who carry letters."""
