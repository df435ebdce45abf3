"""Errors planted into right notes are found, each as what it is, and a right note shows none."""

from __future__ import annotations

from typing import Any

import pytest

from evalkit.agents.agent import Reply
from evalkit.cases.case import Case
from evalkit.cases.randomness import stream
from evalkit.executions.execution import Execution
from evalkit.metrics.scoring import Ratio
from evalkit.tasks.note_summary import factmetrics
from evalkit.tasks.note_summary.factmetrics import FACT_METRICS, facts_of
from evalkit.tasks.note_summary.planting import KINDS, plant, shows
from evalkit.tasks.note_summary.scenarios import make_case
from evalkit.tasks.note_summary.visits import make_visit
from evalkit.tasks.note_summary.writeups import write_note


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [case for case in (make_case(3, index) for index in range(150)) if case.refusal is None]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_of_every_kind_is_found_and_right_notes_show_none(kind: str, cases: list[Case]) -> None:
    planted = 0
    for place, case in enumerate(cases):
        note = write_note(make_visit(3, int(case.case_id[-12:])), stream(3, "other.words").at(place))
        assert not shows(kind, note, facts_of(case)), case.case_id
        damaged = plant(kind, note, stream(3, kind).at(place))
        if damaged is not None:
            planted += 1
            assert damaged != note
            assert shows(kind, damaged, facts_of(case)), case.case_id
    assert planted >= (8 if kind == "stopped_goes_on" else 60)


def wrote(note: str, **more: Any) -> Execution:
    return Execution("v1", 0, Reply("ok", {"note": note, **more}))


def scores(case: Case, execution: Execution) -> dict[str, float]:
    found = {name: metric(case, execution) for name, metric in FACT_METRICS.items()}
    return {name: round(float(value), 3) for name, value in found.items() if isinstance(value, Ratio)}


def test_the_reference_note_is_perfect_by_every_metric_of_facts(cases: list[Case]) -> None:
    case = cases[0]
    evidence = [span for fact in case.gold["facts"] for span in fact["evidence"]]
    found = scores(case, wrote(case.gold["note"], evidence=evidence))
    best = dict.fromkeys(FACT_METRICS, 1.0) | dict.fromkeys(factmetrics.LOWER_IS_BETTER, 0.0)
    assert found == {name: best[name] for name in found}
    assert set(found) >= set(best) - {"side_flips"}


@pytest.mark.parametrize(
    ("kind", "metric"),
    [
        ("wrong_dose", "contradicted_facts"), ("wrong_dose", "dose_exact"), ("wrong_side", "side_flips"),
        ("flipped_negation", "negation_flips"), ("invented_problem", "unsupported_facts"),
        ("dropped_problem", "fact_recall"), ("dropped_allergy", "major_fact_recall"),
    ],
)  # fmt: skip
def test_each_error_moves_the_metric_that_is_about_it(kind: str, metric: str, cases: list[Case]) -> None:
    damaged = [(case, plant(kind, case.gold["note"], stream(3, kind).at(place))) for place, case in enumerate(cases)]
    case, note = next((case, note) for case, note in damaged if note is not None)
    before, after = scores(case, wrote(case.gold["note"])), scores(case, wrote(note))
    worse = after[metric] > before[metric] if metric in factmetrics.LOWER_IS_BETTER else after[metric] < before[metric]
    assert worse


def test_a_fact_under_the_wrong_heading_is_misplaced(cases: list[Case]) -> None:
    case = cases[0]
    note = "RESULTS\n" + " ".join(line for line in case.gold["note"].splitlines() if not line.isupper())
    assert scores(case, wrote(note))["section_placement"] < 0.3


def test_citing_everything_is_not_precise_and_citing_nothing_recalls_nothing(cases: list[Case]) -> None:
    case = cases[0]
    words = [{"field": "dialogue", "start": at, "end": at + 1} for at in range(0, len(case.input["dialogue"]), 5)]
    found = scores(case, wrote(case.gold["note"], evidence=words))
    assert found["citation_recall"] == 1.0
    assert found["citation_precision"] < 0.9
    assert scores(case, wrote(case.gold["note"]))["citation_recall"] == 0.0


def test_a_case_without_facts_is_judged_by_its_clinicians_note() -> None:
    case = Case("v1", "note_summary", {"dialogue": "[doctor] start lisinopril 20 milligrams\n[patient] any gout ?"}, {},
                {"note": "Start lisinopril 20 mg."})  # fmt: skip
    assert scores(case, wrote("Start lisinopril 20 mg. Has gout."))["unsupported_facts"] == 0.0
    assert scores(case, wrote("Start lisinopril 40 mg. Has anemia.")) == {
        "fact_recall": 0.0, "contradicted_facts": 0.5, "unsupported_facts": 0.5, "dose_exact": 0.0, "negation_flips": 0.0,
    }  # fmt: skip


def test_a_refusal_where_a_note_is_due_recalls_nothing_and_a_due_refusal_is_left_out(cases: list[Case]) -> None:
    nothing = Execution("v1", 0, Reply("refused"))
    assert scores(cases[0], nothing)["fact_recall"] == 0.0
    refused = Case("v1", "note_summary", {"dialogue": ""}, {}, {}, refusal="NO_DIALOGUE")
    assert scores(refused, wrote("Has gout.")) == {}
