"""The house rules: what must hold for the repository as a whole, and the checks that `./run test` runs."""
