"""Charts for streams: a figure a day (or a batch), and an alarm whose false rate is designed, not guessed.

A chart's run length is how many points pass until it alarms. ARL0 is the average while nothing has changed, the price
of false alarms; ARL1 that after a change, the delay. `design_cusum`, `design_ewma` and `design_rate_cusum` turn an ARL0
into the limit that gives it (Brook and Evans 1972: the chart as a Markov chain). `watch_rate` needs no model of the
stream beyond a rate that counts as normal: its ARL0 holds whatever happens below that rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from evalkit.cards import card
from evalkit.errors import StatisticsError

Floats = npt.NDArray[np.float64]
_STATES = 101


@dataclass(frozen=True, slots=True)
class Chart:
    """A stream with its statistic, its limit and the points where it alarmed."""

    kind: Literal["cusum", "ewma", "rate cusum", "e-process"]
    points: tuple[float, ...]
    """What came in, in the order of time."""
    upper: tuple[float, ...]
    """The statistic after each point; after an alarm it starts anew."""
    lower: tuple[float, ...]
    """The statistic that watches the other direction; empty for charts of one side."""
    limit: float
    alarms: tuple[int, ...]
    """Positions from 0 at which the limit was passed."""
    arl0: float
    """Points between false alarms, on average, by design; at least that many for an e-process."""

    @property
    def alarmed(self) -> bool:
        """Did it alarm anywhere?"""
        return bool(self.alarms)

    def sentence(self) -> str:
        """What was seen, in one line."""
        every = f"about one false alarm in {self.arl0:,.0f} points" if self.kind != "e-process" else (
            f"at most one false alarm in {self.arl0:,.0f} points"
        )  # fmt: skip
        found = f"first alarm at point {self.alarms[0] + 1}" if self.alarms else "no alarm"
        return f"{self.kind}: {found} of {len(self.points)}, by design {every}."

    def __str__(self) -> str:
        return self.sentence()

    def _repr_html_(self) -> str:
        return card(f"Chart: {self.kind}", lead=self.sentence())


def cusum(values: Sequence[float], *, centre: float, sd: float, arl0: float = 500.0, shift: float = 1.0) -> Chart:
    """A two-sided tabular CUSUM (Page 1954) of points with a known centre and standard deviation.

    Quickest for a change of ``shift`` standard deviations: the reference value is half of it.
    """
    slack = shift / 2
    limit = design_cusum(arl0, slack=slack)
    scores = _standardise(values, centre, sd)

    def step(state: tuple[float, float], z: float) -> tuple[float, float]:
        return max(0.0, state[0] + z - slack), max(0.0, state[1] - z - slack)

    upper, lower, alarms = _run(scores, step, limit)
    return Chart("cusum", tuple(map(float, values)), upper, lower, limit, alarms, arl0)


def ewma(values: Sequence[float], *, centre: float, sd: float, arl0: float = 500.0, weight: float = 0.2) -> Chart:
    """An exponentially weighted moving average (Roberts 1959), in its own asymptotic standard deviations."""
    limit = design_ewma(arl0, weight=weight)
    spread = math.sqrt(weight / (2 - weight))

    def step(state: tuple[float, float], z: float) -> tuple[float, float]:
        mean = (1 - weight) * state[0] + weight * z / spread
        return mean, -mean

    upper, lower, alarms = _run(_standardise(values, centre, sd), step, limit)
    return Chart("ewma", tuple(map(float, values)), upper, lower, limit, alarms, arl0)


def rate_cusum(failures: Sequence[bool], *, normal: float, raised: float, arl0: float = 5000.0) -> Chart:
    """A Bernoulli CUSUM of single outcomes: is the rate still ``normal``, or has it become ``raised``?

    ARL0 counts outcomes. The statistic is the log-likelihood ratio of both rates, never below 0 (Reynolds and
    Stoumbos 1999).
    """
    limit, up, down = design_rate_cusum(arl0, normal=normal, raised=raised)

    def step(state: tuple[float, float], failed: float) -> tuple[float, float]:
        return max(0.0, state[0] + (up if failed else -down)), 0.0

    points = np.asarray(failures, dtype=np.float64)
    upper, _, alarms = _run(points, step, limit - 1e-9)
    return Chart("rate cusum", tuple(points.tolist()), upper, (), limit, alarms, arl0)


def watch_rate(failures: Sequence[bool], *, normal: float, arl0: float = 5000.0) -> Chart:
    """An e-process chart of single outcomes: has the rate risen above ``normal``?

    Whatever happens at or below it, false alarms are at least ``arl0`` outcomes apart on average.

    The mean of several CUSUMs of bets on higher rates, each restarted at 1: an e-detector (Shin, Ramdas and Rinaldo
    2023). The statistic shown is its natural logarithm, the limit that of ``arl0``. Take as normal the upper end of
    what the reference leaves possible, not its rate itself.
    """
    _check_rate(normal)
    bets = np.array([normal + (1 - normal) * share for share in (0.01, 0.03, 0.06, 0.12, 0.25, 0.5)])
    won, lost = bets / normal, (1 - bets) / (1 - normal)
    points = np.asarray(failures, dtype=np.float64)
    wealth, logs, alarms = np.zeros(len(bets)), [], []
    for position, failed in enumerate(points):
        wealth = np.maximum(wealth, 1.0) * (won if failed else lost)
        mean = float(wealth.mean())
        logs.append(math.log(mean))
        if mean >= arl0:
            alarms.append(position)
            wealth = np.zeros(len(bets))
    return Chart("e-process", tuple(points.tolist()), tuple(logs), (), math.log(arl0), tuple(alarms), arl0)


@lru_cache(maxsize=32)
def design_cusum(arl0: float, *, slack: float = 0.5) -> float:
    """The limit of a two-sided CUSUM of standard normal points with this ARL0."""
    return _solve(lambda limit: cusum_arl(limit, slack=slack), arl0, high=4.0)


@lru_cache(maxsize=32)
def design_ewma(arl0: float, *, weight: float = 0.2) -> float:
    """The limit of an EWMA of standard normal points, in its asymptotic standard deviations, with this ARL0."""
    return _solve(lambda limit: ewma_arl(limit, weight=weight), arl0, high=3.0)


def design_rate_cusum(arl0: float, *, normal: float, raised: float) -> tuple[float, float, float]:
    """Limit, step up for a failure and step down for a success of a Bernoulli CUSUM with at least this ARL0.

    The step up is rounded to whole steps down, so that the chart is a finite Markov chain and its ARL0 exact.
    """
    _check_rate(normal)
    _check_rate(raised)
    if raised <= normal:
        raise StatisticsError(
            "the raised rate is not above the normal one", next_step="give two rates, the lower first"
        )
    up, down = math.log(raised / normal), math.log((1 - normal) / (1 - raised))
    jump = max(1, round(up / down))
    height = jump + 1
    while rate_cusum_arl(height, jump=jump, rate=normal) < arl0:
        height = int(height * 1.1) + 1
    low = int(height / 1.1) - 1
    while height - low > 1:
        middle = (low + height) // 2
        low, height = (middle, height) if rate_cusum_arl(middle, jump=jump, rate=normal) < arl0 else (low, middle)
    return height * down, jump * down, down


def cusum_arl(limit: float, *, slack: float = 0.5, shift: float = 0.0) -> float:
    """The average run length of a two-sided CUSUM of normal points whose mean moved by ``shift`` sd."""
    up = _one_sided_arl(limit, slack=slack, shift=shift)
    down = _one_sided_arl(limit, slack=slack, shift=-shift) if shift else up
    return 1 / (1 / up + 1 / down)


def ewma_arl(limit: float, *, weight: float = 0.2, shift: float = 0.0) -> float:
    """The average run length of an EWMA of normal points whose mean moved by ``shift`` sd."""
    from scipy.special import ndtr

    reach = limit * math.sqrt(weight / (2 - weight))
    places, half = _cells(-reach, reach)
    base = (places[None, :] - (1 - weight) * places[:, None]) / weight - shift
    moves = ndtr(base + half / weight) - ndtr(base - half / weight)
    return _run_length(np.asarray(moves), start=_STATES // 2)


def rate_cusum_arl(height: int, *, jump: int, rate: float) -> float:
    """The average number of outcomes until a walk on 0, 1, 2 ... that rises by ``jump`` with chance ``rate`` and else
    falls by 1, never below 0, reaches ``height``: exact.
    """
    from scipy.linalg import solve_banded

    bands = np.zeros((jump + 2, height))
    bands[jump] = 1.0
    bands[jump, 0] = rate
    bands[jump + 1, : height - 1] = -(1 - rate)
    bands[0, jump:] = -rate
    return float(solve_banded((1, jump), bands, np.ones(height))[0])


def _one_sided_arl(limit: float, *, slack: float, shift: float) -> float:
    """States are 0 and equally spaced values up to the limit (Brook and Evans)."""
    from scipy.special import ndtr

    half = limit / (2 * _STATES - 1)
    places = 2 * half * np.arange(_STATES)
    base = places[None, :] - places[:, None] + slack - shift
    moves = np.asarray(ndtr(base + half) - ndtr(base - half))
    moves[:, 0] = ndtr(base[:, 0] + half)
    return _run_length(moves, start=0)


def _cells(low: float, high: float) -> tuple[Floats, float]:
    """Middles of equally wide cells, and half their width."""
    half = (high - low) / (2 * _STATES)
    return np.asarray(low + half * (2 * np.arange(_STATES) + 1)), half


def _run_length(moves: Floats, *, start: int) -> float:
    """The expected number of steps until a chain with these moves among its living states is absorbed."""
    return float(np.linalg.solve(np.eye(len(moves)) - moves, np.ones(len(moves)))[start])


def _solve(length: Callable[[float], float], arl0: float, *, high: float) -> float:
    if arl0 < 10:
        raise StatisticsError("an ARL0 below 10 is a false alarm every few points", next_step="design for 100 or more")
    # the logarithm of a run length is nearly straight in the limit, so that secants arrive in a few steps
    aim, one, other = math.log(arl0), high, high * 1.1
    before, after = (math.log(length(limit)) - aim for limit in (one, other))
    for _ in range(20):
        if abs(after) < 1e-9 or after == before:
            break
        one, other, before = other, other - after * (other - one) / (after - before), after
        after = math.log(length(other)) - aim
    return other


def _run(
    values: Floats, step: Callable[[tuple[float, float], float], tuple[float, float]], limit: float
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[int, ...]]:
    state, states, alarms = (0.0, 0.0), [], []
    for position, value in enumerate(values.tolist()):
        state = step(state, value)
        states.append(state)
        if max(state) > limit:
            alarms.append(position)
            state = (0.0, 0.0)
    return tuple(up for up, _ in states), tuple(down for _, down in states), tuple(alarms)


def _standardise(values: Sequence[float], centre: float, sd: float) -> Floats:
    points = np.asarray(values, dtype=np.float64)
    if not (sd > 0 and math.isfinite(sd) and math.isfinite(centre)):
        raise StatisticsError("a chart needs a centre and a standard deviation above 0",
                              next_step="take them from a reference that did not change")  # fmt: skip
    if not np.isfinite(points).all():
        raise StatisticsError("a point of the stream is no number", next_step="leave days without a figure out")
    return (points - centre) / sd


def _check_rate(rate: float) -> None:
    if not 0 < rate < 1:
        raise StatisticsError("a rate of a chart lies between 0 and 1", next_step="take the reference's upper bound")
