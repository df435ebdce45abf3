"""Calibration: is a confidence of 0.9 right nine times out of ten?

In: (n,) confidences in [0, 1] and (n,) scores in [0, 1], 1 where right; cases of one cluster belong together. Out:
frozen results. A binned calibration error of a perfect model is above 0 by noise alone, so the estimate here takes the
noise off and comes with an interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evalkit.errors import StatisticsError
from evalkit.stats.columns import Clusters, Codes, cluster_codes
from evalkit.stats.intervals import wilson
from evalkit.stats.shares import interval_of_share

Floats = npt.NDArray[np.float64]
_DRAWS = 4_000


@dataclass(frozen=True, slots=True)
class Bin:
    """Cases of neighbouring confidences."""

    low: float
    high: float
    """The least and the largest confidence in it."""
    confidence: float
    """Their mean."""
    accuracy: float
    """The mean score of these cases."""
    lo: float
    hi: float
    """95 % interval of the mean score: Wilson's, at the effective number of cases."""
    n: int

    @property
    def gap(self) -> float:
        """Accuracy minus confidence: below 0 is over-confident."""
        return self.accuracy - self.confidence


@dataclass(frozen=True, slots=True)
class CalibrationError:
    """The expected calibration error: the mean over cases of |accuracy - confidence| of their bin."""

    value: float
    """Without the part that noise adds; never below 0."""
    lo: float
    hi: float
    """95 % interval."""
    plain: float
    """The usual figure, noise included."""
    noise: float
    """What the usual figure would be for a perfectly calibrated model with as many cases."""
    bins: int
    n: int

    def __str__(self) -> str:
        return f"calibration error {self.value:.3f} (95 % interval {self.lo:.3f} to {self.hi:.3f}), {self.n} cases"


@dataclass(frozen=True, slots=True)
class Brier:
    """The Brier score and its parts (Murphy 1973; Stephenson, Coelho and Jolliffe 2008), which add up exactly:

    score = reliability - resolution + uncertainty + within.
    """

    score: float
    reliability: float
    """Squared distance of confidence and accuracy: 0 is calibrated."""
    resolution: float
    """How far the accuracies of the bins lie apart: more is better."""
    uncertainty: float
    """What a constant guess at the base rate would score."""
    within: float
    """What the bins are too coarse to see; 0 where each bin holds one confidence."""


@dataclass(frozen=True, slots=True)
class Recalibration:
    """An isotonic map from stated to honest confidence: a rising curve of steps (Zadrozny and Elkan 2002)."""

    knots: tuple[float, ...]
    """Ascending confidences."""
    values: tuple[float, ...]
    """Mean scores at the knots, never falling; linear between, constant outside."""
    before: float
    """Brier score as stated, on cases that the map had not seen."""
    after: float
    """Brier score after the map, on the same cases: five-fold, whole clusters apart."""

    def apply(self, confidences: npt.ArrayLike) -> Floats:
        """Honest confidences for stated ones, (n,)."""
        return np.interp(np.asarray(confidences, dtype=np.float64), self.knots, self.values)

    @property
    def helps(self) -> bool:
        """Does it predict unseen cases better than what was stated?"""
        return self.after < self.before


@dataclass(frozen=True, slots=True)
class Expected:
    """The mean score to be expected in a window whose answers nobody has checked."""

    value: float
    lo: float
    hi: float
    """95 % interval: sampling of both the reference and the window. It does not cover a broken assumption."""
    n: int
    assumption: str


def reliability(
    confidences: npt.ArrayLike, scores: npt.ArrayLike, *, clusters: Clusters | None = None, bins: int = 10
) -> tuple[Bin, ...]:
    """The points of a reliability diagram: at most ``bins`` bins of about equal counts, by confidence.

    Equal confidences stay in one bin, so that there are fewer bins where few values occur.
    """
    stated, right, group = _checked(confidences, scores, clusters)
    found = []
    for rows in _bins(stated, bins):
        accuracy, error = float(right[rows].mean()), _standard_error(right[rows], group[rows])
        lo, hi = _interval(accuracy, error, group[rows])
        found.append(
            Bin(
                low=float(stated[rows].min()), high=float(stated[rows].max()), confidence=float(stated[rows].mean()),
                accuracy=accuracy, lo=lo, hi=hi, n=len(rows),
            )
        )  # fmt: skip
    return tuple(found)


