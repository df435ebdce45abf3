"""The review threshold: what goes to a person, what slips past, and which threshold keeps a promise.

In: (n,) confidences and scores as in `calibration`. An answer whose confidence is below the threshold is reviewed;
the others are accepted. *Load* is the share reviewed, *error* the share of wrong ones (1 - mean score) among those
accepted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from evalkit.cards import Grid, card
from evalkit.errors import StatisticsError
from evalkit.figures import rate, rate_interval
from evalkit.stats.intervals import clopper_pearson, wilson

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Threshold:
    """What one threshold does."""

    threshold: float
    load: float
    """Share of answers that a person reviews."""
    load_lo: float
    load_hi: float
    accepted: int
    error: float
    """Share of wrong answers among those accepted; NaN where none is."""
    error_lo: float
    error_hi: float
    """95 % interval, Wilson's."""
    caught: float
    """Share of all wrong answers that are reviewed; NaN where none is wrong."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Answers of a stretch of confidences [low, high), one of them above the threshold or below."""

    low: float
    high: float
    n: int
    right: float
    """Mean score; NaN where there is no answer."""


@dataclass(frozen=True, slots=True)
class ReviewBand:
    """The neighbourhood of a threshold: where a small change of confidence changes what happens to an answer."""

    at: Threshold
    band: float
    below: Stretch
    """[threshold - band, threshold): reviewed, and nearly not."""
    above: Stretch
    """[threshold, threshold + band]: accepted, and nearly not."""
    histogram: tuple[Stretch, ...]
    """All confidences in steps of ``band``, the threshold on an edge."""
    n: int

    @property
    def near(self) -> float:
        """The share of answers within the band."""
        return (self.below.n + self.above.n) / self.n

    def sentence(self) -> str:
        """What the threshold does, in one line."""
        at = self.at
        missed = f"{rate(at.error)} of the accepted are wrong ({rate_interval(at.error_lo, at.error_hi)})"
        return (
            f"At {at.threshold:g}, {rate(at.load)} of {self.n:,} answers are reviewed and {missed}; "
            f"{rate(self.near)} lie within {self.band:g} of it."
        )

    def _repr_html_(self) -> str:
        rows = [(f"{s.low:.2f} to {s.high:.2f}", s.n, rate(s.right)) for s in self.histogram if s.n]
        return card("Review threshold", lead=self.sentence(), grids=[Grid(["confidence", "answers#", "right#"], rows)])


def judge_threshold(confidences: npt.ArrayLike, scores: npt.ArrayLike, threshold: float) -> Threshold:
    """Load and error of one threshold, with 95 % intervals."""
    stated, right = _checked(confidences, scores)
    accepted = stated >= threshold
    reviewed, kept = int((~accepted).sum()), int(accepted.sum())
    wrong = 1 - right
    missed, every = float(wrong[accepted].sum()), float(wrong.sum())
    load_lo, load_hi = wilson(reviewed, len(stated))
    error_lo, error_hi = wilson(missed, kept)
    return Threshold(
        threshold=threshold, load=reviewed / len(stated), load_lo=load_lo, load_hi=load_hi, accepted=kept,
        error=missed / kept if kept else math.nan, error_lo=error_lo, error_hi=error_hi,
        caught=1 - missed / every if every else math.nan,
    )  # fmt: skip


def threshold_curve(
    confidences: npt.ArrayLike, scores: npt.ArrayLike, thresholds: Sequence[float] = ()
) -> tuple[Threshold, ...]:
    """Load and error of every threshold asked for; by default from 0 to 1 in steps of 0.05. Pointwise intervals."""
    asked = thresholds or [step / 20 for step in range(21)]
    return tuple(judge_threshold(confidences, scores, threshold) for threshold in asked)


def review_band(
    confidences: npt.ArrayLike, scores: npt.ArrayLike, *, threshold: float, band: float = 0.05
) -> ReviewBand:
    """The answers near a threshold, and what the threshold does."""
    stated, right = _checked(confidences, scores)
    if not 0 < band <= 0.5:
        raise StatisticsError("a band is above 0 and at most 0.5", next_step="0.05 is usual")
    low, high = math.ceil(threshold / band - 1e-9), math.ceil((1 - threshold) / band - 1e-9)
    edges = [round(threshold + step * band, 9) for step in range(-low, high + 1)]
    pairs = pairwise(edges)
    histogram = tuple(_stretch(stated, right, start, end, closed=end >= 1) for start, end in pairs)
    return ReviewBand(
        at=judge_threshold(stated, right, threshold),
        band=band,
        below=_stretch(stated, right, threshold - band, threshold),
        above=_stretch(stated, right, threshold, threshold + band, closed=True),
        histogram=histogram,
        n=len(stated),
    )


def choose_threshold(
    confidences: npt.ArrayLike, scores: npt.ArrayLike, *, most_error: float, confidence: float = 0.95
) -> Threshold | None:
    """The lowest threshold whose error is at most ``most_error``, with this confidence for the choice as a whole.

    Thresholds are tried from the top down and each must pass an exact one-sided test before the next is tried
    (fixed-sequence testing; Angelopoulos et al. 2021), so that picking one costs nothing. Scores are counted as wrong
    unless they are 1. None where no threshold can be promised: more cases are needed, or a better agent.
    """
    stated, right = _checked(confidences, scores)
    if not 0 < most_error < 1:
        raise StatisticsError("an error to promise lies between 0 and 1")
    wrong = right < 1
    found = None
    # begin where enough answers are accepted for a test to pass at all
    least = math.log(1 - confidence) / math.log1p(-most_error)
    for step in range(100, -1, -1):
        accepted = stated >= step / 100
        kept = int(accepted.sum())
        if kept < least:
            continue
        if clopper_pearson(int(wrong[accepted].sum()), kept, 2 * confidence - 1)[1] > most_error:
            break
        found = step / 100
    return judge_threshold(stated, right, found) if found is not None else None


def _stretch(stated: Floats, right: Floats, low: float, high: float, *, closed: bool = False) -> Stretch:
    inside = (stated >= low - 1e-12) & ((stated <= high + 1e-12) if closed else (stated < high - 1e-12))
    n = int(inside.sum())
    return Stretch(low, high, n, float(right[inside].mean()) if n else math.nan)


def _checked(confidences: npt.ArrayLike, scores: npt.ArrayLike) -> tuple[Floats, Floats]:
    stated, right = np.asarray(confidences, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    if len(stated) != len(right) or not len(stated):
        raise StatisticsError(f"{len(stated)} confidences stand beside {len(right)} scores")
    if not ((stated >= 0) & (stated <= 1) & (right >= 0) & (right <= 1)).all():
        raise StatisticsError("a confidence or a score lies outside [0, 1] or is missing",
                              next_step="leave such cases out")  # fmt: skip
    return stated, right
