"""How prior authorization agents are judged, and what agents that read nothing reach."""

from __future__ import annotations

from typing import Any

import pytest

from evalkit.agents.agent import Refusal, Reply, Request
from evalkit.cases.case import Case
from evalkit.evaluation.pipeline import judge_baselines
from evalkit.executions.execution import Execution
from evalkit.metrics.scoring import Ratio, Tally
from evalkit.tasks import load_spec
from evalkit.tasks.prior_authorization import metrics
from evalkit.tasks.prior_authorization.baselines import BASELINES
from evalkit.tasks.prior_authorization.metrics import DESCRIPTIVE, LOWER_IS_BETTER, METRICS
from evalkit.tasks.prior_authorization.scenarios import make_case

TEXT = "Completed 8 weeks of therapy. No films."
SPAN = {"field": "chart_notes[0].text", "start": 0, "end": 29}


def case(decision: str | None = "approve", *, refusal: str | None = None) -> Case:
    gold = {
        "decision": decision,
        "criteria": [
            {"id": "C1", "status": "met", "evidence": [SPAN]},
            {"id": "C2", "status": "insufficient", "evidence": []},
            {"id": "C3", "status": "not_met", "evidence": []},
        ],
        "missing": ["C2"],
        "due_in_days": 7,
    }
    request = {"chart_notes": [{"date": "2025-06-01", "text": TEXT}]}
    return Case("prior-1", "prior_authorization", request, {}, gold if decision else {}, refusal)


def given(**output: Any) -> Execution:
    return Execution("prior-1", 0, Reply("ok", output))


REFUSED = Execution("prior-1", 0, Reply("refused", refusal=Refusal("NO_CHART")))


def test_a_decision_is_right_or_not() -> None:
    assert metrics.decision_accuracy(case(), given(decision="approve")) is True
    assert metrics.decision_accuracy(case(), given(decision="pend")) is False
    assert metrics.decision_accuracy(case(), REFUSED) is False


@pytest.mark.parametrize("odd", [None, "deny", 1, ["approve"]])
def test_an_answer_without_a_known_decision_is_wrong_and_no_exception(odd: Any) -> None:
    assert metrics.decision_accuracy(case(), given(decision=odd)) is False
    assert metrics.false_approve_rate(case("pend"), given(decision=odd)) is False


def test_kappa_counts_every_criterion_by_the_status_that_is_right_and_the_one_that_was_given() -> None:
    said = [{"id": "C1", "status": "met"}, {"id": "C2", "status": "not_met"}]
    found = metrics.criterion_kappa(case(), given(decision="approve", criteria=said))
    counts = {"met": (1, 0, 0), "not_met": (0, 1, 1), "insufficient": (0, 0, 1), "none": (0, 1, 0)}
    assert found == Tally(counts, "kappa")
    assert metrics.criterion_kappa(case(refusal="NO_CHART"), REFUSED) is None


def test_a_status_that_is_no_word_of_ours_is_no_label() -> None:
    found = metrics.criterion_kappa(case(), given(criteria=[{"id": "C1", "status": "Jane Roe, met"}]))
    assert found is not None
    assert set(found.counts) <= {"met", "not_met", "insufficient", "none"}


def test_always_the_commonest_status_of_each_criterion_agrees_often_and_little_beyond_chance() -> None:
    cases = [make_case(7, index) for index in range(150)]
    run = judge_baselines(load_spec("prior_authorization@1.0.0"), cases)
    share, kappa = (run["majority"][name] for name in ("criterion_agreement", "criterion_kappa"))
    assert share > 0.5
    assert 0 <= kappa < share - 0.2
    assert run["refuse-all"]["criterion_kappa"] <= 0


def test_false_approvals_are_counted_where_none_is_due() -> None:
    assert metrics.false_approve_rate(case("pend"), given(decision="approve")) is True
    assert metrics.false_approve_rate(case("refer_to_clinician"), given(decision="pend")) is False
    assert metrics.false_approve_rate(case("approve"), given(decision="approve")) is None
    assert metrics.false_approve_rate(case("pend"), REFUSED) is False


def test_false_referrals_are_counted_where_none_is_due() -> None:
    assert metrics.false_refer_rate(case("pend"), given(decision="refer_to_clinician")) is True
    assert metrics.false_refer_rate(case("refer_to_clinician"), given(decision="refer_to_clinician")) is None


def test_where_a_refusal_is_due_or_no_answer_is_known_only_refusals_are_judged() -> None:
    for other in (case(refusal="NO_CHART"), case(None)):
        values = {name: metric(other, given(decision="approve", letter=[])) for name, metric in METRICS.items()}
        spoken = {name for name, value in values.items() if value is not None}
        assert spoken <= {"refusal_accuracy", "needs_review"}


def test_silence_taken_for_failure_is_told_from_failure_taken_for_silence() -> None:
    answer = given(criteria=[{"id": "C1", "status": "met"}, {"id": "C2", "status": "not_met"},
                             {"id": "C3", "status": "insufficient"}])  # fmt: skip
    assert metrics.criterion_agreement(case(), answer) == Ratio(1, 3)
    assert metrics.absence_as_failure(case(), answer) == Ratio(1, 1)
    assert metrics.failure_as_absence(case(), answer) == Ratio(1, 1)
    assert metrics.criterion_agreement(case(), REFUSED) == Ratio(0, 3)


