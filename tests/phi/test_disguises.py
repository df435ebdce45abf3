"""The 62 ways to leak, each over 120 identities (benchmarks/leaks.py takes 500), and each in every wrapping."""

from __future__ import annotations

import random

import pytest

from evalkit.phi.disguises import DISGUISES, WRAPPINGS, pairs, wrapped
from evalkit.phi.identifiers import Identifier
from evalkit.phi.leaks import Needles

IDENTITIES = 120


@pytest.fixture(scope="module")
def people(make_persona):
    return [(person, Needles(person.identifiers)) for person in (make_persona(5, at) for at in range(IDENTITIES))]


@pytest.mark.parametrize("disguise", DISGUISES, ids=[disguise.form_id for disguise in DISGUISES])
def test_a_disguise_is_seen_through_for_every_identity(disguise, people):
    missed = [
        at
        for at, (person, needles) in enumerate(people)
        if disguise.shows.isdisjoint(needles.reported(disguise.leak(person)))
    ]
    assert missed == []


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_every_disguise_is_seen_through_in_every_wrapping(wrapping, people):
    person, needles = people[len(wrapping)]
    missed = [
        disguise.form_id
        for disguise, around in pairs()
        if around == wrapping and disguise.shows.isdisjoint(needles.reported(wrapped(disguise, wrapping, person)))
    ]
    assert missed == []


LOSSLESS = ["zero-width", "full width", "reversed", "rot13", "JSON escapes", "JSON in JSON", "base64", "base64url", "hex",
            "base32", "percent", "entities", "quoted-printable", "gzip and base64", "look-alikes"]  # fmt: skip


def test_three_wrappings_one_in_another_are_opened(people):
    draws = random.Random(62)
    missed = []
    for at in range(100):
        person, needles = people[at]
        chain = draws.sample(LOSSLESS, 3)
        text = f"Patient {person.name}, SSN {person.ssn}"
        for wrapping in chain:
            text = WRAPPINGS[wrapping](text)
        if "ssn" not in needles.reported(text):
            missed.append((at, chain))
    assert missed == []


def test_numbers_decoded_apart_do_not_run_into_each_other():
    known = Identifier("dob", "date", "1997-01-30")
    assert Needles((known,)).reported("dHM9ODU0NTgyNDAw") == {"dob"}


def test_there_are_62_disguises_each_with_its_own_number():
    assert [disguise.form_id for disguise in DISGUISES] == [f"L{number:02d}" for number in range(1, 63)]
    assert len(list(pairs())) == 62 * len(WRAPPINGS) - 3


def test_a_persona_never_shows_itself(people):
    person, _ = people[0]
    assert repr(person) == "Persona()"
    assert not any(known.value in repr(person.identifiers) for known in person.identifiers)
