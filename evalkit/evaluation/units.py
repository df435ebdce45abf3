"""Units: which cases count as one piece of evidence, and how the trials of a case are read.

In: the scores of a run as stored. Out: the same scores in other units; nothing is evaluated anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from math import comb
from typing import NamedTuple

import numpy as np

from evalkit.errors import StatisticsError
from evalkit.evaluation.scoretable import FLAG, NOTHING, ScoreTable, Values
from evalkit.stats.columns import Places

_READING = re.compile(r"mean|pass([@^])([1-9][0-9]{0,2})")


class Units(NamedTuple):
    """What a run is read in."""

    cluster: str = "patient"
    """``patient`` (as the cases say it), ``case``, ``tag:PREFIX``, or the name of a field."""
    trials: str = "mean"
    """``mean``, ``pass@K`` (at least one of K trials is right) or ``pass^K`` (all of them are)."""

    def __str__(self) -> str:
        said = []
        if self.cluster != "patient":
            said.append("each case alone" if self.cluster == "case" else f"clusters by {self.cluster}")
        if self.trials != "mean":
            said.append(f"right or wrong as {self.trials}")
        return ", ".join(said)


AS_STORED = Units()


def cluster_by(table: ScoreTable, cluster: str | Mapping[str, str]) -> ScoreTable:
    """The scores with other clusters: ``patient`` as they are, ``case``, ``tag:PREFIX``, or case id -> cluster.

    ``tag:lines`` ties together the cases whose tags ``lines:...`` agree. A case that has no such tag, or an empty
    cluster, stands alone. Raises StatisticsError for a prefix that no case carries, and for a mapping that lacks
    cases.
    """
    if cluster == "patient":
        return table
    if isinstance(cluster, Mapping):
        lacking = sum(case_id not in cluster for case_id in table.case_ids)
        if lacking:
            raise StatisticsError(
                f"{lacking} of {len(table.case_ids)} cases have no cluster", next_step="name a cluster for every case"
            )
        found = [cluster[case_id] for case_id in table.case_ids]
    elif cluster == "case":
        found = list(table.case_ids)
    else:
        prefix = cluster.removeprefix("tag:") + ":"
        named = [" ".join(tag for tag in tags if tag.startswith(prefix)) for tags in table.tag_sets]
        if not any(named):
            raise StatisticsError(
                "no case carries a tag of that prefix", next_step="see the slices of `evalkit report`"
            )
        found = [named[tagged] for tagged in table.tagged.tolist()]
    return replace(table, clusters=tuple(map(_or_alone, found, table.case_ids)))


def read_trials(table: ScoreTable, reading: str) -> ScoreTable:
    """The scores with right or wrong read as ``pass@K`` or ``pass^K`` of each case, unbiased; numbers stay means.

    A case with fewer than K judged trials is left out, and counted where a comparison meets it. Raises
    StatisticsError for another reading, and where no case has K trials.
    """
    parsed = _READING.fullmatch(reading)
    if parsed is None:
        raise StatisticsError("trials are read as mean, pass@K or pass^K", next_step="write pass^3, say")
    if reading == "mean":
        return table
    k = int(parsed[2])
    sizes = np.diff(table.starts, append=len(table))
    if not (sizes >= k).any():
        raise StatisticsError(
            f"no case has {k} trials", where=f"at most {int(sizes.max(initial=0))}",
            next_step="take a smaller K, or evaluate with --trials",
        )  # fmt: skip
    read = {
        name: _read(values, table.starts, k, every=parsed[1] == "^") if (values.kinds == FLAG).any() else values
        for name, values in table.metrics.items()
    }
    return replace(table, metrics=read)


def _read(values: Values, starts: Places, k: int, *, every: bool) -> Values:
    """Each judged trial gets its case's chance that k of its trials are all right (``every``), or one of them."""
    judged = values.kinds == FLAG
    tried = np.add.reduceat(judged.astype(np.int64), starts)
    right = np.add.reduceat(np.where(judged, values.numbers, 0.0), starts).astype(np.int64)
    outcomes = {
        (hits, n): (comb(hits, k) if every else comb(n, k) - comb(n - hits, k)) / max(comb(n, k), 1)
        for hits, n in set(zip(right.tolist(), tried.tolist(), strict=True))
    }
    chances = np.array([outcomes[pair] for pair in zip(right.tolist(), tried.tolist(), strict=True)])
    sizes = np.diff(starts, append=len(judged))
    enough = np.repeat(tried >= k, sizes)
    return replace(
        values,
        kinds=np.where(judged & ~enough, np.uint8(NOTHING), values.kinds),
        numbers=np.where(judged, np.repeat(chances, sizes), values.numbers),
    )


def _or_alone(cluster: str, case_id: str) -> str:
    return cluster or case_id
