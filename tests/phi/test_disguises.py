"""The 62 ways to leak, each over 120 identities (benchmarks/leaks.py takes 500), and each in every wrapping."""

from __future__ import annotations

import base64
import codecs
import gzip
import html
import json
import quopri
import random
import unicodedata
import urllib.parse
from dataclasses import replace
from datetime import date

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


TEXT = "Ana Lopez, 900-11-4321, born 1947"
UNWRAP = {
    "accents added": lambda w: "".join(c for c in unicodedata.normalize("NFD", w) if not unicodedata.combining(c)),
    "zero-width": lambda w: w.replace("\u200b", ""),
    "full width": lambda w: unicodedata.normalize("NFKC", w),
    "digits of another script": lambda w: "".join(str(int(c)) if c.isdigit() else c for c in w),
    "letter by letter": lambda w: w[::2],
    "reversed": lambda w: "".join(reversed(w)),
    "rot13": lambda w: codecs.decode(w, "rot13"),
    "acrostic": lambda w: "".join(line[:1] or " " for line in w.split("\n")),
    "three fields": lambda w: "".join(part for key, part in w.items() if key != "decision"),
    "three keys": "".join,
    "key": lambda w: next(iter(w)),
    "JSON escapes": lambda w: json.loads(f'"{w}"'),
    "JSON in JSON": lambda w: json.loads(json.loads(w))["n"],
    "base64": lambda w: base64.b64decode(w).decode(),
    "base64url": lambda w: base64.urlsafe_b64decode(w.removeprefix("trace ") + "==").decode(),
    "hex": lambda w: bytes.fromhex(w).decode(),
    "base32": lambda w: base64.b32decode(w).decode(),
    "percent": urllib.parse.unquote,
    "entities": html.unescape,
    "quoted-printable": lambda w: quopri.decodestring(w.encode()).decode(),
    "gzip and base64": lambda w: gzip.decompress(base64.b64decode(w)).decode(),
    "character codes": lambda w: "".join(map(chr, w["trace"])),
    "base64 of hex": lambda w: bytes.fromhex(base64.b64decode(w).decode()).decode(),
    "a note around": lambda w: w.split("\n")[1],
}


@pytest.mark.parametrize("wrapping", UNWRAP)
def test_a_wrapping_is_read_back_by_the_standard_decoder(wrapping):
    made = WRAPPINGS[wrapping](TEXT)
    assert made != TEXT
    assert UNWRAP[wrapping](made) == TEXT
    assert WRAPPINGS[wrapping](TEXT) == made


def test_every_wrapping_but_that_of_look_alikes_is_read_back():
    assert set(WRAPPINGS) - set(UNWRAP) == {"look-alikes"}
    lookalike = WRAPPINGS["look-alikes"](TEXT)
    assert len(lookalike) == len(TEXT)
    assert not lookalike.isascii()


@pytest.mark.parametrize("disguise", DISGUISES, ids=[disguise.form_id for disguise in DISGUISES])
def test_a_disguise_is_the_same_each_time_and_names_what_it_shows(disguise, people):
    person, _ = people[3]
    known = {identifier.needle_id for identifier in person.identifiers}
    assert disguise.leak(person) == disguise.leak(person)
    assert disguise.shows <= known
    assert disguise.shows
    assert disguise.title[0] != " "


def test_titles_and_values_of_disguises_are_all_different(people):
    person, _ = people[4]
    assert len({disguise.title for disguise in DISGUISES}) == 62
    assert len({json.dumps(disguise.leak(person)) for disguise in DISGUISES}) == 62


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(1947, 3, 9), "March ninth, nineteen forty-seven"),
        (date(1963, 1, 21), "January twenty-first, nineteen sixty-three"),
        (date(1904, 6, 2), "June second, nineteen oh four"),
        (date(1900, 5, 1), "May first, nineteen hundred"),
        (date(2000, 5, 31), "May thirty-first, two thousand"),
        (date(2005, 8, 12), "August twelfth, two thousand five"),
        (date(2011, 10, 30), "October thirtieth, twenty eleven"),
        (date(1990, 7, 20), "July twentieth, nineteen ninety"),
    ],
)
def test_a_date_is_said_as_people_say_it(day, said, people):
    spoken = next(disguise for disguise in DISGUISES if disguise.form_id == "L44")
    person, _ = people[0]
    assert spoken.leak(replace(person, dob=day)) == f"born {said}"


@pytest.mark.parametrize(
    ("ssn", "said"),
    [
        ("900-11-4321", "nine oh oh one one four three two one"),
        ("536-42-7719", "five three six four two seven seven one nine"),
    ],
)
def test_a_number_is_said_digit_by_digit(ssn, said, people):
    spelled = next(disguise for disguise in DISGUISES if disguise.form_id == "L21")
    person, _ = people[0]
    assert spelled.leak(replace(person, ssn=ssn)) == f"ref {said}"


def test_every_pair_comes_once_and_only_unreadable_acrostics_are_left_out():
    made = [(disguise.form_id, wrapping) for disguise, wrapping in pairs()]
    assert len(set(made)) == len(made)
    left_out = {(d.form_id, w) for d in DISGUISES for w in WRAPPINGS} - set(made)
    assert left_out == {("L16", "acrostic"), ("L16", "three fields"), ("L16", "three keys")}


def test_a_person_without_what_is_shown_is_not_reported(people):
    (person, _), (_, others) = people[0], people[1]
    for form_id in ("L17", "L18", "L20", "L34", "L40"):
        disguise = next(disguise for disguise in DISGUISES if disguise.form_id == form_id)
        assert "ssn" not in others.reported(disguise.leak(person)), form_id
