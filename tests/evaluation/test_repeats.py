"""Reliability of a run over its trials."""

from __future__ import annotations

import numpy as np
import pytest

from evalkit.errors import MetricError
from evalkit.evaluation.repeats import Reliability, measure_reliability, trials_to_decide
from evalkit.evaluation.scoretable import tabulate
from evalkit.metrics.scoring import Ratio, Scores, Value
from evalkit.stats.comparison import Plan


def reliability(values: tuple[Value, ...], *, trials: int = 2) -> Reliability:
    ids = tuple(f"case-{row // trials}" for row in range(len(values)))
    rows = tuple(row % trials for row in range(len(values)))
    return measure_reliability(tabulate(Scores(ids, rows, ids, ((),) * len(ids), {"m": values}, {})), "m")


def test_flaky_cases_are_named() -> None:
    found = reliability((True, False, True, True, False, True, None, None))
    assert found.flaky == ("case-0", "case-2")
    assert found.noise.n == 3


def test_right_or_wrong_has_pass_at_k_and_hat_k() -> None:
    found = reliability((True, False, True, True, False, False))
    assert found.at_k == pytest.approx((0.5, 2 / 3))
    assert found.hat_k == pytest.approx((0.5, 1 / 3))
    assert "pass@2 66.7 %, pass^2 33.3 %" in str(found)
    assert "case-0" in found._repr_html_()


def test_counts_are_judged_by_their_own_ratio_and_have_no_pass_at_k() -> None:
    found = reliability((Ratio(1, 2), Ratio(2, 2), Ratio(1, 1), Ratio(1, 1), Ratio(0, 0), Ratio(0, 1)))
    assert found.flaky == ("case-0",)
    assert found.at_k == ()


def test_cases_with_fewer_trials_bound_k() -> None:
    ids = ("a", "a", "a", "b", "b")
    scores = Scores(ids, (0, 1, 2, 0, 1), ids, ((),) * 5, {"m": (True, True, False, False, True)}, {})
    assert len(measure_reliability(tabulate(scores), "m").at_k) == 2


def test_trials_that_would_decide_are_those_of_the_formula() -> None:
    rng = np.random.default_rng(5)
    easy = rng.beta(6, 2, 150)
    tables = []
    for _ in range(2):
        values = tuple(bool(right) for right in (rng.random((150, 3)) < easy[:, None]).ravel())
        ids = tuple(f"case-{row // 3}" for row in range(450))
        tables.append(tabulate(Scores(ids, tuple(row % 3 for row in range(450)), ids, ((),) * 450, {"m": values}, {})))
    within = [measure_reliability(table, "m").noise.within for table in tables]
    needed = trials_to_decide(*tables, "m", plan=Plan(margin=0.05))
    assert needed == pytest.approx(sum(within) * (1.645 + 0.8416) ** 2 / (150 * 0.05**2), rel=0.15)
    more = trials_to_decide(*tables, "m", plan=Plan(margin=0.03))
    assert more is None or more > needed


def test_without_repeats_nobody_knows_whether_trials_would_decide() -> None:
    ids = ("a", "b")
    table = tabulate(Scores(ids, (0, 0), ids, ((),) * 2, {"m": (True, False)}, {}))
    assert trials_to_decide(table, table, "m", plan=Plan()) is None


def test_a_metric_of_labels_has_no_reliability() -> None:
    with pytest.raises(MetricError, match="no numbers of m"):
        reliability(("yes", "no"))


def test_twenty_flaky_cases_are_listed_and_the_others_counted() -> None:
    for flaky, more in ((20, False), (21, True)):
        card = reliability((True, False) * flaky)._repr_html_()
        assert card.count("<td>case-") == 20
        assert (f"flaky case, {flaky} cases in all" in card) == more


def test_one_trial_a_case_has_pass_at_one_and_nothing_more_to_say() -> None:
    found = reliability((True, False, True, True), trials=1)
    assert found.at_k == found.hat_k == (0.75,)
    assert "pass@" not in str(found)
    assert str(found).startswith("m: one trial a case")


def test_a_case_that_was_judged_once_bounds_k_and_one_that_never_was_does_not() -> None:
    once = reliability((True, None, True, False, True, True))
    never = reliability((None, None, True, False, True, True))
    assert (once.at_k, once.hat_k) == (pytest.approx((2.5 / 3,)), pytest.approx((2.5 / 3,)))
    assert len(never.at_k) == 2
    assert never.at_k == pytest.approx((0.75, 1.0))


def test_scores_that_are_numbers_have_noise_and_no_pass_at_k() -> None:
    found = reliability((0.25, 0.75, 0.5, 0.5))
    assert (found.at_k, found.hat_k, found.flaky) == ((), (), ("case-0",))
    assert '<th scope="col" class="n">k</th>' not in found._repr_html_()


@pytest.mark.parametrize("metric", ["other", ""])
def test_a_metric_that_is_not_there_is_one_clear_line(metric: str) -> None:
    table = tabulate(Scores(("a",), (0,), ("a",), ((),), {"m": (None,), "label": ("x",)}, {}))
    for name in (metric, "m", "label"):
        with pytest.raises(MetricError) as refused:
            measure_reliability(table, name)
        assert str(refused.value) == f"this run has no numbers of {name} -> name one of the run's metrics"


def test_a_card_keeps_hostile_cases_and_metrics_as_text() -> None:
    name = "<i>\x1b"
    table = tabulate(Scores((name, name), (0, 1), (name, name), ((), ()), {name: (True, False)}, {}))
    card = measure_reliability(table, name)._repr_html_()
    assert card.count("&lt;i&gt;\\x1b") == 2
    assert "<i>" not in card
