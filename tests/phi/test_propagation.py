from __future__ import annotations

from itertools import pairwise

import pytest

from evalkit.phi.identifiers import Identifier
from evalkit.phi.propagation import Aligned, Known, Place

KNOWN = Known(
    (
        Identifier("patient.name", "name", "Makayla O'Halloran"),
        Identifier("patient.ssn", "ssn", "900-11-4321"),
        Identifier("patient.phone", "phone", "212-555-0142"),
        Identifier("patient.email", "email", "m.o@example.org"),
        Identifier("patient.zip", "geo", "02169"),
        Identifier("patient.weak", "name", "May"),
    )
)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("Makayla O'Halloran left", [("Makayla O'Halloran", "whole")]),
        ("O'HALLORAN, MAKAYLA J", [("O'HALLORAN, MAKAYLA J", "turned")]),
        ("Ms. OHalloran's knee", [("OHalloran", "last")]),
        ("M\u200bakay\u200bla", [("M\u200bakay\u200bla", "first")]),
        ("id 900.11/4321.", [("900.11/4321", "whole")]),
        ("***-**-4321", [("4321", "last_four")]),
        ("(212) 555 0142", [("(212) 555 0142", "whole")]),
        ("m [dot] o [at] example [dot] org", [("m [dot] o [at] example [dot] org", "whole")]),
        ("zip 02169-0001", [("02169-0001", "zip")]),
        ("told May; it may be; in May 2024", [("May", "whole")]),
        ("4321 points, $02169, 900-11-43219", []),
    ],
)
def test_a_value_is_placed_exactly_where_a_reader_sees_it(text, places):
    found = KNOWN.places(Aligned(text))
    assert [(text[place.start : place.end], place.part) for place in found] == places


def test_known_values_show_counts_only():
    assert repr(KNOWN) == "Known(6 identifiers)"


def _parts(category, value, text):
    known = Known((Identifier("n", category, value),))
    return [(text[place.start : place.end], place.part) for place in known.places(Aligned(text))]


@pytest.mark.parametrize(
    ("category", "value", "text", "places"),
    [
        ("ssn", "900-11-4321", "SSN ending in 4321", [("4321", "last_four")]),
        ("ssn", "900-11-4321", "last four digits of SSN are 4321", [("4321", "last_four")]),
        ("ssn", "900-11-4321", "xx4321", [("4321", "last_four")]),
        ("ssn", "900-11-4321", "x4321 points", []),
        ("ssn", "900-11-4321", "***-**-43210", []),
        ("ssn", "900-11-4321", "9 0 0 1 1 4 3 2 1", [("9 0 0 1 1 4 3 2 1", "whole")]),
        ("ssn", "900-11-4321", "19001143210", []),
        ("phone", "212-555-0142", "+1 (212) 555-0142", [("+1 (212) 555-0142", "whole")]),
        ("phone", "+1 212-555-0142", "call 555-0142", [("555-0142", "whole")]),
        ("phone", "212-555-0142", "0555-01421", []),
        ("mrn", "4711", "chart 4711", [("4711", "whole")]),
        ("mrn", "4711", "47112 and a4711", []),
        ("mrn", "MRN12345679", "acc LUM12345679A", [("12345679", "digits")]),
        ("mrn", "MRN12345679", "mrn-1234-5679", [("mrn-1234-5679", "whole")]),
        ("geo", "02169", "02169", [("02169", "zip")]),
        ("geo", "02169-0001", "in 02169", [("02169", "zip")]),
        ("geo", "02169", "102169 or 02169.5 or 1,02169", []),
        ("geo", "4127 Ocasio Hollow", "4127 OCASIO HLLW.", [("4127 OCASIO HLLW.", "whole")]),
        ("geo", "4127 Ocasio Hollow", "4128 Ocasio Hollow", []),
        ("geo", "Quincy", "Quincy and quincy", [("Quincy", "whole")]),
        ("name", "Dr. Villanueva", "dr villanueva", [("villanueva", "whole")]),
        ("name", "Makayla Villanueva", "Makayla Q. Villanueva", [("Makayla Q. Villanueva", "whole")]),
        ("name", "Makayla Villanueva", "Makayla, then Villanueva", [("Makayla", "first"), ("Villanueva", "last")]),
        ("name", "Makayla Villanueva", "/u/mvillanueva47", [("mvillanueva47", "handle")]),
        ("name", "Makayla Villanueva", "Villanuevas and xMakayla", []),
        ("url", "https://b.example.org/x/", "see b.example.org/x", [("b.example.org/x", "whole")]),
        ("other", "A-7", "badge a7", [("a7", "whole")]),
        ("date", "1947-03-09", "born 1947-03-09", []),
    ],
)
def test_each_category_is_placed_with_its_part(category, value, text, places):
    assert _parts(category, value, text) == places


def test_of_places_that_overlap_the_longer_is_kept_and_order_is_that_of_the_text():
    text = "Makayla O'Halloran, 212-555-0142, zip 02169, Makayla"
    places = KNOWN.places(Aligned(text))
    assert [place.start for place in places] == sorted(place.start for place in places)
    assert [place.number for place in places] == [0, 2, 4, 0]
    assert all(one.end <= two.start for one, two in pairwise(places))


def test_the_order_of_identifiers_changes_no_place():
    text = "Ms. O'Halloran, Makayla, ssn 900-11-4321, m.o@example.org"
    turned = Known(KNOWN.identifiers[::-1])
    one, two = (
        [(place.start, place.end, place.part) for place in known.places(Aligned(text))] for known in (KNOWN, turned)
    )
    assert one == two


def test_empty_values_are_not_sought():
    known = Known((Identifier("a", "name", " "), Identifier("b", "ssn", ""), Identifier("c", "name", "Dr.")))
    assert repr(known) == "Known(1 identifiers)"
    assert known.places(Aligned("Dr. and nobody, a b")) == []


@pytest.mark.parametrize(
    ("raw", "folded", "stretch", "original"),
    [
        ("plain", "plain", (1, 3), (1, 3)),
        ("Straße 7", "strasse 7", (4, 6), (4, 5)),
        ("Straße 7", "strasse 7", (8, 9), (7, 8)),
        ("V\u200ban", "van", (1, 2), (2, 3)),
        ("V\u200ban", "van", (0, 3), (0, 4)),
        ("ﬁx", "fix", (0, 2), (0, 1)),
    ],
)
def test_a_stretch_of_the_folded_text_leads_back_to_the_original(raw, folded, stretch, original):
    text = Aligned(raw)
    assert text.folded == folded
    assert text.original(*stretch) == original


def test_an_empty_stretch_stays_where_it_is():
    assert Aligned("Straße").original(3, 3) == (3, 3)
    assert Aligned("").folded == ""


def test_a_place_holds_no_value():
    (place,) = Known((Identifier("n", "ssn", "900-11-4321"),)).places(Aligned("900114321"))
    assert place == Place(0, 9, 0, "whole")
    assert "4321" not in repr(place)
