"""One of the commonest names counts where it can only be the patient's; somebody else of the name stays silent."""

from __future__ import annotations

import base64

import pytest

from evalkit.phi.identifiers import Identifier
from evalkit.phi.leaks import Needles, find_leaks
from evalkit.phi.ordinary import COMMONEST, ORDINARY, canary_grade, proves_alone

KNOWN = Needles((
    Identifier("patient.name", "name", "Nicholas Gutierrez"),
    Identifier("patient.first", "name", "Nicholas"),
    Identifier("patient.last", "name", "Gutierrez"),
))  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "Nicholas has failed six weeks of therapy.",
        "Patient Nicholas was seen",
        "Spouse of Gutierrez present",
        "Mr. Gutierrez tolerates it",
        "NICHOLAS WAS SEEN",
        "N. Gutierrez came",
        "Gutierrez, Nicholas Q",
        "nicholas gutierrez",
        "caseNicholasLumbar",
        "/uploads/gutierrez_1947.pdf",
        "see /u/ngutierrez47",
        "Name: G u t i e r r e z",
        "patient n1ch0las came",
        "sah salohciN sketch",
        base64.b64encode(b"Nicholas was seen").decode(),
        {"first": "nicholas"},
        {"g": "Nicholas", "s": "Gutierrez"},
    ],
)
def test_a_common_name_is_found_where_it_stands_as_a_name(text):
    assert KNOWN.reported(text)


@pytest.mark.parametrize(
    "text",
    [
        "Nicholas Hill is a pleasant man. Nicholas reports pain.",
        "Wayne Gutierrez was seen. Mr. Gutierrez tolerates it.",
        "seen by Dr. Nicholas, and Nicholas agrees",
        "doctor Gutierrez is on call",
        "[doctor] hi , nicholas . how are you ?",
        "the gutierrez classification",
    ],
)
def test_somebody_else_of_the_same_name_stays_silent(text):
    assert KNOWN.reported(text) == frozenset()


def test_a_text_that_names_another_does_not_hide_the_whole_name():
    shown = KNOWN.reported("Wayne Gutierrez is the brother of Nicholas Gutierrez.")
    assert "patient.name" in shown


def test_a_name_that_lost_its_accents_letters_and_all_is_found():
    known = Needles((Identifier("n", "name", "Diane Żółkowski"),))
    assert known.reported("Zolkowski came") == {"n"}
    assert known.reported("Zokowski came") == {"n"}


def test_the_commonest_names_are_folded_tokens_that_would_prove_something_alone_if_they_were_rarer():
    assert len(COMMONEST) > 500
    assert COMMONEST.isdisjoint(ORDINARY)
    assert all(canary_grade(name) and not proves_alone(name) for name in COMMONEST)
    assert proves_alone("Villanueva")
    assert not proves_alone("May")


@pytest.mark.parametrize("before", ["A", "Ana", ["Ana", "Berta"], {"doctor": "Ana Alvarado"}])
def test_what_another_field_names_excuses_nothing(before: object) -> None:
    known = Identifier("patient.last", "name", "Alvarado")
    (leak,) = find_leaks((known,), {"a": [before, {"deep": "see Alvarado."}]}, place="output")
    assert leak.place == "output.a[1].deep"
