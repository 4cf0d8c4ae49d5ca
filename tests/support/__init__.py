"""What several rings of tests share: a database, builders, a simulated world."""
