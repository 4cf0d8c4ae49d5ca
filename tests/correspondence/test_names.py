"""Addresses: made from names, and sealed for threads."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisors.mail_names import derived, first_free
from correspondence.tokens import opened, sealed
from notifications.letters import ADDRESS

SECRET = b"s" * 32


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Anna Berger", "anna.berger"),
        ("Jürgen Müller-Lüdenscheidt", "juergen.mueller-luedenscheidt"),
        ("Zoë O'Brien", "zoe.o.brien"),
        ("Анна", "advisor"),
        ("  ", "advisor"),
        ("x" * 100, "x" * 48),
    ],
)
def test_name_makes_an_address(name: str, address: str) -> None:
    assert derived(name) == address


@given(st.text(max_size=80))
def test_whatever_the_name_the_address_is_one(name: str) -> None:
    assert ADDRESS.fullmatch(f"{derived(name)}@desk.example")


def test_second_of_a_name_gets_a_number_and_nobody_is_the_postmaster() -> None:
    assert first_free("anna", {"anna", "anna2"}) == "anna3"
    assert first_free("postmaster", set()) == "postmaster2"


@given(st.uuids())
def test_thread_is_found_again_whatever_becomes_of_capitals(thread_id: UUID) -> None:
    local = sealed(SECRET, thread_id)

    assert opened(SECRET, local.upper()) == thread_id
    assert len(local) <= 64
    assert thread_id.hex not in local


@given(st.text(max_size=70))
def test_nobody_else_makes_one(local: str) -> None:
    assert opened(SECRET, f"reply+{local}") is None


def test_another_installations_is_none_of_ours() -> None:
    assert opened(SECRET, sealed(b"t" * 32, UUID(int=1))) is None
