"""Estimates with intervals, one per metric and scope. Arrays in, frozen results out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run says of one metric in one scope. Rates and scores are in [0, 1]."""

    metric: str
    scope: str
    """``all`` or ``tag:<tag>``."""
    value: float
    """NaN where nothing could be judged."""
    lo: float
    hi: float
    """The 95 % interval."""
    n: int
    """Cases judged."""
    n_clusters: int
    method: str
    """``wilson``, ``clustered t``, ``clustered delta``."""
    not_applicable: int = 0
    """Executions that the metric left out."""
    errors: int = 0
    """Executions whose metric or agent raised."""
