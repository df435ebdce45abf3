"""Metrics of billing: what each sees, what it is blind to, and where it stays silent."""

from __future__ import annotations

from typing import Any

import pytest

from evalkit.agents.agent import Refusal, Reply
from evalkit.cases.case import Case
from evalkit.executions.execution import Execution, Failure
from evalkit.metrics.scoring import Ratio, Tally, score
from evalkit.tasks.billing_codes.metrics import (
    LOWER_IS_BETTER,
    METRICS,
    case_exact,
    code_f1_example,
    code_f1_macro,
    code_f1_micro,
    dx_category_f1,
    dx_f1,
    edits_broken,
    evidence_precision,
    evidence_recall,
    evidence_spans,
    line_exact,
    modifier_accuracy,
    over_coded,
    overbilled,
    refusal_accuracy,
    under_coded,
    underbilled,
    units_accuracy,
    units_off,
)
from evalkit.tasks.billing_codes.scenarios import make_case


def line(code: str, *modifiers: str, units: int = 1, at: tuple[int, int] | None = None) -> dict[str, Any]:
    spans = [{"field": "note_text", "start": at[0], "end": at[1]}] if at else []
    return {"code": code, "modifiers": list(modifiers), "units": units, "evidence": spans}


def due(*lines: dict[str, Any]) -> Case:
    return Case("billing_codes-1-000000000000", "billing_codes", {"note_text": ""}, {}, {"lines": list(lines)})


def due_refusal(code: str) -> Case:
    return Case("billing_codes-1-000000000000", "billing_codes", {"note_text": ""}, {}, {}, refusal=code)


def gave(*lines: dict[str, Any]) -> Execution:
    return Execution("billing_codes-1-000000000000", 0, Reply("ok", {"lines": list(lines)}))


def refused(code: str = "CONSENT_MISSING") -> Execution:
    return Execution("billing_codes-1-000000000000", 0, Reply("refused", refusal=Refusal(code, "flags")))


TWO = due(line("00023", "25"), line("00061", "LT"))


def test_a_line_is_right_in_code_modifiers_and_units_together() -> None:
    assert line_exact(TWO, gave(line("00023", "25"), line("00061", "LT"))) == Ratio(4, 4)
    assert line_exact(TWO, gave(line("00023", "25"), line("00061", "RT"))) == Ratio(2, 4)
    assert line_exact(TWO, gave(line("00023", "25"), line("00061", "LT", units=2))) == Ratio(2, 4)
    assert line_exact(TWO, gave(line("00023", "25"))) == Ratio(2, 3)


def test_the_order_of_lines_and_modifiers_does_not_matter() -> None:
    case = due(line("00061", "LT", "59"), line("00023"))
    assert case_exact(case, gave(line("00023"), line("00061", "59", "LT"))) is True


def test_a_line_given_twice_is_one_line_too_many() -> None:
    given = gave(line("00023", "25"), line("00061", "LT"), line("00061", "LT"))
    assert case_exact(TWO, given) is False
    assert over_coded(TWO, given) == Ratio(1, 3)


def test_code_f1_is_blind_to_a_lost_modifier_and_the_line_is_not() -> None:
    given = gave(line("00023"), line("00061", "LT"))
    assert code_f1_micro(TWO, given) == Ratio(4, 4)
    assert line_exact(TWO, given) == Ratio(2, 4)
    assert modifier_accuracy(TWO, given) == Ratio(1, 2)


def test_units_are_judged_where_the_code_is_right() -> None:
    case = due(line("00071", units=3), line("00074", units=2))
    assert units_accuracy(case, gave(line("00071", units=2), line("00077", units=2))) == Ratio(0, 1)


def test_too_much_and_too_little_are_told_apart() -> None:
    given = gave(line("00023", "25"), line("00061", "LT"), line("00064", "LT"))
    assert over_coded(TWO, given) == Ratio(1, 3)
    assert under_coded(TWO, given) == Ratio(0, 2)
    assert under_coded(TWO, gave()) == Ratio(2, 2)
    assert over_coded(TWO, gave()) is None


def test_macro_counts_each_code_for_itself() -> None:
    assert code_f1_macro(TWO, gave(line("00023"), line("00064"))) == Tally(
        {"00023": (1, 0, 0), "00061": (0, 0, 1), "00064": (0, 1, 0)}
    )


