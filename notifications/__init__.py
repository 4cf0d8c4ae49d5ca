"""Messages that leave the house: an outbox of ids and codes, the loop that empties it, those who carry letters."""
