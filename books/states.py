"""The life of a run of the book, and of each move in it."""

from kit.states import machine

RUN = machine(
    "book run",
    ["computing"],
    computing="ready failed discarded",
    ready="applying discarded",
    applying="applied",
    applied="undoing",
    undoing="undone",
)
"""`ready` is a preview that nobody has acted on. What is `applied` can be undone for a while; a loan is given back
by undoing it, whenever the owner returns."""

MOVE = machine("book move", ["planned"], planned="done skipped", done="undone kept")
"""`skipped`: the customer, the advisor or the room had changed meanwhile. `kept`: not undone, for these reasons."""

BUSY = ("computing", "applying", "undoing")
"""One run at a time is worked on."""
