"""Scoring: what a metric may say, what it may not, and what happens when it raises."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.agents.agent import Reply
from evalkit.cases.case import Case
from evalkit.errors import MetricError
from evalkit.executions.execution import Execution, Failure
from evalkit.metrics.scoring import (
    DISTINCT_LABELS,
    Metric,
    Ratio,
    Score,
    Scores,
    Tally,
    metrics_digest,
    name_metrics,
    score,
)

SECRET = "Quillon Featherstonehaugh-Marchbanks, born 1951-02-03"


def case(index: int = 0, **parts: Any) -> Case:
    return Case(case_id=f"toy-{index}", family="toy", input={}, flags={}, gold={}, **parts)


def answered(index: int = 0, trial: int = 0, **parts: Any) -> Execution:
    return Execution(f"toy-{index}", trial, Reply("ok", output={"x": index}, **parts))


def failed(index: int = 0, kind: str = "Timeout") -> Execution:
    return Execution(f"toy-{index}", 0, None, Failure(kind, SECRET))


def pairs(n: int) -> list[tuple[Case, Execution]]:
    return [(case(index), answered(index)) for index in range(n)]


def always(value: Any) -> Metric:
    return lambda case, execution: value


def said(value: Any) -> tuple[Any, str | None]:
    """Value and error that one metric leaves on one row."""
    (found,) = score(pairs(1), {"m": always(value)})
    return found.value, found.error


@pytest.mark.parametrize("value", [True, False, None, 0.0, 0.25, 1.0, "met", Ratio(1, 2), Ratio(3, 2), Ratio(0, 0)])
def test_a_value_of_every_kind_is_kept(value: Any) -> None:
    assert said(value) == (value, None)


def test_a_tally_is_kept() -> None:
    tally = Tally({"00011": (1, 0, 0), "00012": (0, 2, 1)})
    assert said(tally) == (tally, None)


def test_a_whole_number_in_range_becomes_a_score() -> None:
    value, error = said(1)
    assert (value, type(value), error) == (1.0, float, None)


@pytest.mark.parametrize(
    ("given_", "kept", "kind"),
    [
        (np.bool_(True), True, bool),
        (np.float32(0.5), 0.5, float),
        (np.int64(0), 0.0, float),
        (np.array(0.25), 0.25, float),
    ],
)
def test_scalars_of_numpy_are_taken_for_what_they_are(given_: Any, kept: Any, kind: type) -> None:
    value, error = said(given_)
    assert (value, type(value), error) == (kept, kind, None)


@pytest.mark.parametrize(
    "value",
    [-0.1, 1.0001, 7, 10**400, math.nan, math.inf, Ratio(-1, 2), Ratio(math.nan, 1), Ratio(1, math.inf), Ratio("1", 2)],  # type: ignore[arg-type]
)
def test_a_number_out_of_range_is_an_error(value: Any) -> None:
    assert said(value) == (None, "OutOfRange")


@pytest.mark.parametrize("counts", [(-1, 0, 0), (1, 0), (math.nan, 0, 0)])
def test_a_tally_of_no_counts_is_an_error(counts: Any) -> None:
    assert said(Tally({"a": counts})) == (None, "OutOfRange")


@pytest.mark.parametrize("value", [[], {}, object(), b"x", 1j, np.array([0.1, 0.2]), np.datetime64("2020-01-01")])
def test_anything_else_is_an_error(value: Any) -> None:
    assert said(value) == (None, "UnknownValue")


@pytest.mark.parametrize("label", [SECRET, "x" * 41, "two\nlines", "bell\a", "\u202eright to left"])
def test_text_that_is_no_short_word_is_withheld(label: str) -> None:
    assert said(label) == (None, "LabelTooLong")
    assert said(Tally({label: (1, 0, 0)})) == (None, "LabelTooLong")


def test_a_label_of_forty_characters_is_the_longest() -> None:
    assert said("x" * 40) == ("x" * 40, None)


def test_as_many_distinct_labels_as_patients_are_withheld() -> None:
    names = iter(f"name {number}" for number in range(DISTINCT_LABELS + 1))
    scores = score(pairs(DISTINCT_LABELS + 1), {"who": lambda case, execution: next(names)})
    assert set(scores.values["who"]) == {None}
    assert set(scores.errors["who"].values()) == {"TooManyLabels"}


def test_a_few_labels_on_many_cases_are_kept() -> None:
    scores = score(pairs(500), {"decision": lambda case, execution: case.case_id[-1]})
    assert scores.errors["decision"] == {}
    assert set(scores.values["decision"]) == set("0123456789")


def test_a_metric_that_raises_leaves_its_class_and_not_its_message() -> None:
    def fragile(case: Case, execution: Execution) -> bool:
        if case.case_id == "toy-1":
            raise KeyError(SECRET)
        return True

    scores = score(pairs(3), [fragile])
    assert scores.values["fragile"] == (True, None, True)
    assert scores.errors["fragile"] == {1: "KeyError"}
    assert SECRET not in repr(scores)


def test_one_metric_that_raises_does_not_touch_the_others() -> None:
    scores = score(pairs(2), {"bad": lambda case, execution: 1 / 0, "good": always(True)})
    assert scores.values["good"] == (True, True)
    assert scores.errors["good"] == {}


def test_an_interrupt_is_not_swallowed() -> None:
    def stop(case: Case, execution: Execution) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score(pairs(1), [stop])


def test_an_agent_that_failed_is_an_error_of_every_metric_and_no_metric_is_asked() -> None:
    asked = []
    metrics = {"a": lambda case, execution: asked.append(1) or True, "b": always(0.5)}
    scores = score([(case(0), answered(0)), (case(1), failed(1))], metrics)
    assert scores.errors == {"a": {1: "agent:Timeout"}, "b": {1: "agent:Timeout"}}
    assert scores.values["b"] == (0.5, None)
    assert len(asked) == 1
    assert SECRET not in repr(scores)


def test_rows_follow_the_pairs_with_cluster_and_tags() -> None:
    tagged = case(0, tags=("add_on",), cluster="patient-9")
    scores = score([(tagged, answered(0, 0)), (tagged, answered(0, 1)), (case(1), answered(1))], {"m": always(True)})
    assert scores.case_ids == ("toy-0", "toy-0", "toy-1")
    assert scores.trials == (0, 1, 0)
    assert scores.clusters == ("patient-9", "patient-9", "toy-1")
    assert scores.tags == (("add_on",), ("add_on",), ())
    assert len(scores) == 3


def test_scores_iterate_metric_by_metric_with_their_errors() -> None:
    scores = score([(case(0), answered(0)), (case(1), failed(1))], {"a": always(True), "b": always("met")})
    assert list(scores) == [
        Score("a", "toy-0", 0, True),
        Score("a", "toy-1", 0, None, "agent:Timeout"),
        Score("b", "toy-0", 0, "met"),
        Score("b", "toy-1", 0, None, "agent:Timeout"),
    ]


def test_no_pairs_give_empty_columns() -> None:
    scores = score([], {"m": always(True)})
    assert scores == Scores((), (), (), (), {"m": ()}, {"m": {}})


def test_a_pair_of_two_different_cases_is_refused() -> None:
    with pytest.raises(MetricError, match="pair 1"):
        score([(case(0), answered(0)), (case(1), answered(2))], {"m": always(True)})


def exact(case: Case, execution: Execution) -> bool:
    return True


def near(case: Case, execution: Execution, within: float = 0.1) -> bool:
    return within > 0


def test_functions_go_by_their_own_names_in_the_order_given() -> None:
    assert list(name_metrics([near, exact])) == ["near", "exact"]


def test_a_mapping_names_what_has_no_name() -> None:
    named = name_metrics({"closer": functools.partial(near, within=0.01), "yes": lambda case, execution: True})
    assert list(named) == ["closer", "yes"]


@pytest.mark.parametrize("nameless", [lambda case, execution: True, functools.partial(near, within=0.01)])
def test_a_function_without_a_name_is_refused_with_the_way_to_name_it(nameless: Metric) -> None:
    with pytest.raises(MetricError, match=r'metrics\[1\]: .* pass a mapping .*\{"my_metric"'):
        name_metrics([exact, nameless])


def test_two_metrics_of_one_name_are_refused() -> None:
    with pytest.raises(MetricError, match=r"metrics\[1\]: two metrics are called exact"):
        name_metrics([exact, exact])


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "a\nb", 7])
def test_a_name_that_is_no_short_word_is_refused(name: Any) -> None:
    with pytest.raises(MetricError, match="no short printable word"):
        name_metrics({name: exact})


def test_what_is_no_function_is_refused() -> None:
    with pytest.raises(MetricError, match="not a function"):
        name_metrics({"exact": True})  # type: ignore[dict-item]


def made(source: str) -> Metric:
    """A metric from its source, as a notebook cell would define it."""
    space: dict[str, Any] = {"__name__": "notebook"}
    exec(source, space)
    metric: Metric = space["m"]
    return metric


SOURCE = "def help_(x):\n    return x + 1\n\ndef m(case, execution, limit=2):\n    return help_(1) > limit\n"


def test_the_digest_of_metrics_is_stable_and_ignores_their_order() -> None:
    assert metrics_digest([exact, near]) == metrics_digest([near, exact])
    assert metrics_digest([made(SOURCE)]) == metrics_digest([made(SOURCE)])


def test_the_digest_does_not_see_comments_and_empty_lines() -> None:
    assert metrics_digest([made(SOURCE)]) == metrics_digest([made("# why\n\n" + SOURCE)])


@pytest.mark.parametrize(
    ("old", "new"),
    [("> limit", ">= limit"), ("help_(1)", "help_(5)"), ("limit=2", "limit=3"), ("x + 1", "x + 2"), ("x + 1", "x - 1")],
    ids=["operator", "constant", "default", "constant of a helper", "operator of a helper"],
)
def test_an_edited_metric_has_another_digest(old: str, new: str) -> None:
    assert metrics_digest([made(SOURCE)]) != metrics_digest([made(SOURCE.replace(old, new))])


def test_a_renamed_metric_has_another_digest() -> None:
    assert metrics_digest({"a": exact}) != metrics_digest({"b": exact})


def test_arguments_of_a_partial_and_of_a_closure_are_part_of_the_digest() -> None:
    digests = {metrics_digest({"m": functools.partial(near, within=within)}) for within in (0.1, 0.2)}
    digests |= {metrics_digest({"m": always(value)}) for value in (0.1, 0.2, {"a": 1}, {"a": 2}, [1], {1, 2})}
    assert len(digests) == 8


def test_metrics_that_call_each_other_still_have_a_digest() -> None:
    circle = "def m(c, e):\n    return other(c, e)\n\ndef other(c, e):\n    return m(c, e)\n"
    assert len(metrics_digest([made(circle)])) == 64


class Within:
    """A callable object: its code counts, its address does not."""

    def __call__(self, case: Case, execution: Execution) -> bool:
        return True


def test_a_callable_object_has_the_digest_of_its_code() -> None:
    assert metrics_digest({"m": Within()}) == metrics_digest({"m": Within()})
    assert metrics_digest({"m": Within()}) != metrics_digest({"m": exact})


@given(st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(), st.lists(st.integers())))
def test_whatever_a_metric_says_is_a_value_or_an_error(value: Any) -> None:
    kept, error = said(value)
    assert error is None or kept is None
    assert kept is None or isinstance(kept, (bool, float, str))
    if isinstance(kept, float):
        assert 0 <= kept <= 1
    if isinstance(kept, str):
        assert len(kept) <= 40
        assert kept.isprintable()


def test_an_empty_ratio_is_not_a_number_and_others_divide() -> None:
    assert math.isnan(float(Ratio(0, 0)))
    assert float(Ratio(1, 4)) == 0.25