def test_example_f1_is_one_where_nothing_was_due_and_nothing_given() -> None:
    assert code_f1_example(due(), gave()) == 1.0
    assert code_f1_example(TWO, gave(line("00023"))) == pytest.approx(2 / 3)


def test_evidence_is_counted_in_characters() -> None:
    case = due(line("00061", at=(10, 20)))
    given = gave(line("00061", at=(15, 35)))
    assert evidence_precision(case, given) == Ratio(5, 20)
    assert evidence_recall(case, given) == Ratio(5, 10)


def test_nothing_of_nothing_is_no_value() -> None:
    silent = (line_exact, code_f1_micro, over_coded, under_coded, modifier_accuracy, units_accuracy)
    assert [metric(due(), gave()) for metric in silent] == [None] * len(silent)
    assert case_exact(due(), gave()) is True
    assert evidence_precision(TWO, gave(line("00061"))) is None


def test_a_wrong_refusal_has_every_line_missed() -> None:
    assert line_exact(TWO, refused()) == Ratio(0, 2)
    assert under_coded(TWO, refused()) == Ratio(2, 2)
    assert code_f1_macro(TWO, refused()) == Tally({"00023": (0, 0, 1), "00061": (0, 0, 1)})
    assert code_f1_example(TWO, refused()) == 0.0
    assert case_exact(TWO, refused()) is False


def test_refusing_where_nothing_was_owed_is_still_wrong() -> None:
    assert case_exact(due(), refused()) is False
    assert code_f1_example(due(), refused()) == 0.0


@pytest.mark.parametrize("name", [name for name in METRICS if name != "refusal_accuracy"])
@pytest.mark.parametrize("execution", [refused(), gave(line("00061", "LT", at=(0, 4)))], ids=["refused", "answered"])
def test_only_refusal_accuracy_speaks_where_a_refusal_is_due(name: str, execution: Execution) -> None:
    assert METRICS[name](due_refusal("CONSENT_MISSING"), execution) is None


def test_a_refusal_is_right_only_with_its_code() -> None:
    case = due_refusal("MRN_INVALID")
    assert refusal_accuracy(case, refused("MRN_INVALID")) is True
    assert refusal_accuracy(case, refused("NPI_INVALID")) is False
    assert refusal_accuracy(case, gave()) is False
    assert refusal_accuracy(TWO, gave()) is True
    assert refusal_accuracy(TWO, refused("MRN_INVALID")) is False


MALFORMED: list[Any] = [
    None, "00061", 7, [None], ["00061"], [{}], [{"code": None, "modifiers": "LT", "units": "1", "evidence": "all"}],
    [{"code": ["00061"], "modifiers": [None], "units": True, "evidence": [{"start": 5}]}],
    [{"code": "00061", "modifiers": {"LT": 1}, "units": 1.5, "evidence": [{"field": "note_text", "start": 9, "end": 2}]}
    ],
]  # fmt: skip


@pytest.mark.parametrize("lines", MALFORMED, ids=range(len(MALFORMED)))
@pytest.mark.parametrize("name", METRICS)
def test_a_malformed_answer_is_a_wrong_answer_and_no_exception(name: str, lines: Any) -> None:
    value = METRICS[name](TWO, Execution(TWO.case_id, 0, Reply("ok", {"lines": lines})))
    if isinstance(value, Ratio):
        assert value.numerator <= value.denominator
    if name == "case_exact":
        assert value is False


def test_scores_of_an_agent_that_failed_are_errors_of_every_metric() -> None:
    scores = score([(TWO, Execution(TWO.case_id, 0, None, Failure("Timeout")))], METRICS)
    assert set(scores.errors) == set(METRICS)
    assert all(errors == {0: "agent:Timeout"} for errors in scores.errors.values())


def test_the_head_metric_comes_first_and_directions_are_known() -> None:
    assert next(iter(METRICS)) == "line_exact"
    assert set(METRICS) >= LOWER_IS_BETTER
    assert all(metric.__name__ == name and metric.__doc__ for name, metric in METRICS.items())


