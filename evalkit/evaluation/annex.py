"""The annex of a report: what takes more than one run's scores to say, gathered from the workspace.

In: a stored run and its baseline. Out: calibration, drift of outputs and history, or why one of them is not there.
"""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.errors import EvalkitError
from evalkit.evaluation.calibration import Calibration, calibrate
from evalkit.evaluation.drift import profile_run
from evalkit.evaluation.history import History, gather_history
from evalkit.evaluation.run import Run
from evalkit.stats.drift import Drift, compare_profiles
from evalkit.stats.profile import Profile


@dataclass(frozen=True, slots=True, eq=False)
class Annex:
    """What a report says besides scores. Each part may be missing."""

    calibration: Calibration | None = None
    uncalibrated: str = "confidences were not held against answers"
    """Why there is no calibration, in words of ours."""
    drift: Drift | None = None
    """Of outputs, confidences and refusals, against the baseline on the same cases."""
    profiles: tuple[Profile, Profile] | None = None
    """Of the baseline and of the run: what the drift was measured on."""
    history: History | None = None


def gather_annex(run: Run, baseline: Run | None = None) -> Annex:
    """The annex of a run from its sealed executions and the other runs of the workspace.

    Seconds are left out of the drift: they say how busy a machine was. An executions' file that is gone leaves
    calibration and drift out, and a report says so.
    """
    if not _at_hand(run):
        return Annex(uncalibrated="the executions of this run are not at hand")
    calibration, why = None, ""
    try:
        calibration = calibrate(run)
    except EvalkitError as reason:
        why = reason.what
    profiles = _profiles(run, baseline) if baseline is not None and _at_hand(baseline) else None
    drift = compare_profiles(*profiles) if profiles else None
    return Annex(calibration, why, drift, profiles, gather_history(run))


def _at_hand(run: Run) -> bool:
    return run.path is not None and run.path.exists()


def _profiles(run: Run, baseline: Run) -> tuple[Profile, Profile] | None:
    """Both as profiles; None where what the two put out cannot be held against each other."""
    try:
        before = profile_run(baseline, without=("seconds",))
        return before, profile_run(run, like=before)
    except EvalkitError:
        return None
