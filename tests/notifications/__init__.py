"""The outbox: states, couriers over one suite, delivery, routes, and a process that is killed on the way."""