def test_a_macro_f1_counts_each_decision_for_itself() -> None:
    assert metrics.decision_f1_macro(case("pend"), given(decision="pend")) == Tally({"pend": (1, 0, 0)})
    wrong = metrics.decision_f1_macro(case("pend"), given(decision="approve"))
    assert wrong == Tally({"pend": (0, 0, 1), "approve": (0, 1, 0)})
    assert metrics.decision_f1_macro(case("pend"), REFUSED) == Tally({"pend": (0, 0, 1)})


def test_evidence_is_counted_in_characters() -> None:
    half = {**SPAN, "end": 58}
    answer = given(criteria=[{"id": "C1", "status": "met", "evidence": [half]}])
    assert metrics.evidence_precision(case(), answer) == Ratio(29, 58)
    assert metrics.evidence_recall(case(), answer) == Ratio(29, 29)
    assert metrics.evidence_recall(case(), REFUSED) == Ratio(0, 29)


def test_missing_items_are_looked_for_where_the_request_waits() -> None:
    assert metrics.missing_recall(case("pend"), given(missing=["C2", "C9"])) == Ratio(1, 1)
    assert metrics.missing_recall(case("pend"), given(missing="C2")) == Ratio(0, 1)
    assert metrics.missing_recall(case("approve"), given(missing=[])) is None


def test_the_turnaround_is_exact_or_wrong() -> None:
    assert metrics.turnaround_exact(case(), given(due_in_days=7)) is True
    assert metrics.turnaround_exact(case(), given(due_in_days=3)) is False
    assert metrics.turnaround_exact(case(), REFUSED) is False


def letter(*lines: dict[str, Any]) -> Execution:
    return given(criteria=[{"id": "C1", "status": "met"}, {"id": "C2", "status": "insufficient"}], letter=list(lines))


def test_a_line_about_a_settled_criterion_needs_a_citation() -> None:
    cited = {"about": "C1", "text": "care: met", "evidence": [SPAN]}
    bare = {"about": "C1", "text": "care: met", "evidence": []}
    open_ = {"about": "C2", "text": "films: open", "evidence": []}
    assert metrics.letter_uncited(case(), letter(cited, open_)) == Ratio(0, 1)
    assert metrics.letter_uncited(case(), letter(bare, cited)) == Ratio(1, 2)
    assert metrics.letter_uncited(case(), letter(open_)) is None


@pytest.mark.parametrize(
    "evidence",
    [None, "note 1", [{"field": "chart_notes[9].text", "start": 0, "end": 5}], [{**SPAN, "end": 4000}], [{}], [7],
     [{**SPAN, "start": True}], [{**SPAN, "field": "chart_notes[0].mrn"}]],
)  # fmt: skip
def test_a_citation_that_points_at_no_words_is_none(evidence: Any) -> None:
    assert metrics.letter_uncited(case(), letter({"about": "C1", "text": "met", "evidence": evidence})) == Ratio(1, 1)


def test_a_number_must_stand_in_the_words_that_are_cited() -> None:
    right = {"about": "C1", "text": "care, eight weeks: met", "evidence": [SPAN]}
    wrong = {"about": "C1", "text": "care, 12 weeks: met", "evidence": [SPAN]}
    uncited = {"about": "-", "text": "after 8 weeks", "evidence": []}
    assert metrics.letter_unsupported(case(), letter(right)) == Ratio(0, 1)
    assert metrics.letter_unsupported(case(), letter(right, wrong, uncited)) == Ratio(2, 3)
    assert metrics.letter_unsupported(case(), letter({"about": "-", "text": "Dear colleague"})) is None


def test_names_of_metrics_are_those_of_the_functions() -> None:
    assert all(metric.__name__ == name for name, metric in METRICS.items())  # type: ignore[attr-defined]
    assert set(METRICS) >= LOWER_IS_BETTER | DESCRIPTIVE


def test_agents_that_read_nothing_are_shown_for_what_they_are() -> None:
    spec = load_spec("prior_authorization@1.0.0")
    seen = judge_baselines(spec, [make_case(7, index) for index in range(100)])
    assert seen["approve-all"]["false_approve_rate"] == 1.0
    assert seen["refuse-all"]["decision_accuracy"] == 0.0
    assert seen["refuse-all"]["false_approve_rate"] == 0.0
    assert 0.3 < seen["majority"]["decision_accuracy"] < 0.7
    assert seen["majority"]["decision_f1_macro"] <= 1 / 3
    assert seen["majority"]["criterion_agreement"] > seen["approve-all"]["criterion_agreement"]


@pytest.mark.parametrize("name", sorted(BASELINES))
def test_a_baseline_needs_no_cases_and_reads_no_request(name: str) -> None:
    reply = BASELINES[name]([])(Request("r", "prior_authorization@1.0.0", {"request_date": 7}, {}))
    assert isinstance(reply, Reply)
