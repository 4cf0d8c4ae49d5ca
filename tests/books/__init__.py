"""The whole book: read as columns, assigned, rebalanced, lent, undone."""
