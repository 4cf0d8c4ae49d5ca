"""What is JSON, what is not, and what is JSON but no text; at the doors in `tests/api/test_bad_input.py`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.strict_json import DEEPEST, Malformed, UnsafeText, form_fields, loads, step, unsafe

clean = st.text(
    st.characters(exclude_categories=("Cs", "Cc")).filter(lambda character: character != "\x7f"), max_size=20
)
documents = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), clean),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(clean, inner, max_size=4)),
    max_leaves=12,
)


@given(documents, st.booleans(), st.sampled_from([None, 1]))
def test_every_clean_document_is_read_as_it_was_written(
    document: Any, ascii_only: bool, indent: int | None
) -> None:
    written = json.dumps(document, ensure_ascii=ascii_only, indent=indent)

    assert loads(written.encode()) == document


@given(st.binary(max_size=60))
def test_no_bytes_do_anything_but_be_read_or_refused(body: bytes) -> None:
    try:
        value = loads(body)
    except (Malformed, UnsafeText):
        return
    assert value == json.loads(body)


@given(st.text(st.sampled_from('{}[]":,\\u0d8001eE+-. ab\n'), max_size=40))
def test_nothing_that_looks_like_json_does_anything_but_be_read_or_refused(text: str) -> None:
    try:
        value = loads(text.encode())
    except (Malformed, UnsafeText):
        return
    assert value == json.loads(text)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
@pytest.mark.parametrize(("depth", "read"), [(DEEPEST, True), (DEEPEST + 1, False)])
def test_depth_is_counted_alike_for_lists_and_objects(opening: str, depth: int, read: bool) -> None:
    closing = "]" if opening == "[" else "}"
    body = (opening * depth + ("1" if opening != "[" else "") + closing * depth).encode()

    if read:
        loads(body)
    else:
        with pytest.raises(Malformed) as raised:
            loads(body)
        assert raised.value.errors[0].code == "too_deep"


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert len(loads(b"[" + b",".join([b"[]"] * 500) + b"]")) == 500


def test_brackets_and_quotes_within_texts_do_not_count() -> None:
    text = '[{"' * 40 + "\\"

    assert loads(json.dumps([text]).encode()) == [text]


@pytest.mark.parametrize("key", ["__proto__", "", "a b", "ключ"])
def test_equal_keys_are_found_however_they_are_written(key: str) -> None:
    plain, escaped = json.dumps(key, ensure_ascii=False), '"' + "".join(f"\\u{ord(c):04x}" for c in key) + '"'

    with pytest.raises(Malformed) as raised:
        loads(f"{{{plain}: 1, {escaped}: 2}}".encode())
    assert raised.value.errors[0].code == "duplicate_key"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("plain", None),
        ("tab\tand\nlines\r", None),
        ("\u202e", None),
        ("\ud800", "lone_surrogate"),
        ("a\0b", "nul"),
        ("\x1b", "control_character"),
        ("\x9f", "control_character"),
    ],
)
def test_text_is_unsafe_for_one_reason(text: str, code: str | None) -> None:
    assert unsafe(text) == code


def test_pointer_repeats_names_of_fields_but_not_what_may_be_data() -> None:
    assert step("/a", "slot_starts_at") == "/a/slot_starts_at"
    assert step("/a", "Anna Beispiel") == "/a/*"
    assert step("", "a" * 65) == "/*"


@given(st.dictionaries(clean, clean, max_size=5))
def test_form_is_read_as_a_browser_writes_it(fields: dict[str, str]) -> None:
    from urllib.parse import urlencode

    assert form_fields(urlencode(fields).encode()) == {**fields}


@given(st.binary(max_size=60))
def test_no_bytes_of_a_form_do_anything_but_be_read_or_refused(body: bytes) -> None:
    try:
        form_fields(body)
    except (Malformed, UnsafeText):
        return
