"""The store of one experiment: a run is found by its id or created, and written in one batch.

MLflow is imported inside the functions, with its telemetry off, its loggers quiet and its HTTP retries bounded. The
client is used directly: the fluent interface would add user name, host paths and the state of the working copy.
"""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypedDict
from urllib.parse import urlsplit

from evalkit.errors import TrackingError
from evalkit.evaluation.run import RunHeader
from evalkit.evaluation.workspace import open_workspace
from evalkit.spec.schema import Spec
from evalkit.tracking.admission import admit, admit_spec_text
from evalkit.tracking.entries import TABLES, Entry
from evalkit.tracking.notes import EXPERIMENT, NOTE

if TYPE_CHECKING:
    from mlflow import MlflowClient

MOST_METRICS: Final = 1000
MOST_ENTITIES: Final = 100
LONGEST_PROMPT: Final = 100_000
"""MLflow's limits: metrics, params or tags of one batch, characters of a registered prompt."""

MOST_CHILDREN: Final = 10_000
"""Windows that a history looks back on."""

STEP: Final = "evalkit.step"
"""The tag with a run's place in a history."""

_LONGEST_DATASET_DIGEST: Final = 36
_ENVIRONMENT: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}


class Destination(TypedDict, total=False):
    """Where to track to."""

    uri: str | None
    """Tracking server or store; by default a SQLite file in the workspace."""
    experiment: str | None
    """Name of the MLflow experiment; by default the spec's id."""


@dataclass(frozen=True, slots=True)
class TrackedRun:
    """Where a run is found in MLflow."""

    run_id: str
    """MLflow's id of the run."""
    parent_id: str | None
    """MLflow's id of the comparison above it, if one was tracked."""
    uri: str


def default_uri() -> str:
    """The SQLite store of the workspace: ``sqlite:///<workspace>/mlflow.db``."""
    return f"sqlite:///{(open_workspace().root.resolve() / 'mlflow.db').as_posix()}"


@dataclass(frozen=True, slots=True)
class Found:
    """A run as it stands in MLflow."""

    run_id: str
    tags: dict[str, str]
    metrics: dict[str, float]


