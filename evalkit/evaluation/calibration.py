"""What an agent's stated confidence is worth, and what the review threshold of its spec does: from one stored run."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from evalkit.cards import Grid, card
from evalkit.errors import MetricError
from evalkit.evaluation.judges import as_number
from evalkit.evaluation.run import Run, RunHeader
from evalkit.evaluation.runs import read_executions
from evalkit.figures import count, rate, rate_interval
from evalkit.stats.calibration import (
    Bin,
    Brier,
    CalibrationError,
    Recalibration,
    brier,
    calibration_error,
    recalibrate,
    reliability,
)
from evalkit.stats.review import ReviewBand, Threshold, choose_threshold, review_band, threshold_curve

FEWEST = 20
"""Answers with a confidence below which nothing is said about calibration."""


@dataclass(frozen=True, eq=False, repr=False)
class Calibration:
    """Confidence against correctness, by one metric."""

    run: RunHeader
    metric: str
    bins: tuple[Bin, ...]
    error: CalibrationError
    brier: Brier
    recalibration: Recalibration
    band: ReviewBand
    curve: tuple[Threshold, ...]
    """Load and error of thresholds from 0 to 1."""
    most_error: float
    promised: Threshold | None
    """The lowest threshold that keeps the error of accepted answers at ``most_error``, with 95 % confidence."""
    without: int
    """Answers that were judged and state no confidence."""

    def sentence(self) -> str:
        """What was found, in one line."""
        return f"{self.metric}: {self.error}. {self.band.sentence()} {self.promise()}"

    def promise(self) -> str:
        """What threshold would keep the error low, in one sentence."""
        asked = rate(self.most_error)
        if self.promised is None:
            return f"No threshold can be promised to keep it at {asked}: more cases are needed, or a better agent."
        found = self.promised
        return (
            f"A threshold of {found.threshold:g} keeps it at {asked} (95 % confidence) and reviews {rate(found.load)}."
        )

    def summary(self) -> dict[str, Any]:
        """All of it as JSON values, for machines."""
        parts = {
            "run": self.run.run_id, "metric": self.metric, "bins": [asdict(one) for one in self.bins],
            "error": asdict(self.error), "brier": asdict(self.brier),
            "recalibration": {"before": self.recalibration.before, "after": self.recalibration.after},
            "band": asdict(self.band), "curve": [asdict(one) for one in self.curve], "most_error": self.most_error,
            "promised": asdict(self.promised) if self.promised else None, "without": self.without,
        }  # fmt: skip
        found = _finite(parts)
        assert isinstance(found, dict)
        return found

    def __repr__(self) -> str:
        return f"Calibration({self.run.spec_ref}, {self.metric}: {self.error})"

    def _repr_html_(self) -> str:
        bins = [
            (
                f"{b.low:.2f} to {b.high:.2f}",
                f"{b.confidence:.3f}",
                f"{b.accuracy:.3f}",
                f"{b.lo:.3f} to {b.hi:.3f}",
                b.n,
            )
            for b in self.bins
        ]
        curve = [
            (f"{t.threshold:.2f}", rate(t.load), rate(t.error), rate_interval(t.error_lo, t.error_hi), rate(t.caught))
            for t in self.curve
            if t.threshold >= 0.4
        ]
        parts = self.brier
        lead = (
            f"{self.sentence()} Brier score {parts.score:.3f}: reliability {parts.reliability:.3f}, resolution "
            f"{parts.resolution:.3f}, uncertainty {parts.uncertainty:.3f}."
        )
        return card(
            f"Calibration of {self.run.spec_ref} by {self.metric}",
            lead=lead,
            grids=[
                Grid(["confidence", "mean#", "right#", "95 % interval#", "answers#"], bins),
                Grid(
                    ["threshold#", "reviewed#", "wrong among accepted#", "95 % interval#", "wrong ones caught#"], curve
                ),
            ],
        )


def calibrate(
    run: Run, *, metric: str | None = None, threshold: float | None = None, most_error: float = 0.05
) -> Calibration:
    """Hold the confidences of a run against a metric; by default the head metric and the spec's review threshold.

    A row is an answer that states a confidence and has a number by the metric: refusals and failures state none. Rows
    of one patient are one cluster. Raises MetricError for an unknown metric, one without numbers, and for fewer than
    20 such answers.
    """
    name = metric or run.head_metric
    if name not in run.scores.values:
        known = ", ".join(sorted(run.scores.values))
        raise MetricError(f"this run has no metric {name}", where=run.header.spec_ref, next_step=f"it has: {known}")
    stated = {
        (done.case_id, done.trial): done.confidence
        for done in read_executions(run)
        if done.reply is not None and done.status != "refused"
    }
    confidences, scores, clusters, without = [], [], [], 0
    keys = zip(run.scores.case_ids, run.scores.trials, strict=True)
    for key, value, cluster in zip(keys, run.scores.values[name], run.scores.clusters, strict=True):
        number, confidence = as_number(value), stated.get(key)
        if number is None or key not in stated:
            continue
        if confidence is None:
            without += 1
            continue
        confidences.append(confidence)
        scores.append(number)
        clusters.append(cluster)
    if len(scores) < FEWEST:
        raise MetricError(
            f"{count(len(scores), 'answer')} with a confidence and a number by {name}; calibration needs {FEWEST}",
            where=run.header.spec_ref,
            next_step="evaluate more cases, or an agent that states a confidence",
        )
    review = run.spec.review
    return Calibration(
        run=run.header,
        metric=name,
        bins=reliability(confidences, scores, clusters=clusters),
        error=calibration_error(confidences, scores, clusters=clusters),
        brier=brier(confidences, scores, bins=10),
        recalibration=recalibrate(confidences, scores, clusters=clusters),
        band=review_band(
            confidences,
            scores,
            threshold=review.threshold if threshold is None else threshold,
            band=review.band or 0.05,
        ),
        curve=threshold_curve(confidences, scores),
        most_error=most_error,
        promised=choose_threshold(confidences, scores, most_error=most_error),
        without=without,
    )


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
