"""The head as one strict model: what it takes, and its mistakes as lines a person can act on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from pydantic import ValidationError

from evalkit.errors import SpecError
from evalkit.spec.frontmatter import parse_head, split_document
from evalkit.spec.header import Header, read_header, suggest

Edit = Callable[..., str]


def read(document: str) -> Header:
    head, _, _ = split_document(document, path="a.md")
    return read_header(parse_head(head, path="a.md"), path="a.md")


def refused(document: str) -> SpecError:
    with pytest.raises(SpecError) as caught:
        read(document)
    return caught.value


def test_a_head_is_typed(text: str) -> None:
    header = read(text)
    assert (header.id, header.version, header.effective) == ("wound_care", "1.2.0", date(2026, 7, 1))
    assert header.minimum_necessary.forbid == ("patient_name", "ssn", "employer")
    assert header.models.allow == ("rules/offline",)


def test_what_is_left_out_has_its_default(change: Edit) -> None:
    header = read(change("supersedes: 1.1.0\n", "", ", band: 0.05", ""))
    assert (header.supersedes, header.code_table, header.review.band) == (None, None, 0.05)
    assert (header.input["photos"].required, header.input["photos"].use) == (False, "send")


def test_a_head_cannot_be_changed(text: str) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        read(text).version = "9.9.9"  # type: ignore[misc]


@pytest.mark.parametrize("version", ["0.0.0", "1.10.0", "999999.0.1"])
def test_a_version_is_three_numbers(change: Edit, version: str) -> None:
    assert read(change("version: 1.2.0", f"version: {version}")).version == version


@pytest.mark.parametrize("version", ["1.2", "1.2.3.4", "01.2.3", "1.2.3-rc1", "v1.2.3", "1000000.0.0", "1.2.x"])
def test_anything_else_is_no_version(change: Edit, version: str) -> None:
    error = refused(change("version: 1.2.0", f"version: '{version}'"))
    assert (error.what, error.next_step) == ("version has the wrong form", "write three numbers: 1.0.0")
    assert error.where == "a.md:4"


@pytest.mark.parametrize(
    ("old", "new", "what", "step"),
    [
        ("owner: wound-care@example.org\n", "", "owner is missing", "add 'owner:' here"),
        ("title:", "titel:", "titel is not a key of a spec", "did you mean title?"),
        ("title:", "zzzzzz:", "zzzzzz is not a key of a spec", "known: spec, id, version"),
        ("threshold: 0.8", "treshold: 0.8", "review.treshold is not a key", "did you mean threshold?"),
        ("code: MRN_INVALID,", "cod: MRN_INVALID,", "refuse[1].cod is not a key", "did you mean code?"),
        ("id: wound_care", "id: 'wound-care'", "id has the wrong form", "lower-case letters"),
        ("  note_text:  ", "  NoteText:  ", "input.NoteText is not a field name", "first a letter"),
        ("TREAT", "treat", "purpose_of_use has the wrong form", "HL7 PurposeOfUse"),
        ("code: MRN_INVALID", "code: mrn", "refuse[1].code has the wrong form", "CONSENT_MISSING"),
        ("threshold: 0.8", "threshold: 1.5", "review.threshold is out of range", "a number of at most 1"),
        ("threshold: 0.8", "threshold: -1", "review.threshold is out of range", "a number of at least 0"),
        ("max_drop: 0.02", "max_drop: 0", "gates[1].max_drop is out of range", "a number above 0"),
        ("max_drop: 0.02", "max_drop: 1", "gates[1].max_drop is out of range", "a number below 1"),
        ("max_chars: 5000", "max_chars: many", "input.note_text.max_chars is not a whole number", "a whole number"),
        ("status: candidate", "status: live", "status is not one of the known words", "'production' or 'retired'"),
        ("effective: 2026-07-01", "effective: soon", "effective is not a date", "a date like 2026-07-01"),
        ("owner: wound-care@example.org", "owner: 7", "owner is read as a number", "put the value in quotes"),
        ("owner: wound-care@example.org", "owner: true", "owner is read as a boolean", "put the value in quotes"),
        ("owner: wound-care@example.org", "owner: null", "owner is read as null", "write some text"),
        ("owner: wound-care@example.org", "owner: ''", "owner is empty", "at least one entry"),
        ("phi: [mrn]", "phi: mrn", "input.patient_mrn.phi is not a list", "write a list"),
        ("owner: wound-care@example.org", "owner: [a]", "owner is not text", "write text"),
        ("{type: integer}", "7", "input.photos is not 'key: value' lines", "write 'key: value' lines"),
    ],
)
def test_a_mistake_is_told_in_words_of_the_format(change: Edit, old: str, new: str, what: str, step: str) -> None:
    error = refused(change(old, new))
    assert what in error.what
    assert step in (error.next_step or "")


def test_a_text_that_is_too_long_is_told_its_limit(change: Edit) -> None:
    error = refused(change("owner: wound-care@example.org", f"owner: {'x' * 401}"))
    assert (error.what, error.next_step) == ("owner is too long", "keep it under 400 characters")


def test_a_mistake_stands_at_its_line(change: Edit, text: str) -> None:
    error = refused(change("threshold: 0.8", "threshold: 80"))
    line = next(number for number, row in enumerate(text.split("\n"), 1) if row.startswith("review:"))
    assert error.where == f"a.md:{line}"


def test_a_list_of_names_without_reasons_is_told_what_it_lacks(text: str) -> None:
    start, end = text.index("  allow:\n"), text.index("  forbid:")
    error = refused(f"{text[:start]}  allow: [note_text]\n{text[end:]}")
    assert error.what == "minimum_necessary.allow is a list of names without reasons"
    assert "45 CFR 164.502(b)" in (error.next_step or "")


def test_a_misspelt_key_is_told_before_the_one_it_leaves_missing(change: Edit) -> None:
    error = refused(change("owner:", "ownr:"))
    assert error.what == "ownr is not a key of a spec (and 1 more)"


def test_the_earliest_mistake_is_told_with_a_count_of_the_others(change: Edit) -> None:
    error = refused(change("status: candidate", "status: live", "threshold: 0.8", "threshold: 80", "TREAT", "treat"))
    assert error.what == "status is not one of the known words (and 2 more)"


@pytest.mark.parametrize("secret", ["Xylophone-4711", "412-55-0000"])
def test_a_wrong_value_is_never_repeated(change: Edit, secret: str) -> None:
    error = refused(change("status: candidate", f"status: '{secret}'", "threshold: 0.8", f"threshold: '{secret}'"))
    assert secret not in str(error)
    assert error.__cause__ is None


@pytest.mark.parametrize(
    ("word", "known", "near"),
    [
        ("titel", ["title", "owner"], "title"),
        ("DRESSINGS", ["Dressings", "Order"], "Dressings"),
        ("zebra", ["title", "owner"], None),
        ("title", [], None),
        ("", ["title"], None),
    ],
)
def test_the_nearest_known_word_is_suggested(word: str, known: list[str], near: str | None) -> None:
    assert suggest(word, known) == near


def test_a_suggestion_is_spelt_as_it_is_known() -> None:
    assert suggest("change LOG", iter(["Purpose", "Change log"])) == "Change log"
