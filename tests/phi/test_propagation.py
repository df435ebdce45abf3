from __future__ import annotations

import pytest

from evalkit.phi.identifiers import Identifier
from evalkit.phi.propagation import Aligned, Known

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
