"""Lines of an address block, and military mail."""

from __future__ import annotations

import pytest

from evalkit.phi.addresses import military, rest_of_block
from evalkit.phi.detection import detect


def shown(text: str) -> list[str]:
    """What the detector covers, by line."""
    return [text[one.start : one.end] for one in detect(text) if one.category == "geo"]


def rest(text: str, first: str) -> list[str]:
    """The lines that follow a first line."""
    return [text[start:end] for start, end in rest_of_block(text, text.index(first) + len(first))]


@pytest.mark.parametrize(("text", "lines"), [
    ("12 Larkspur Road\nTullyholt\nNorway 66455\n\nDear Ms. Orr,", ["Tullyholt", "Norway 66455"]),
    ("12 Larkspur Road\nTorres de Albar\n\nKiribati 01156", ["Torres de Albar", "Kiribati 01156"]),
    ("12 Larkspur Road\n>Tullyholt\n>Poland 35403", ["Tullyholt", "Poland 35403"]),
    ("12 Larkspur Road,\nTullyholt, OR 97001-0102", ["Tullyholt, OR 97001-0102"]),
    ("12 Larkspur Road\n04821\nTullyholt", ["04821", "Tullyholt"]),
    ("12 Larkspur Road\nZullo\nQuern\nBrint\nVaskel\nOmmar", ["Zullo", "Quern", "Brint", "Vaskel"]),
])  # fmt: skip
def test_the_lines_after_the_first_of_a_block_are_of_it(text: str, lines: list[str]) -> None:
    assert rest(text, "12 Larkspur Road") == lines


@pytest.mark.parametrize("text", [
    "12 Larkspur Road. She feels well.\nTullyholt", "12 Larkspur Road\nPhone: 555 0142", "12 Larkspur Road\nThe knee is swollen today",
    "12 Larkspur Road\nplan: rest", "12 Larkspur Road\n\n\nTullyholt", "12 Larkspur Road", "12 Larkspur Road\n",
    "12 Larkspur Road\nBP 132/84", "12 Larkspur Road\nAllergies\nPenicillin", "12 Larkspur Road\nSuite 4\nTullyholt",
])  # fmt: skip
def test_text_that_runs_on_is_none_of_it(text: str) -> None:
    assert rest(text, "12 Larkspur Road") == []


@pytest.mark.parametrize("text", [
    "PSC 0729, Box 5797\nAPO AP 96854", "USS Lorenzen\nFPO AE 25990", "Unit 2050 Box 4190, DPO AA 34000", "APO AE 09012",
    "uscgc aslakhanov\nfpo ae 44941",
])  # fmt: skip
def test_military_mail_is_an_address(text: str) -> None:
    assert [text[start:end] for start, end in military(text)] == [text]
    assert [one.rule for one in detect(f"Send it to {text} please") if one.rule == "military"] == ["military"]


@pytest.mark.parametrize(
    "text", ["apo A 1.2 g/l", "NPO after midnight", "APO E4 carrier", "PSC confirmed by MRCP", "Unit 4"]
)
def test_what_only_looks_like_it_is_not(text: str) -> None:
    assert list(military(text)) == []


def test_a_block_is_found_with_its_unit_and_its_country_by_the_detector() -> None:
    text = "4127 Larkspur Hollow Road\nApt. 9\nTullyholt\nNorway 66455\nGlasgow 15, pain 3/10."
    assert shown(text) == ["4127 Larkspur Hollow Road", "Apt. 9", "Tullyholt", "Norway 66455"]
