"""Two versions of the shipped billing spec, and one run of each on the same cases."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evalkit.cases.case import GoldSet
from evalkit.evaluation.pipeline import evaluate
from evalkit.evaluation.run import Run, RunHeader
from evalkit.evaluation.scoretable import tabulate
from evalkit.evaluation.traces import NO_TRACES, gather_traces
from evalkit.metrics.scoring import Scores, Value
from evalkit.spec.schema import Spec
from evalkit.tasks import load_spec, offline_agent, synthesize


@pytest.fixture(scope="session")
def specs() -> tuple[Spec, Spec]:
    return load_spec("billing_codes@1.0.0"), load_spec("billing_codes@2.0.0")


@pytest.fixture(scope="session")
def gold(specs: tuple[Spec, Spec]) -> GoldSet:
    return synthesize(specs[0], n=120, seed=7)


@pytest.fixture(scope="session")
def runs(
    specs: tuple[Spec, Spec], gold: GoldSet, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Run, Run]]:
    home = tmp_path_factory.mktemp("runs") / ".evalkit"
    before = os.environ.get("EVALKIT_HOME")
    os.environ["EVALKIT_HOME"] = str(home)
    made = tuple(evaluate(spec, gold, offline_agent(spec)) for spec in specs)
    if before is None:
        del os.environ["EVALKIT_HOME"]
    else:
        os.environ["EVALKIT_HOME"] = before
    yield made[0], made[1]
    assert Path(home).is_dir()


@pytest.fixture(scope="module", autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workspace for what the fixtures of a module evaluate: the checkout that tests run in stays as it is."""
    home = tmp_path_factory.mktemp("home") / ".evalkit"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("EVALKIT_HOME", str(home))
        yield home


Build = Callable[..., Run]


@pytest.fixture(scope="session")
def build(specs: tuple[Spec, Spec]) -> Build:
    """A maker of runs from columns: metric -> one value a case, or a case and trial; no agent is asked."""

    def make(
        values: Mapping[str, Sequence[Value]], *, version: int = 0, trials: int = 1, given: Mapping[str, Any] | None = None,
        about: Mapping[str, Any] | None = None, **changes: Any,
    ) -> Run:  # fmt: skip
        """``given`` overrules columns of the scores and ``traces``, ``about`` fields of the header, ``changes`` the run's."""
        spec, rows = specs[version], len(next(iter(values.values())))
        parts = {
            "case_ids": [f"case-{row // trials:03d}" for row in range(rows)],
            "trials": [row % trials for row in range(rows)],
            "tags": [()] * rows,
            "errors": {},
            **(given or {}),
        }
        rest_on = parts.pop("traces", ())
        parts.setdefault("clusters", parts["case_ids"])
        columns = {name: column if name == "errors" else tuple(column) for name, column in parts.items()}
        scores = Scores(values={name: tuple(column) for name, column in values.items()}, **columns)
        header = RunHeader(
            run_id=f"run-{version}", spec_id=spec.id, spec_version=spec.version, family=spec.family,
            content_sha=spec.content_sha, behaviour_sha=spec.behaviour_sha, dataset_digest="da" * 32,
            dataset_name="built by hand", data_class="synthetic", agent_id="columns", metrics_digest="4e" * 32,
            trials=trials, cases=rows // trials, probes=0, created_at="2026-01-05T10:15:00Z", evalkit_version="0.1.0",
        )  # fmt: skip
        whole = {
            "checks": (),
            "baselines": {},
            "head_metric": next(iter(values)),
            "traces": gather_traces(rest_on) if rest_on else NO_TRACES,
            **changes,
        }
        return Run(header=replace(header, **(about or {})), spec=spec, table=tabulate(scores), **whole)

    return make
