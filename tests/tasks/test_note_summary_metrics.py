from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from evalkit.agents.agent import Refusal, Reply
from evalkit.cases.case import Case, GoldSet
from evalkit.cases.corpora import read_aci_bench
from evalkit.executions.execution import Execution
from evalkit.executions.recorded import read_aci_bench_runs
from evalkit.metrics.scoring import Ratio, Value, score
from evalkit.tasks.note_summary import metrics
from evalkit.tasks.note_summary.metrics import LOWER_IS_BETTER, METRICS, count_facts

TALK = "[doctor] your knee is swollen , continue naproxen five hundred milligrams\n[patient] no fever"
NOTE = "Knee swollen, denies fever. Naproxen 500 mg."


def case(talk: str = TALK, note: str = NOTE, refusal: str | None = None, **more: Any) -> Case:
    gold = {"note": note} if refusal is None else {}
    return Case("v1", "note_summary", {"dialogue": talk, **more}, {}, gold, refusal=refusal)


def wrote(note: Any) -> Execution:
    return Execution("v1", 0, Reply("ok", {"note": note}))


REFUSED = Execution("v1", 0, Reply("refused", refusal=Refusal("CONSENT_MISSING")))


def test_facts_are_mentions_and_quantities() -> None:
    assert count_facts("Knee swollen. Naproxen 500 mg.", NOTE) == (4, 4, 6)


def test_the_reference_itself_is_perfect() -> None:
    assert float(metrics.fact_f1(case(), wrote(NOTE)) or 0) == 1.0
    assert float(metrics.fact_omission(case(), wrote(NOTE)) or 0) == 0.0


def test_fact_f1_is_pooled_over_cases() -> None:
    assert metrics.fact_f1(case(), wrote("Knee swollen. Naproxen 500 mg.")) == Ratio(8, 10)


def test_padding_costs_precision() -> None:
    padded = metrics.fact_f1(case(), wrote(NOTE + " Lovely weather, friendly family, holidays planned."))
    assert padded is not None
    assert 0 < float(padded) < 1


def test_saying_a_thing_twice_is_padding() -> None:
    assert float(metrics.fact_f1(case(), wrote(NOTE + NOTE)) or 0) < 1.0


def test_an_omitted_number_is_an_omitted_fact() -> None:
    assert metrics.fact_omission(case(), wrote("Knee swollen, denies fever. Naproxen.")) == Ratio(1, 6)
    assert metrics.number_coverage(case(), wrote("Knee swollen, denies fever. Naproxen.")) == Ratio(0, 1)


def test_a_quantity_is_shared_once_however_its_units_are_left_out() -> None:
    counts = count_facts("dose 500", "dose 500 mg, or 500")
    assert counts.shared <= min(counts.said, counts.wanted)


def test_an_invented_number_is_not_supported() -> None:
    assert metrics.number_support(case(), wrote("Naproxen 500 mg. Blood pressure 120/80.")) == Ratio(1, 2)


def test_a_wrong_unit_is_not_supported() -> None:
    assert metrics.number_support(case(), wrote("Naproxen 500 mcg.")) == Ratio(0, 1)


def test_an_age_that_was_sent_is_supported_and_another_is_not() -> None:
    assert metrics.number_support(case(age_years=59), wrote("59-year-old man.")) == Ratio(1, 1)
    assert metrics.number_support(case(age_years=59), wrote("45-year-old man.")) == Ratio(0, 1)


def test_a_note_without_numbers_has_none_to_support() -> None:
    assert metrics.number_support(case(), wrote("Knee swollen.")) is None


def test_a_copy_is_supported_in_full_and_no_shorter() -> None:
    assert float(metrics.support(case(), wrote(TALK)) or 0) == 1.0
    assert metrics.compression(case(), wrote(TALK)) == 1.0
    assert metrics.compression(case(), wrote(TALK + TALK)) == 1.0


def test_a_dropped_denial_shows_in_the_negation_gap_and_not_in_coverage() -> None:
    said = wrote("Knee swollen, has fever. Naproxen 500 mg.")
    assert metrics.negation_gap(case(), said) == 1.0
    assert metrics.coverage(case(), said) == Ratio(4, 5)


def test_two_notes_without_negations_have_no_gap() -> None:
    assert metrics.negation_gap(case(note="Knee swollen."), wrote("Knee swollen.")) == 0.0


@pytest.mark.parametrize("name", [name for name in METRICS if name != "refusal_accuracy"])
def test_a_case_that_must_be_refused_is_left_out(name: str) -> None:
    assert METRICS[name](case(refusal="CONSENT_MISSING"), wrote(NOTE)) is None


def test_a_refusal_where_a_note_is_due_has_left_out_everything() -> None:
    assert metrics.fact_f1(case(), REFUSED) == Ratio(0, 6)
    assert metrics.fact_omission(case(), REFUSED) == Ratio(6, 6)
    assert metrics.rouge_1(case(), REFUSED) == 0.0


@pytest.mark.parametrize("name", ["number_support", "support", "compression"])
def test_a_refusal_has_said_nothing_that_could_be_unsupported(name: str) -> None:
    assert METRICS[name](case(), REFUSED) is None


