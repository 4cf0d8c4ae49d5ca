"""People who sign in, roles, machine keys: who somebody is and what they may do."""
