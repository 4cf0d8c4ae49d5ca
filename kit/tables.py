"""What all tables share: column types, checked states, and what is kept, why, and for how long.

Every table says its purpose, its retention, and whom its columns concern unless they say otherwise. Every column
with content (text, JSON, bytes, lists) is tagged by itself or named among the table's `codes`. Export, erasure,
retention and `docs/privacy/record-of-processing.md` are derived from that.
"""

from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeVar

from sqlalchemy import ARRAY, TIMESTAMP, CheckConstraint, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

Concern = Literal["operational", "pseudonymous", "personal"]
"""Of no person; of a person whom only an id names; what says or may say something about a person by itself."""

Purpose = Literal[
    "company", "staffing", "relationship", "routing", "corresponding", "promises", "notifying", "access", "proof",
    "running",
]  # fmt: skip

PURPOSES: dict[Purpose, str] = {
    "company": "Describe the company: markets, sites, groups, numbers, rules.",
    "staffing": "Know who advises, what they can, when they work and whether they are there.",
    "relationship": "Give a customer an advisor of their own and keep the two together.",
    "routing": "Lead a contact to somebody who can help, and let the next one know.",
    "corresponding": "Answer what customers write.",
    "promises": "Keep the callbacks that were promised.",
    "notifying": "Tell people what concerns them.",
    "access": "Let in who may, and nobody else.",
    "proof": "Account for what was done and why.",
    "running": "Run the service: repeats, order, resuming.",
}

Retention = Literal[
    "customer", "advisor", "account", "absence", "contact", "thread", "message", "company", "sign_in", "day",
    "minute", "switch", "event", "decision", "audit", "skills", "delivery", "always",
]  # fmt: skip

RETENTIONS: dict[Retention, str] = {
    "customer": "Until the customer is erased.",
    "advisor": "Until the advisor has left and `DURCHWAHL_KEEP_LEAVERS` has passed; then made anonymous.",
    "account": "Until the account's advisor is made anonymous, or an admin ends it.",
    "absence": "`DURCHWAHL_KEEP_ABSENCES` after its end; then deleted.",
    "contact": "Personal columns until `DURCHWAHL_KEEP_CONTACTS` after the end, or until the customer is erased; "
    "the row stays for the figures.",
    "thread": "`DURCHWAHL_KEEP_CONTACTS` after something was last written in it, or until the customer is erased; "
    "then deleted, with all that belongs to it.",
    "message": "Recipient and arguments until `DURCHWAHL_KEEP_MESSAGES` after its end, then only what keeps the "
    "same from being said again; gone when the customer is erased.",
    "company": "As long as it applies.",
    "sign_in": "`DURCHWAHL_KEEP_SIGN_INS` after it has ended.",
    "day": "`DURCHWAHL_IDEMPOTENCY_LIFETIME`, a day.",
    "minute": "Half a minute, or until it is used.",
    "switch": "`DURCHWAHL_KEEP_SWITCH_EVENTS`, or until the customer is erased.",
    "event": "`DURCHWAHL_KEEP_EVENTS`, by whole months.",
    "decision": "`DURCHWAHL_KEEP_DECISIONS`, by whole months.",
    "audit": "`DURCHWAHL_KEEP_AUDIT`, by whole months, and never before it is sealed.",
    "delivery": "Three days after it was delivered; `DURCHWAHL_KEEP_WEBHOOKS` where it is dead.",
    "skills": "90 days, as far as it looks ahead.",
    "always": "For ever; it is about no person.",
}

Instant = TIMESTAMP(timezone=True)
TextList = ARRAY(Text)
Json = JSONB(none_as_null=True)

Table = TypeVar("Table", bound=type)


def kept(
    purpose: Purpose, retention: Retention, concern: Concern = "operational", *, codes: str = ""
) -> Callable[[Table], Table]:
    """Why the rows of a table are kept and for how long, and whom its columns concern unless they say otherwise.

    `codes` names the columns whose content is made of ids, codes and names of things, never of words of people.
    """

    def tag(table: Table) -> Table:
        info = {"purpose": purpose, "retention": retention, "concern": concern, "codes": frozenset(codes.split())}
        table.__table__.info.update(info)  # type: ignore[attr-defined]
        return table

    return tag


def about(concern: Concern, **arguments: Any) -> Any:
    """A column whose content concerns a person: `about("personal", default=None)`."""
    kwargs = dict(arguments.pop("sa_column_kwargs", {}))
    kwargs["info"] = {"concern": concern}
    return Field(sa_column_kwargs=kwargs, **arguments)


def one_of(column: str, values: Iterable[str], name: str) -> CheckConstraint:
    """A CHECK that `column` holds one of `values`; states are text, so that a value can be added in a migration."""
    listed = ", ".join(f"'{value}'" for value in sorted(values))
    return CheckConstraint(f"{column} IN ({listed})", name=name)
