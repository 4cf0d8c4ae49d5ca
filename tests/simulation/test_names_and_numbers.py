from __future__ import annotations

from random import Random

import phonenumbers
import pytest

from simulation import names, numbers


def test_colleagues_have_different_names() -> None:
    people = names.people(100, Random(1))

    assert len(set(people)) == 100
    assert len({name.split()[0] for name in people}) == 100


def test_more_people_than_given_names_are_still_people() -> None:
    assert len(names.people(700, Random(1))) == 700


def test_the_same_dice_give_the_same_names() -> None:
    for invent in (names.person, names.firm, lambda dice: names.people(30, dice)):
        assert invent(Random(7)) == invent(Random(7))


def test_english_speakers_have_english_names() -> None:
    given, family = names.person(Random(3), "en").split(maxsplit=1)

    assert given in names.ENGLISH_GIVEN
    assert family in names.ENGLISH_FAMILY
    assert names.firm(Random(3), "en").split()[-1] in names.ENGLISH_TRADES


def test_no_list_says_a_name_twice() -> None:
    for words in (names.GIVEN, names.FAMILY, names.ENGLISH_GIVEN, names.ENGLISH_FAMILY, names.TRADES, names.GROUPS):
        assert len(set(words)) == len(words)


def test_a_name_becomes_the_local_part_of_an_address() -> None:
    everybody = {names.person(Random(n)) for n in range(300)} | {names.firm(Random(n)) for n in range(300)}

    assert names.mail_name("Jörn El Amrani") == "joern.el-amrani"
    assert names.mail_name("Bäckerei Öztürk & Söhne") == "baeckerei.oeztuerk-und-soehne"
    assert all(set(names.mail_name(name)) <= set("abcdefghijklmnopqrstuvwxyz-.") for name in everybody)


def test_desk_groups_beyond_the_trees_are_numbered() -> None:
    assert len({names.group(index) for index in range(60)}) == 60


@pytest.mark.parametrize("index", [0, 999, 1_000, 2_345, 3_999, 4_999])
def test_film_numbers_are_valid_and_in_the_ranges_kept_for_films(index: int) -> None:
    number = numbers.film(index)

    assert phonenumbers.is_valid_number(phonenumbers.parse(number))
    assert any(number.startswith(f"+49{area}{block}") for area, block in numbers.FILM_RANGES)


def test_no_two_film_numbers_are_the_same_and_they_end() -> None:
    assert len({numbers.film(index) for index in range(numbers.FILM_NUMBERS)}) == 5_000
    for beyond in (-1, 5_000):
        with pytest.raises(IndexError):
            numbers.film(beyond)


@pytest.mark.parametrize("index", [0, 1, 3_524, 999_999, 99_999_999])
def test_composed_numbers_are_valid(index: int) -> None:
    assert phonenumbers.is_valid_number(phonenumbers.parse(numbers.composed(index)))


def test_no_two_composed_numbers_are_the_same_and_they_end() -> None:
    assert len({numbers.composed(index) for index in range(20_000)}) == 20_000
    for beyond in (-1, 100_000_000):
        with pytest.raises(IndexError):
            numbers.composed(beyond)


def test_the_demo_uses_film_numbers_while_they_last() -> None:
    dialled = [numbers.film_while_they_last(index) for index in range(6_000)]

    assert len(set(dialled)) == 6_000
    assert dialled[0] == numbers.film(1_000)
    assert dialled[3_999] == numbers.film(4_999)
    assert dialled[4_000] == numbers.composed(4_000)
