"""Rows of fixed width by the million: COPY in its binary form, read as one array of numpy.

A million customers come in a few seconds without a Python object for each. Format: PostgreSQL documentation, COPY,
"Binary Format": a header of 19 bytes, per row the number of fields and per field its length and its bytes, all big
endian; a row that begins with -1 is the last. Columns may not be NULL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kit.database import ReadSession

HEADER = 19
UUID = "V16"
INT8 = ">i8"
INT4 = ">i4"


async def rows(session: ReadSession, sql: str, columns: Mapping[str, str], *arguments: Any) -> NDArray[Any]:
    """What `sql` selects as a structured array; `columns` gives names and types in the order of the statement."""
    chunks: list[bytes] = []

    async def keep(chunk: bytes) -> None:
        chunks.append(chunk)

    await session.raw.copy_from_query(sql, *arguments, output=keep, format="binary")
    return read(b"".join(chunks), columns)


def read(copied: bytes, columns: Mapping[str, str]) -> NDArray[Any]:
    """The rows of a whole binary copy. Raises `ValueError` where a row is not as wide as the columns say."""
    layout = _layout(columns)
    body = memoryview(copied)[HEADER + int.from_bytes(copied[15:HEADER], "big") : -2]
    if len(body) % layout.itemsize:
        raise ValueError("the rows aren't of the width that was expected")
    found = np.frombuffer(body, layout)
    if len(found) and not (found["_fields"] == len(columns)).all():
        raise ValueError("the rows haven't the fields that were expected")
    return found


def _layout(columns: Mapping[str, str]) -> np.dtype[Any]:
    fields: list[tuple[str, str]] = [("_fields", ">i2")]
    for name, kind in columns.items():
        fields += [(f"_{name}", ">i4"), (name, kind)]
    return np.dtype(fields)
