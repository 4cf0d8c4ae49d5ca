"""Files are read line by line; a bad line costs itself and nothing else."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.records import LONGEST_LINE, MOST_LINES, Columns, Line, _is_within, comma_separated, ndjson

COLUMNS = Columns(frozenset({"ref", "name", "phones", "hours"}), frozenset({"phones"}), frozenset({"hours"}))


async def pieces(content: bytes, size: int = 7) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def from_csv(content: str | bytes, size: int = 7) -> list[Line]:
    raw = content.encode() if isinstance(content, str) else content
    return [line async for line in comma_separated(pieces(raw, size), COLUMNS)]


async def from_ndjson(content: bytes, size: int = 7) -> list[Line]:
    return [line async for line in ndjson(pieces(content, size))]


def told(lines: list[Line]) -> list[tuple[int, object]]:
    return [(line.number, line.error.code if line.error else dict(line.value)) for line in lines]


async def test_csv_with_lists_documents_and_empty_cells() -> None:
    hours = '"{""mon"": [[""08:00"", ""09:00""]]}"'
    content = f'ref,name,phones,hours\r\nK-1,"Kiefer, Tischler",030|040,{hours}\r\nK-2,,,\n'

    assert told(await from_csv(content)) == [
        (
            2,
            {
                "ref": "K-1",
                "name": "Kiefer, Tischler",
                "phones": ["030", "040"],
                "hours": {"mon": [["08:00", "09:00"]]},
            },
        ),
        (3, {"ref": "K-2"}),
    ]


async def test_csv_as_german_spreadsheets_write_it() -> None:
    assert told(await from_csv("\ufeffref;name\nK-1;Müller, Maler\n")) == [
        (2, {"ref": "K-1", "name": "Müller, Maler"})
    ]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"K-2", "wrong_number_of_cells"),
        (b"K-2,a,b,c,d", "wrong_number_of_cells"),
        (b"K-2,M\xfcller,,", "unreadable"),
        (b"K-2,a\x00b,,", "nul"),
        (b"K-2,a,,{mon}", "malformed"),
        (b'K-2,a,,"{""mon"": 1, ""mon"": 2}"', "malformed"),
        (b"K-2," + b"x" * LONGEST_LINE + b",,", "unreadable"),
    ],
)
async def test_bad_line_costs_itself_alone(line: bytes, code: str) -> None:
    content = b"ref,name,phones,hours\nK-1,a,,\n" + line + b"\nK-3,c,,\n"

    assert told(await from_csv(content, 4096)) == [
        (2, {"ref": "K-1", "name": "a"}),
        (3, code),
        (4, {"ref": "K-3", "name": "c"}),
    ]


async def test_quoted_cell_may_hold_line_ends() -> None:
    assert told(await from_csv('ref,name\nK-1,"zwei\nZeilen"\nK-2,b\n')) == [
        (2, {"ref": "K-1", "name": "zwei\nZeilen"}),
        (4, {"ref": "K-2", "name": "b"}),
    ]


async def test_quote_within_a_cell_is_a_letter() -> None:
    assert told(await from_csv('ref,name\nK-1,5" Rohr\nK-2,b\n')) == [
        (2, {"ref": "K-1", "name": '5" Rohr'}),
        (3, {"ref": "K-2", "name": "b"}),
    ]


async def test_quote_that_is_never_closed_costs_its_own_line() -> None:
    rows = "".join(f"K-{n},x\n" for n in range(3, 3 + 2 * MOST_LINES))

    lines = await from_csv('ref,name\nK-2,"offen\n' + rows)

    assert told(lines[:1]) == [(2, "unreadable")]
    assert [line.number for line in lines[1:]] == list(range(3, 3 + 2 * MOST_LINES))
    assert all(line.error is None for line in lines[1:])


@pytest.mark.parametrize(("header", "code"), [("ref,salary", "unknown_columns"), ("ref,ref", "column_twice")])
async def test_unknown_header_ends_the_reading(header: str, code: str) -> None:
    assert told(await from_csv(f"{header}\nK-1,1\n")) == [(1, code)]


async def test_ndjson_line_by_line() -> None:
    content = b'{"a": 1}\n\n[1]\n{"a": 1, "a": 2}\n{"a": NaN}\nnix\n{"a": "\\ud800"}\n{"b": 2}'

    assert told(await from_ndjson(content)) == [
        (1, {"a": 1}),
        (3, "not_an_object"),
        (4, "duplicate_key"),
        (5, "not_finite"),
        (6, "malformed"),
        (7, "lone_surrogate"),
        (8, {"b": 2}),
    ]


async def test_long_line_is_passed_over() -> None:
    long = b'{"a": "' + b"x" * 3 * LONGEST_LINE + b'"}'

    assert told(await from_ndjson(b'{"a": 1}\n' + long + b'\n{"a": 2}\n', 10_000)) == [
        (1, {"a": 1}),
        (2, "too_long"),
        (3, {"a": 2}),
    ]


CELLS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]) | st.sampled_from('",;|\n'), max_size=12)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=6), st.integers(1, 40))
async def test_what_a_csv_writer_writes_is_read_again(rows: list[tuple[str, str]], size: int) -> None:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(["ref", "name"])
    writer.writerows(rows)

    lines = await from_csv(written.getvalue(), size)

    wanted = [{k: v.strip() for k, v in zip(("ref", "name"), row, strict=True) if v.strip()} for row in rows]
    assert [dict(line.value) for line in lines if line.error is None] == wanted


@given(st.lists(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5)), max_size=5))
async def test_any_cut_of_the_stream_gives_the_same_lines(rows: list[dict[str, object]]) -> None:
    content = b"".join(json.dumps(row).encode() + b"\n" for row in rows)

    assert told(await from_ndjson(content, 3)) == told(await from_ndjson(content, 10_000))


async def test_header_that_can_not_be_read_is_one_error() -> None:
    lines = await from_csv("ref,name\nK-1,x\n".encode("utf-16"), 100)

    assert told(lines) == [(1, "unreadable")]


async def test_quote_within_an_unquoted_cell_is_a_letter_and_a_cell_behind_it_may_be_quoted() -> None:
    lines = await from_csv('ref,name\n19" Rack,"of two\nlines"\nK-2,x\n')

    assert told(lines) == [(2, {"ref": '19" Rack', "name": "of two\nlines"}), (4, {"ref": "K-2", "name": "x"})]


async def test_line_is_looked_at_seldom_however_long_a_quote_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[int] = []

    def counting(raw: bytes, *, within: bool) -> bool:
        looked_at.append(len(raw))
        return _is_within(raw, within=within)

    monkeypatch.setattr("kit.records._is_within", counting)
    lines = await from_csv('ref,name\n"K-1,x\n' + "K-2,y\n" * 2 * MOST_LINES)

    assert [line.number for line in lines if line.error] == [2]
    assert len(looked_at) <= 2 + 3 * MOST_LINES