def test_units_off_counts_units_and_not_lines() -> None:
    case = due(line("00074", units=4), line("00061", "LT"))
    assert units_off(case, gave(line("00074", units=1), line("00061", "LT"))) == Ratio(3, 5)
    assert units_off(case, gave(line("00074", units=8))) == Ratio(4, 8)
    assert units_off(case, gave(line("00077", units=8))) is None


def test_money_billed_and_not_owed_is_told_from_money_owed_and_not_billed() -> None:
    over, under = overbilled(TWO, gave(line("00023", "25"))), underbilled(TWO, gave(line("00023", "25")))
    assert over == Ratio(0, 1.9)
    assert under == Ratio(pytest.approx(1.8), pytest.approx(3.7))
    more = overbilled(TWO, gave(line("00025", "25"), line("00061", "LT")))
    assert more == Ratio(pytest.approx(3.8), pytest.approx(5.6))


def test_a_visit_that_lacks_its_25_is_denied_and_pays_nothing() -> None:
    given = gave(line("00023"), line("00061", "LT"))
    assert underbilled(TWO, given) == Ratio(pytest.approx(1.9), pytest.approx(3.7))
    assert overbilled(TWO, given) == Ratio(0, pytest.approx(1.8))


def test_both_sides_pay_one_and_a_half_times() -> None:
    assert underbilled(due(line("00061", "50")), gave(line("00061", "LT"))) == Ratio(
        pytest.approx(0.9), pytest.approx(2.7)
    )


@pytest.mark.parametrize(
    "lines",
    [
        [line("00074", units=7)],
        [line("00013", units=2)],
        [line("00061", "LT", "RT")],
        [line("00061", "1A", "1B", "1C", "1D", "1E")],
        [line("00012"), line("00017")],
        [line("00041"), line("00043", "59")],
    ],
    ids=["units", "add-on alone", "two sides", "five modifiers", "part of another", "never beside"],
)
def test_a_claim_that_no_payer_lets_through_breaks_an_edit(lines: list[dict[str, Any]]) -> None:
    assert edits_broken(TWO, gave(*lines)) is True


def test_a_claim_with_a_separate_site_or_with_nothing_special_breaks_none() -> None:
    assert edits_broken(TWO, gave(line("00012"), line("00013", units=6), line("00017", "59"))) is False
    assert edits_broken(TWO, gave()) is False
    assert edits_broken(TWO, refused()) is None


def test_no_gold_answer_breaks_an_edit_or_misses_money() -> None:
    for index in range(200):
        case = make_case(5, index)
        if case.refusal is None:
            perfect = Execution(case.case_id, 0, Reply("ok", dict(case.gold)))
            assert edits_broken(case, perfect) is False
            assert all(
                float(metric(case, perfect) or Ratio(0, 1)) == 0 for metric in (overbilled, underbilled, units_off)
            )
            assert all(
                float(metric(case, perfect) or Ratio(1, 1)) == 1 for metric in (evidence_spans, dx_f1, dx_category_f1)
            )


def dx(case: Case, *codes: str) -> Execution:
    return Execution(case.case_id, 0, Reply("ok", {"lines": [], "diagnoses": list(codes)}))


def test_diagnoses_are_judged_whole_and_by_category() -> None:
    case = Case("billing_codes-1-000000000000", "billing_codes", {}, {}, {"lines": [], "diagnoses": ["M17.11", "I10"]})
    assert dx_f1(case, dx(case, "M17.12", "I10")) == Ratio(2, 4)
    assert dx_category_f1(case, dx(case, "M17.12", "I10")) == Ratio(4, 4)
    assert dx_f1(case, gave()) is None
    assert dx_f1(TWO, dx(TWO, "I10")) is None
    assert dx_f1(case, refused()) == Ratio(0, 2)


def test_a_cut_off_span_still_counts_as_found_and_a_distant_one_does_not() -> None:
    case = due(line("00061", at=(100, 140)))
    assert evidence_spans(case, gave(line("00061", at=(100, 125)))) == Ratio(2, 2)
    assert evidence_spans(case, gave(line("00061", at=(100, 115)))) == Ratio(0, 2)
    assert evidence_spans(case, gave(line("00061", at=(300, 340)))) == Ratio(0, 2)