def calibration_error(
    confidences: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    clusters: Clusters | None = None,
    bins: int = 10,
    seed: int = 0,
) -> CalibrationError:
    """The expected calibration error over bins of about equal counts, with the noise taken off.

    Each bin's gap is seen with a standard error (clustered), and noise adds to the mean size of gaps. The estimate is
    the size at which such noise, in 4,000 normal draws, gives what was seen in half of them; the ends of the interval
    are the sizes at which it gives less in 97.5 % and more in 97.5 %. A well calibrated model thus gets an interval
    that begins at 0.
    """
    stated, right, group = _checked(confidences, scores, clusters)
    gaps, errors, weights = [], [], []
    for rows in _bins(stated, bins):
        gap = right[rows] - stated[rows]
        gaps.append(float(gap.mean()))
        errors.append(max(_standard_error(gap, group[rows]), _least_error(rows, group)))
        weights.append(len(rows) / len(stated))
    gap, error, weight = (np.asarray(part) for part in (gaps, errors, weights))
    plain = float(weight @ np.abs(gap))
    drawn = error * np.random.default_rng(seed).standard_normal((_DRAWS, len(gap)))
    shape = np.abs(gap) + error / 2  # how the sizes of gaps are shared out among the bins
    lo, value, hi = (_size(plain, share, shape, drawn, weight) for share in (0.975, 0.5, 0.025))
    noise = float(weight @ error) * math.sqrt(2 / math.pi)
    return CalibrationError(value, lo, hi, plain, noise, len(gap), len(stated))


def _size(seen: float, share: float, shape: Floats, drawn: Floats, weight: Floats) -> float:
    """The size of gaps, shared out as ``shape``, at which a ``share`` of draws is at most what was seen; 0 if none.

    Halves an interval for the factor 30 times.
    """

    def below(factor: float) -> float:
        return float((np.abs(factor * shape + drawn) @ weight <= seen).mean())

    low, high = 0.0, 1.0
    if below(low) <= share:
        return 0.0
    while below(high) > share:
        high *= 2
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) > share else (low, middle)
    return min(1.0, high * float(weight @ shape))


def brier(confidences: npt.ArrayLike, scores: npt.ArrayLike, *, bins: int | None = None) -> Brier:
    """The Brier score, mean (confidence - score)^2, and its parts; by default one bin for each confidence."""
    stated, right, _ = _checked(confidences, scores, None)
    base = float(right.mean())
    apart, spread = 0.0, 0.0
    for rows in _bins(stated, bins or len(stated)):
        share = len(rows) / len(stated)
        apart += share * (float(stated[rows].mean()) - float(right[rows].mean())) ** 2
        spread += share * (float(right[rows].mean()) - base) ** 2
    score = float(np.square(stated - right).mean())
    uncertainty = float(np.square(right - base).mean())
    return Brier(score, apart, spread, uncertainty, score - (apart - spread + uncertainty))


def recalibrate(
    confidences: npt.ArrayLike, scores: npt.ArrayLike, *, clusters: Clusters | None = None
) -> Recalibration:
    """The isotonic map by pooling adjacent violators, judged on cases that it had not seen.

    Raises StatisticsError for fewer than 20 cases: such a map would be noise.
    """
    stated, right, group = _checked(confidences, scores, clusters)
    if len(stated) < 20:
        raise StatisticsError("recalibration needs at least 20 cases", next_step="evaluate more cases")
    fold = np.unique(group, return_inverse=True)[1] % 5
    held = np.empty_like(stated)
    for part in range(5):
        out = fold == part
        if out.any():
            held[out] = np.interp(stated[out], *_isotonic(stated[~out], right[~out])) if not out.all() else stated[out]
    knots, values = _isotonic(stated, right)
    return Recalibration(
        tuple(knots.tolist()), tuple(values.tolist()),
        before=float(np.square(stated - right).mean()), after=float(np.square(held - right).mean()),
    )  # fmt: skip


