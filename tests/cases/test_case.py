from __future__ import annotations

from dataclasses import replace

import pytest

from evalkit.cases.case import SAFE_HARBOR, Case, Decoys, GoldSet, Spans, dataset_digest
from evalkit.phi.identifiers import Identifier

CASE = Case(
    case_id="demo-1-000000000000",
    family="demo",
    input={"note_text": "Makayla", "units": 1},
    flags={"note_signed": True},
    gold={"lines": [{"code": "00010"}]},
    identifiers=(Identifier("patient.first", "name", "Makayla"),),
    spans=Spans(("note_text",), (0,), (7,), ("patient.first",)),
)


def test_a_case_shows_no_value():
    assert repr(CASE) == "Case(demo-1-000000000000, expects an answer, 1 identifiers, 0 tags)"
    assert repr(CASE.spans) == "Spans(1)"
    assert "Makayla" not in repr(GoldSet("x", (CASE,)))


def test_the_answer_is_read_by_attribute():
    assert CASE.expected.lines[0].code == "00010"


@pytest.mark.parametrize(
    "changes",
    [{"input": {"note_text": "Makayla", "units": 2}}, {"flags": {}}, {"refusal": "X"}, {"tags": ("a",)},
     {"body": b"{}"}, {"identifiers": ()}, {"spans": Spans()}, {"cluster": "c"}, {"actor": "a"}, {"data_class": "phi"}],
)  # fmt: skip
def test_every_part_of_a_case_moves_its_digest(changes):
    assert replace(CASE, **changes).digest != CASE.digest


def test_provenance_and_the_order_of_keys_do_not_move_the_digest():
    assert replace(CASE, provenance={"generator": "x"}).digest == CASE.digest
    assert replace(CASE, input={"units": 1, "note_text": "Makayla"}).digest == CASE.digest


def test_the_order_of_cases_does_not_move_the_digest_of_a_set():
    other = replace(CASE, case_id="demo-1-000000000001")
    assert dataset_digest([CASE, other]) == dataset_digest([other, CASE]) != dataset_digest([CASE])


def test_a_case_without_cluster_is_its_own():
    assert CASE.cluster_id == CASE.case_id
    assert replace(CASE, cluster="patient-1").cluster_id == "patient-1"


def test_a_set_iterates_in_order():
    other = replace(CASE, case_id="demo-1-000000000001")
    gold = GoldSet("x", (CASE, other))
    assert list(gold) == [CASE, other]
    assert gold[1] is other
    assert len(gold) == 2


def labelled() -> Case:
    identifiers = (
        Identifier("patient.name", "name", "Makayla Núñez"),
        Identifier("patient.mrn", "mrn", "MRN12345678"),
        Identifier("mrn.sent", "mrn", "MRN12345678"),
        Identifier("provider.name", "name", "Dr. Villanueva", "provider"),
    )
    spans = Spans(
        ("notes[1].text", "notes[1].text", "notes[1].text", "mrn"), (0, 14, 26, 0), (13, 25, 40, 11),
        ("patient.name", "patient.mrn", "provider.name", "mrn.sent"),
    )  # fmt: skip
    text = "Makayla Núñez MRN12345678 Dr. Villanueva"
    return Case(
        case_id="c", family="f", flags={}, gold={}, identifiers=identifiers, spans=spans,
        input={"notes": [{"text": "first"}, {"text": text}], "mrn": "MRN12345678"},
    )  # fmt: skip


def test_labels_join_spans_with_what_stands_there():
    labels = labelled().labels
    assert labels.category == ("name", "mrn", "name", "mrn")
    assert labels.letter == ("A", "H", "A", "H")
    assert labels.subject == ("patient", "patient", "provider", "patient")
    assert labels.field == ("notes[1].text",) * 3 + ("mrn",)
    assert len(labels) == 4


def test_one_value_has_one_value_id_whatever_it_is_called():
    assert labelled().labels.value_id == (0, 1, 2, 1)


def test_labels_and_decoys_show_no_value():
    assert "Makayla" not in repr(labelled().labels)
    assert repr(Decoys(("f",), (0,), (4,), ("eponym",))) == "Decoys(1)"


@pytest.mark.parametrize(
    ("field", "text"),
    [("mrn", "MRN12345678"), ("notes[0].text", "first"), ("notes[2].text", None), ("notes[x].text", None),
     ("notes[0].date", None), ("notes", None), ("mrn[0].text", None), ("absent", None)],
)  # fmt: skip
def test_the_text_of_a_field_is_found_in_lists_of_notes_too(field, text):
    assert labelled().text_of(field) == text


def test_decoys_move_the_digest_and_their_absence_leaves_old_cases_as_they_were():
    plain = labelled()
    with_decoy = replace(plain, decoys=Decoys(("mrn",), (0,), (3,), ("code",)))
    assert with_decoy.digest != plain.digest
    assert plain.digest == "7b42944047bb8f01bdbaf1e55ef5c6bbeba42d4dcb22555d245fcc48e61c5f2f"


def test_a_card_counts_categories_and_shows_no_value():
    page = labelled()._repr_html_()
    assert "Case c" in page
    assert "synthetic; expects an answer; tags: none" in page
    assert "Makayla" not in page
    assert "MRN12345678" not in page
    assert "expects NO_CHART; tags: a, b" in replace(labelled(), refusal="NO_CHART", tags=("a", "b"))._repr_html_()


def test_a_card_of_a_set_counts_refusals_and_tags():
    cases = [replace(CASE, case_id=f"c-{number}", tags=("x",) * (number > 0)) for number in range(3)]
    gold = GoldSet("x", (*cases, replace(CASE, case_id="c-3", refusal="NO_CHART")))
    page = gold._repr_html_()
    assert "x: 4 cases" in page
    assert f"1 must be refused; digest {gold.digest[:12]}" in page
    assert repr(gold) == "GoldSet(x, 4 cases)"


def test_a_case_that_must_be_refused_says_with_which_code():
    assert "expects NO_CHART" in repr(replace(CASE, refusal="NO_CHART"))


def test_a_span_of_no_identifier_has_no_label():
    with pytest.raises(KeyError, match=r"patient\.first"):
        replace(CASE, identifiers=()).labels  # noqa: B018


def test_safe_harbor_has_a_letter_from_a_to_r_for_each_category():
    assert "".join(sorted(SAFE_HARBOR.values())) == "ABCDEFGHIJKLMNOPQR"
    assert {SAFE_HARBOR[name] for name in ("name", "geo", "date")} == {"A", "B", "C"}
    assert (SAFE_HARBOR["ssn"], SAFE_HARBOR["mrn"], SAFE_HARBOR["other"]) == ("G", "H", "R")


def test_a_set_with_a_case_twice_is_another_set():
    assert dataset_digest([CASE, CASE]) != dataset_digest([CASE])
    assert GoldSet("one name", (CASE,)).digest == GoldSet("another", (CASE,)).digest
