"""The ledger of promises: who calls whom back, when, and how it ended."""