class Store:
    """One experiment of one tracking server."""

    def __init__(self, uri: str, experiment: str) -> None:
        from mlflow import MlflowClient

        folder = _folder(uri)
        if folder is not None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._client: MlflowClient = MlflowClient(tracking_uri=uri, registry_uri=uri)
        found = self._client.get_experiment_by_name(experiment)
        if found is not None and found.lifecycle_stage != "active":
            raise TrackingError(
                "the experiment was deleted in MLflow", where=experiment, next_step="restore it, or name another one"
            )
        # Without a place of its own, MLflow would put the artifacts of a local store into the current folder.
        place = (folder / "mlartifacts").as_uri() if folder is not None else None
        self._experiment: str = (
            found.experiment_id
            if found is not None
            else self._client.create_experiment(experiment, place, tags={NOTE: EXPERIMENT})
        )

    def write(self, entry: Entry, *, parent_id: str | None = None, header: RunHeader | None = None) -> str:
        """Find or create the run of an entry and write all of it. The id of the run."""
        found = self._find(entry)
        run_id = found or self._create(entry)
        before = dict(self._client.get_run(found).data.tags) if found else {}
        tags = dict(entry.tags)
        if "evalkit.gate" in before and "evalkit.gate" not in tags:  # a verdict by gates outlives its use as a baseline
            tags = {name: value for name, value in tags.items() if name not in ("evalkit.verdict", NOTE)}
        if parent_id is not None and "mlflow.parentRunId" not in before:  # the first comparison keeps its runs
            tags["mlflow.parentRunId"] = parent_id
        tables = [{"path": path, "type": "table"} for path in entry.files if path in TABLES]
        if tables:
            tags["mlflow.loggedArtifacts"] = json.dumps(tables)
        self._log(run_id, entry, tags)
        if header is not None:
            self._log_dataset(run_id, header)
        for path, text in entry.files.items():
            self._client.log_text(run_id, text, path)
        if found is None or entry.complete is not None:
            status = "KILLED" if entry.complete is False else "FINISHED"
            self._client.set_terminated(run_id, status=status, end_time=entry.started_ms)
        return run_id

    def link_spec(self, entry: Entry, spec: Spec) -> None:
        """Register the spec's text as a prompt version, once, and point the entry at it.

        A text beyond MLflow's limit is kept as an artifact of the run instead.
        """
        text = admit_spec_text(spec)
        if len(text) > LONGEST_PROMPT:
            entry.files["spec.md"] = text
            return
        mark = f"sha-{spec.content_sha[:12]}"
        version = self._prompt_version(spec.id, mark)
        if version is None:
            if self._client.get_prompt(spec.id) is None:
                self._client.create_prompt(spec.id, tags={"evalkit.kind": "spec"})
            tags = {"version": spec.version, "content_sha": spec.content_sha, "behaviour_sha": spec.behaviour_sha}
            version = int(self._client.create_prompt_version(spec.id, text, tags=tags).version)
            self._client.set_prompt_alias(spec.id, mark, version)
            self._client.set_prompt_alias(spec.id, "version-" + spec.version.replace(".", "-"), version)
        entry.tags["evalkit.prompt"] = f"prompts:/{spec.id}/{version}"
        entry.tags["mlflow.linkedPrompts"] = json.dumps([{"name": spec.id, "version": str(version)}])

    def _prompt_version(self, name: str, alias: str) -> int | None:
        from mlflow.exceptions import MlflowException

        try:
            return int(self._client.get_prompt_version_by_alias(name, alias).version)
        except MlflowException as missing:
            if missing.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise

    def children(self, parent_id: str) -> list[Found]:
        """The runs below a run, oldest first."""
        found = self._search(f"tags.`mlflow.parentRunId` = '{parent_id}'")
        return sorted(found, key=lambda run: (int(run.tags.get(STEP, 0)), run.run_id))

    def runs(self, **tags: str) -> list[Found]:
        """The runs with all of these tags of ours, as ``kind="run"``."""
        asked = " and ".join(f"tags.`evalkit.{name}` = '{value}'" for name, value in tags.items())
        return self._search(asked)

    def _search(self, asked: str) -> list[Found]:
        found = self._client.search_runs([self._experiment], asked, max_results=MOST_CHILDREN)
        return [Found(str(run.info.run_id), dict(run.data.tags), dict(run.data.metrics)) for run in found]

    def tag(self, run_id: str, tags: dict[str, str]) -> None:
        """Set tags of a run."""
        for name, value in tags.items():
            self._client.set_tag(run_id, name, value)

    def add_file(self, run_id: str, path: str, text: str) -> None:
        """Write an artifact of a run, over one of that name."""
        self._client.log_text(run_id, text, path)

    def add_points(self, run_id: str, metrics: dict[str, float], *, step: int, moment_ms: int) -> None:
        """One more point of each curve of a run."""
        from mlflow.entities import Metric

        points = [Metric(name, value, moment_ms, step) for name, value in metrics.items()]
        for start in range(0, len(points), MOST_METRICS):
            self._client.log_batch(run_id, metrics=points[start : start + MOST_METRICS])

    def _find(self, entry: Entry) -> str | None:
        name, value = entry.identity
        found = self._client.search_runs([self._experiment], f"tags.`{name}` = '{value}'", max_results=1)
        return str(found[0].info.run_id) if found else None

    def _create(self, entry: Entry) -> str:
        tags = dict([entry.identity])
        created = self._client.create_run(self._experiment, entry.started_ms, tags=tags, run_name=entry.title)
        return str(created.info.run_id)

    def _log(self, run_id: str, entry: Entry, tags: dict[str, str]) -> None:
        """One batch, or as few as MLflow's limits allow. The time of every metric is that of the record."""
        from mlflow.entities import Metric, Param, RunTag

        metrics = [Metric(name, value, entry.started_ms, 0) for name, value in entry.metrics.items()]
        params = [Param(name, value) for name, value in entry.params.items()]
        marks = [RunTag(name, value) for name, value in tags.items()]
        while metrics or params or marks:
            now = (params[:MOST_ENTITIES], marks[:MOST_ENTITIES])
            room = MOST_METRICS - len(now[0]) - len(now[1])
            self._client.log_batch(run_id, metrics=metrics[:room], params=now[0], tags=now[1])
            metrics, params, marks = metrics[room:], params[MOST_ENTITIES:], marks[MOST_ENTITIES:]

    def _log_dataset(self, run_id: str, header: RunHeader) -> None:
        """The cases as a dataset input: our digest (its beginning, MLflow keeps 36 characters), name and counts."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        name = admit("dataset name", header.dataset_name, where="header")
        digest = admit("digest", header.dataset_digest, where="header")
        dataset = Dataset(
            name=name,
            digest=digest[:_LONGEST_DATASET_DIGEST],
            source_type="evalkit",
            source=json.dumps({"sha256": digest}),
            profile=json.dumps({"cases": int(header.cases)}),
        )
        self._client.log_inputs(run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "evaluation")])])


def _folder(uri: str) -> Path | None:
    """The folder of a SQLite store; None for anything else."""
    parts = urlsplit(uri)
    if parts.scheme != "sqlite" or not parts.path.strip("/"):
        return None
    return Path(uri.removeprefix("sqlite:///")).resolve().parent


@contextmanager
def quiet() -> Iterator[None]:
    """MLflow without telemetry, progress bars, start-up messages and the deprecations of its own dependencies.

    What the user has set stands; levels of loggers are given back.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        import mlflow  # noqa: F401  # sets up its loggers, which are then lowered

        loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
        levels = [logger.level for logger in loggers]
        try:
            for logger in loggers:
                logger.setLevel(logging.ERROR)
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


@contextmanager
def explained(uri: str) -> Iterator[None]:
    """MLflow's and SQLAlchemy's errors as one line that names the place without its credentials."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        parts = urlsplit(uri)
        place = f"{parts.scheme}://{parts.hostname}:{parts.port}" if parts.hostname else f"{parts.scheme} store"
        code = getattr(error, "error_code", type(error).__name__)
        raise TrackingError(
            f"the tracking store does not answer or refuses ({code})",
            where=place,
            next_step="nothing is lost; when it is there again: evalkit track RUN",
        ) from None