@pytest.mark.parametrize("note", [None, 7, [], {}, ["knee"]])
def test_a_note_that_is_no_text_is_an_empty_one(note: object) -> None:
    scores = score([(case(), wrote(note))], METRICS)
    assert not any(scores.errors.values())
    assert scores.values["fact_f1"] == (Ratio(0, 6),)


@pytest.mark.parametrize("gold", [{}, {"note": ""}, {"note": None}])
def test_without_a_reference_only_what_needs_none_is_measured(gold: Mapping[str, Any]) -> None:
    unknown = Case("v1", "note_summary", {"dialogue": TALK}, {}, gold)
    measured = {name for name, metric in METRICS.items() if metric(unknown, wrote(NOTE)) is not None}
    assert measured == {"number_support", "support", "compression", "refusal_accuracy", "needs_review"}


def test_every_metric_has_a_docstring_and_its_own_name() -> None:
    assert all(metric.__doc__ and metric.__name__ == name for name, metric in METRICS.items())  # type: ignore[attr-defined]
    assert set(METRICS) >= LOWER_IS_BETTER


# What people said of 400 summaries of MTS-Dialog


@pytest.mark.parametrize(
    ("column", "of_omission", "of_f1"),
    [("OmissionRate", 0.62, -0.53), ("FactualF1", -0.5, 0.43), ("HallucinationRate", -0.04, -0.03)],
)
def test_facts_follow_omissions_and_are_blind_to_hallucinations(
    shared_data: Path, column: str, of_omission: float, of_f1: float
) -> None:
    from scipy.stats import spearmanr

    folder = shared_data / "mts_dialog"
    summaries = read_rows(folder / "MTS-Dialog-Automatic-Summaries-ValidationSet.csv")
    people = [float(row[column]) for row in read_rows(folder / "MTS-Dialog-Manual-Scores4CorrelationStudy.csv")]
    counts = [count_facts(row["Automatic Summary"], row["Reference Summary"]) for row in summaries]
    omission = [1 - each.shared / max(1, each.wanted) for each in counts]
    f1 = [2 * each.shared / max(1, each.said + each.wanted) for each in counts]
    assert round(float(spearmanr(omission, people).statistic), 2) == of_omission
    assert round(float(spearmanr(f1, people).statistic), 2) == of_f1


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


# The stored systems of ACI-Bench


@pytest.fixture(scope="module")
def aci_bench(shared_data: Path) -> GoldSet:
    return read_aci_bench(shared_data / "aci_bench")


@pytest.fixture(scope="module")
def table(shared_data: Path, aci_bench: GoldSet) -> dict[str, dict[str, float]]:
    """System -> metric -> point estimate over the 40 visits."""
    runs = read_aci_bench_runs(shared_data / "aci_bench", aci_bench)
    reference = tuple(Execution(case.case_id, 0, Reply("ok", case.gold)) for case in aci_bench)
    return {name: summarise(aci_bench, run) for name, run in {**runs, "human": reference}.items()}


def summarise(gold: GoldSet, executions: tuple[Execution, ...]) -> dict[str, float]:
    scores = score(list(zip(gold, executions, strict=True)), METRICS)
    assert not any(scores.errors.values())
    return {name: pooled(values) for name, values in scores.values.items() if any(each is not None for each in values)}


def pooled(values: tuple[Value, ...]) -> float:
    ratios = [value for value in values if isinstance(value, Ratio)]
    if ratios:
        return sum(each.numerator for each in ratios) / sum(each.denominator for each in ratios)
    numbers = [float(value) for value in values if isinstance(value, float | bool)]
    return math.fsum(numbers) / len(numbers)


def test_a_copied_transcript_does_not_win_the_head_metric(table: dict[str, dict[str, float]]) -> None:
    head = {name: row["fact_f1"] for name, row in table.items() if name != "human"}
    assert max(head, key=lambda name: head[name]) == "GPT-4"
    assert all(head[name] > head["transcript"] + 0.03 for name in ("GPT-4", "ChatGPT", "Davinci-003"))


def test_a_copied_transcript_would_win_on_words_alone(table: dict[str, dict[str, float]]) -> None:
    for metric in ("support", "coverage", "number_support", "number_coverage"):
        assert table["transcript"][metric] == max(row[metric] for name, row in table.items() if name != "human")


def test_the_human_note_is_less_supported_than_a_copy(table: dict[str, dict[str, float]]) -> None:
    assert table["human"]["support"] < 0.6 < 1.0 == table["transcript"]["support"]
    assert 0.8 < table["human"]["number_support"] < 0.9


def test_led_invents_most_numbers_by_far(table: dict[str, dict[str, float]]) -> None:
    assert table["LED"]["number_support"] < 0.3
    assert all(row["number_support"] >= 0.69 for name, row in table.items() if name != "LED")


def test_gpt_4_states_numbers_that_nobody_said(table: dict[str, dict[str, float]]) -> None:
    assert table["GPT-4"]["number_support"] < table["ChatGPT"]["number_support"] - 0.2


def test_the_table_is_the_one_in_the_documentation(table: dict[str, dict[str, float]], root: Path) -> None:
    page = (root / "docs" / "how-to" / "compare-two-recorded-systems.md").read_text(encoding="utf-8")
    for name, row in table.items():
        shown = [
            f"{row[metric]:.3f}" for metric in ("fact_f1", "fact_omission", "number_support", "support", "compression")
        ]
        assert f"| {name} | {' | '.join(shown)} |" in page, name
