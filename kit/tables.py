"""What all tables share: column types, checked states, and what each column is for.

Every column says whom its content concerns (`personal`, `pseudonymous` or, by default, `operational`), so that
export, erasure and retention can be derived from the tables themselves.
"""

from collections.abc import Iterable
from typing import Any, Literal

from sqlalchemy import ARRAY, TIMESTAMP, CheckConstraint, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

Concern = Literal["operational", "pseudonymous", "personal"]

Instant = TIMESTAMP(timezone=True)
TextList = ARRAY(Text)
Json = JSONB(none_as_null=True)


def about(concern: Concern, **arguments: Any) -> Any:
    """A column whose content concerns a person: `about("personal", default=None)`."""
    kwargs = dict(arguments.pop("sa_column_kwargs", {}))
    kwargs["info"] = {"concern": concern}
    return Field(sa_column_kwargs=kwargs, **arguments)


def one_of(column: str, values: Iterable[str], name: str) -> CheckConstraint:
    """A CHECK that `column` holds one of `values`; states are text, so that a value can be added in a migration."""
    listed = ", ".join(f"'{value}'" for value in sorted(values))
    return CheckConstraint(f"{column} IN ({listed})", name=name)
