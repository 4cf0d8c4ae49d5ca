"""`durchwahl doctor`: looks at configuration, database, company and loops, and says what to do. Changes nothing."""