def expected_score(
    confidences: npt.ArrayLike, scores: npt.ArrayLike, window: npt.ArrayLike, *, clusters: Clusters | None = None
) -> Expected:
    """The mean score of a window of confidences without answers, from a reference with answers.

    Each case of the window counts as the mean score of the reference bin that its confidence falls into. The interval
    adds the variance of those means, weighted as the window weights them, to that of the window's mix.
    """
    stated, right, group = _checked(confidences, scores, clusters)
    unseen = np.asarray(window, dtype=np.float64)
    if not len(unseen) or not np.isfinite(unseen).all():
        raise StatisticsError("the window has no confidences, or some that are no number",
                              next_step="leave out executions that state none")  # fmt: skip
    blocks = _bins(stated, 10)
    edges = np.array([float(stated[rows].max()) for rows in blocks[:-1]])
    place = np.searchsorted(edges, unseen, side="left")
    means = np.array([right[rows].mean() for rows in blocks])
    errors = np.array([max(_standard_error(right[rows], group[rows]), _least_error(rows, group)) for rows in blocks])
    shares = np.bincount(place, minlength=len(blocks)) / len(unseen)
    value = float(shares @ means)
    variance = float(np.square(shares * errors).sum()) + float(means[place].var()) / len(unseen)
    lo, hi = _interval(value, math.sqrt(variance), group)
    assumption = "what is right at a confidence has not changed: only the mix of cases has"
    return Expected(value, lo, hi, len(unseen), assumption)


def _checked(
    confidences: npt.ArrayLike, scores: npt.ArrayLike, clusters: Clusters | None
) -> tuple[Floats, Floats, Codes]:
    stated, right = np.asarray(confidences, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    if len(stated) != len(right) or not len(stated):
        raise StatisticsError(f"{len(stated)} confidences stand beside {len(right)} scores")
    for name, values in (("confidence", stated), ("score", right)):
        if not ((values >= 0) & (values <= 1)).all():
            raise StatisticsError(f"a {name} lies outside [0, 1] or is missing", next_step="leave such cases out")
    group = np.arange(len(stated)) if clusters is None else cluster_codes(clusters)
    if len(group) != len(stated):
        raise StatisticsError(f"{len(stated)} confidences stand beside {len(group)} cluster ids")
    return stated, right, group


def _bins(stated: Floats, most: int) -> list[Codes]:
    """Rows by bins of about equal counts; equal confidences are never parted."""
    order = np.argsort(stated, kind="stable")
    ranked = stated[order]
    ends = {len(stated)}
    for part in range(1, most):
        cut = round(len(stated) * part / most)
        if 0 < cut < len(stated):
            # a cut between equal confidences moves to the nearer end of them
            first, last = (int(np.searchsorted(ranked, ranked[cut - 1], side=side)) for side in ("left", "right"))
            ends.add(last if first == 0 or last - cut <= cut - first else first)
    ordered = sorted(ends)
    starts = [0, *ordered[:-1]]
    return [np.sort(order[start:end]) for start, end in zip(starts, ordered, strict=True) if end > start]


def _standard_error(values: Floats, group: Codes) -> float:
    """Of the mean, clustered; NaN-free: infinite uncertainty is left to `_least_error`."""
    _, codes = np.unique(group, return_inverse=True)
    sums = np.bincount(codes, weights=values - values.mean())
    count = len(sums)
    return float(math.sqrt(count / (count - 1) * np.square(sums).sum()) / len(values)) if count > 1 else 0.0


def _least_error(rows: Codes, group: Codes) -> float:
    """A floor for bins whose cases all agree: half the 68 % Wilson interval of G of G clusters."""
    lo, hi = wilson(0, len(np.unique(group[rows])), 0.683)
    return (hi - lo) / 2


def _interval(mean: float, error: float, group: Codes) -> tuple[float, float]:
    n_clusters = len(np.unique(group))
    return interval_of_share(mean, error, n_clusters=n_clusters, df=n_clusters - 1)


def _isotonic(stated: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Knots and means of the rising step curve nearest to the scores: adjacent violators are pooled."""
    knots, place, counts = np.unique(stated, return_inverse=True, return_counts=True)
    sums = np.bincount(place, weights=right)
    blocks: list[tuple[float, int, int]] = []  # mean, weight, knots
    for mean, weight in zip((sums / counts).tolist(), counts.tolist(), strict=True):
        block = (mean, weight, 1)
        while blocks and blocks[-1][0] >= block[0]:
            last = blocks.pop()
            total = last[1] + block[1]
            block = ((last[0] * last[1] + block[0] * block[1]) / total, total, last[2] + block[2])
        blocks.append(block)
    return knots, np.repeat([mean for mean, _, _ in blocks], [width for _, _, width in blocks])


def step_knots(knots: Sequence[float], values: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """The corners of an isotonic map, without the knots inside a level stretch: what a table or a figure shows."""
    pairs = list(zip(knots, values, strict=True))
    last = len(pairs) - 1
    return tuple(
        pair
        for index, pair in enumerate(pairs)
        if index in (0, last) or not (pairs[index - 1][1] == pair[1] == pairs[index + 1][1])
    )
