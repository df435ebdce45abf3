"""Budgets: what is counted, and when it is enough."""

from __future__ import annotations

import pytest

from evalkit.errors import EvalkitError
from evalkit.executions.budget import Budget, Meter


def test_no_limit_is_never_reached() -> None:
    meter = Meter(Budget())
    meter.pay(1e9)
    assert all(meter.start_call() for _ in range(1000))
    assert meter.spent is None


def test_calls_are_allowed_up_to_the_limit() -> None:
    meter = Meter(Budget(calls=3))
    assert [meter.start_call() for _ in range(5)] == [True, True, True, False, False]
    assert meter.spent == "calls"


def test_a_call_is_refused_once_the_cost_is_reached() -> None:
    meter = Meter(Budget(cost_usd=0.5))
    meter.pay(0.25)
    assert meter.start_call()
    meter.pay(0.25)
    assert not meter.start_call()
    assert meter.spent == "cost_usd"


def test_seconds_run_from_the_start() -> None:
    assert Meter(Budget(seconds=1e-9)).spent == "seconds"
    assert Meter(Budget(seconds=1e9)).spent is None


@pytest.mark.parametrize("limit", [{"seconds": 0}, {"calls": 0}, {"cost_usd": -1.0}, {"seconds": float("nan")}])
def test_a_limit_is_more_than_nothing(limit: dict[str, float]) -> None:
    with pytest.raises(EvalkitError, match=f"the budget's {next(iter(limit))} is more than 0"):
        Budget(**limit)  # type: ignore[arg-type]
