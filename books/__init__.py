"""The whole book: assigned, rebalanced, lent and given back, undone; previewed first, applied in batches."""
