"""The checker's own reader: every wording of every bank is read as what it states, and fillers as nothing."""

from __future__ import annotations

import pytest

from evalkit.tasks.prior_authorization.phrases import BANKS, INJECTIONS, Key
from evalkit.tasks.prior_authorization.rereading import Told, reread
from evalkit.tasks.prior_authorization.templates import FILLERS, SPANISH


@pytest.mark.parametrize("key", sorted(BANKS), ids="-".join)
def test_every_wording_is_read_as_what_it_states(key: Key) -> None:
    bank = BANKS[key]
    for phrases, dur, region in (
        ((*bank.usual, *bank.rare), "5 weeks and 6 days", "right knee"),
        (bank.spanish, "seis semanas", "la rodilla derecha"),
    ):
        for phrase in phrases:
            text = phrase.format(dur=dur, region=region, pct=88)
            (told,) = reread(text[0].upper() + text[1:])
            assert (told.name, told.polarity) == key, phrase
            if told.name in {"therapy", "unsupervised_care"} and told.polarity == "affirmed":
                assert told.value == (42 if dur == "seis semanas" else 41), phrase
            if "{region}" in phrase:
                assert (told.region, told.side) == ("knee", "right"), phrase
            if told.name == "oxygen":
                assert told.value == 88, phrase


def test_what_decides_nothing_is_read_as_nothing() -> None:
    for text in (*INJECTIONS, *SPANISH, *(line for bank in FILLERS.values() for line in bank)):
        assert list(reread(text)) == [], text


def test_headings_and_copied_lines_tell_nothing() -> None:
    assert list(reread("PHYSICAL THERAPY EVALUATION\nX-ray department\nCopied from 01/02/2024: A foot drop.")) == []
    assert list(reread("[carried forward, entry of 01/02/2024] There is a foot drop.")) == []


def test_several_sentences_of_a_line_are_told_apart() -> None:
    told = list(reread("- Known malignancy of the lung. Denies foot drop.\n* X-ray of the left hip ordered."))
    assert told == [
        Told("cancer", "affirmed"), Told("weakness", "negated"), Told("xray", "hypothetical", None, "hip", "left")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Completed six weeks of physical therapy for the low back.", Told("therapy", "affirmed", 42, "lumbar")),
        ("Completed 41 days of physical therapy for the left knee.", Told("therapy", "affirmed", 41, "knee", "left")),
        ("Physical therapy for the neck.", Told("therapy", "affirmed", None, "neck")),
        ("Has not tried physical therapy for the hip.", Told("therapy", "negated", None, "hip")),
        ("Referred to physical therapy for the hip.", Told("therapy", "hypothetical", None, "hip")),
        ("Declined the ordered x-ray of the right wrist.", Told("xray", "negated", None, "wrist", "right")),
        ("Yoga for 3 weeks eased the shoulder.", Told("unsupervised_care", "affirmed", 21, "shoulder")),
        ("Mother had cancer.", Told("cancer", "family")),
        ("Denies cancer.", Told("cancer", "negated")),
        ("Denies cancer in the family.", Told("cancer", "family")),
        ("SpO2 88 % on room air.", Told("oxygen", "affirmed", 88)),
        ("Oxygen saturation was 91 percent.", Told("oxygen", "affirmed", 91)),
        ("NSAIDs must be avoided.", Told("nsaid_barred", "affirmed")),
        ("Never took ibuprofen.", Told("nsaid", "negated")),
        ("Mother takes ibuprofen.", Told("nsaid", "affirmed")),
    ],
)
def test_a_sentence_tells_what_it_names_and_how(text: str, told: Told) -> None:
    assert list(reread(text)) == [told]


@pytest.mark.parametrize("text", ["Known malignancy", "A foot drop was", "", "Well.", "copied from 2024: A foot drop."])
def test_what_ends_in_no_full_stop_or_names_nothing_is_not_told(text: str) -> None:
    assert list(reread(text)) == []
