"""The budget of a run: when it stops asking the agent, with everything answered so far kept."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from evalkit.errors import EvalkitError


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits of one call of `execute`; None is no limit. What a resumed journal already holds costs nothing.

    A limit stops new calls. Calls in flight are waited for, so ``seconds`` may be passed by as long as one answer
    takes and ``cost_usd`` by what ``concurrency`` answers cost.
    """

    seconds: float | None = None
    calls: int | None = None
    """Calls of the agent, retries counted."""
    cost_usd: float | None = None
    """Sum of ``reply.usage.cost_usd``: an agent that reports no cost never reaches it."""

    def __post_init__(self) -> None:
        for name in ("seconds", "calls", "cost_usd"):
            limit = getattr(self, name)
            if limit is not None and not limit > 0:
                raise EvalkitError(f"the budget's {name} is more than 0", next_step="leave it out for no limit")


class Meter:
    """Counts what a run has spent, for all of its workers."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._unlimited = budget == Budget()
        self._end = None if budget.seconds is None else time.monotonic() + budget.seconds
        self._lock = threading.Lock()
        self._calls = 0
        self._cost = 0.0

    def start_call(self) -> bool:
        """Count one more call, if there is still budget for it."""
        if self._unlimited:
            return True
        with self._lock:
            if self.spent is not None:
                return False
            self._calls += 1
            return True

    def pay(self, cost_usd: float) -> None:
        """Count what an answer cost."""
        if not self._unlimited:
            with self._lock:
                self._cost += cost_usd

    @property
    def spent(self) -> str | None:
        """Which limit is reached (``seconds``, ``calls``, ``cost_usd``), or None."""
        budget = self._budget
        if budget.calls is not None and self._calls >= budget.calls:
            return "calls"
        if budget.cost_usd is not None and self._cost >= budget.cost_usd:
            return "cost_usd"
        if self._end is not None and time.monotonic() >= self._end:
            return "seconds"
        return None
