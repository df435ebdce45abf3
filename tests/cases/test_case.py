from __future__ import annotations

from dataclasses import replace

import pytest

from evalkit.cases.case import Case, GoldSet, Spans, dataset_digest
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
