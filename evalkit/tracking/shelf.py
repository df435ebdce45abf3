"""The run browser: the evaluations that a tracking server holds, a row a run, newest version last.

In: a server and an experiment. Out: spec version, cases, head metric with its interval, verdicts and where to look. It
reads names, numbers and tags that `track` wrote, and writes nothing.

    from evalkit.tracking.shelf import browse_tracked
    browse_tracked("billing_codes")
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from evalkit.cards import Grid, card
from evalkit.errors import TrackingError
from evalkit.figures import count, mark, rate, rate_interval
from evalkit.tracking.sink import MOST_CHILDREN, STEP, default_uri, explained, quiet
from evalkit.visible import visible

_COLUMNS: Final = ("spec", "made", "cases", "value#", "95 % interval#", "verdict", "boundary", "MLflow run")
_HEAD: Final = "head/"


@dataclass(frozen=True, slots=True)
class ShelvedRun:
    """One evaluation as a tracking server holds it."""

    run_id: str
    """MLflow's."""
    spec: str
    made: str
    """ISO 8601 date, UTC."""
    dataset_digest: str
    value: float
    """Of the head metric; NaN where the server has none."""
    lo: float
    hi: float
    verdict: str
    boundary: str
    link: str
    """Its address in MLflow's own pages; the run id alone where the store is no server."""


@dataclass(frozen=True, slots=True, repr=False)
class Shelf:
    """The evaluations of one experiment, oldest first."""

    experiment: str
    metric: str
    runs: tuple[ShelvedRun, ...]

    def __len__(self) -> int:
        return len(self.runs)

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (one.spec, one.made, mark(one.dataset_digest), rate(one.value), rate_interval(one.lo, one.hi), one.verdict,
             one.boundary, one.link)
            for one in self.runs
        ]  # fmt: skip

    def summary(self) -> dict[str, Any]:
        """The shelf as plain values; what is missing is None."""
        rows = [asdict(one) for one in self.runs]
        for row in rows:
            row.update({name: None for name in ("value", "lo", "hi") if math.isnan(row[name])})
        return {"experiment": self.experiment, "metric": self.metric, "runs": rows}

    def __repr__(self) -> str:
        head = f"{count(len(self.runs), 'run')} of {self.experiment} by {self.metric}, oldest first"
        titles = tuple(name.removesuffix("#") for name in _COLUMNS)
        rows = [titles, *(tuple(map(visible, row)) for row in self._rows())]
        wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ("  ".join(map(str.ljust, row, wide)).rstrip() for row in rows)
        return "\n".join([visible(head), "", *lines])

    def _repr_html_(self) -> str:
        lead = f"{count(len(self.runs), 'run')} by {self.metric}, oldest first."
        return card(f"Tracked runs of {self.experiment}", lead=lead, grids=[Grid(_COLUMNS, self._rows())])


def browse_tracked(experiment: str, *, uri: str | None = None, metric: str | None = None) -> Shelf:
    """The evaluations of an experiment (the spec's id, if it was not named) on a server or in the workspace's store.

    ``metric`` is the one that stands in the rows; by default the head metric of the histories there. Raises
    TrackingError for a store that does not answer and an experiment that is not there.
    """
    place = uri or default_uri()
    with quiet(), explained(place):
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=place, registry_uri=place)
        found = client.get_experiment_by_name(experiment)
        if found is None:
            raise TrackingError("there is no such experiment", next_step="name one that `evalkit track` has written to")

        def ask(kind: str) -> list[Any]:
            return list(client.search_runs(
                [found.experiment_id], f"tags.`evalkit.kind` = '{kind}'", max_results=MOST_CHILDREN
            ))  # fmt: skip

        chosen = metric or _head_metric(ask("versions"))
        runs = sorted(ask("run"), key=_age)
        start = f"{place.rstrip('/')}/#/experiments/{found.experiment_id}/runs/" if place.startswith("http") else ""
        return Shelf(experiment, chosen, tuple(_shelve(run, chosen, start) for run in runs))


def _age(run: Any) -> tuple[int, int, str]:
    """When a run was made, to the second; within one second, its place in the history of its cases."""
    return run.info.start_time, int(run.data.tags.get(STEP, 0)), run.info.run_id


def _head_metric(histories: list[Any]) -> str:
    names = {str(name) for one in histories for name in one.data.metrics if name.startswith(_HEAD)}
    heads = sorted(name.removeprefix(_HEAD) for name in names if "." not in name)
    if len(heads) != 1:
        raise TrackingError("the experiment does not say which metric leads", next_step="name it: metric=...")
    return heads[0]


def _shelve(run: Any, metric: str, start: str) -> ShelvedRun:
    tags, figures = run.data.tags, run.data.metrics
    info = run.info
    value, lo, hi = (figures.get(f"{metric}{end}", math.nan) for end in ("", ".lo", ".hi"))
    return ShelvedRun(
        run_id=info.run_id,
        spec=tags.get("evalkit.spec", ""),
        made=datetime.fromtimestamp(info.start_time / 1000, UTC).date().isoformat(),
        dataset_digest=tags.get("evalkit.dataset_digest", ""),
        value=value, lo=lo, hi=hi,
        verdict=tags.get("evalkit.verdict", ""),
        boundary=tags.get("evalkit.boundary", ""),
        link=f"{start}{info.run_id}",
    )  # fmt: skip
