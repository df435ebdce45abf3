"""Runs that were started: who they are, where they lie, and when they move."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evalkit.agents.agent import Reply, Request
from evalkit.cases.case import Case, GoldSet
from evalkit.errors import JournalError, ResumeRefused
from evalkit.evaluation.archive import Judged
from evalkit.evaluation.runs import list_runs, load_run
from evalkit.evaluation.scoretable import tabulate
from evalkit.evaluation.started import Identity, begin, identify
from evalkit.evaluation.traces import NO_TRACES
from evalkit.metrics.scoring import Scores
from evalkit.spec.schema import Spec

Specs = tuple[Spec, Spec]
JUDGED = Judged(
    checks=(), table=tabulate(Scores(("a",), (0,), ("a",), ((),), {"m": (True,)}, {})), baselines={}, head_metric="m",
    lower_is_better=frozenset(), descriptive=frozenset(), incomplete=0, unprobed=(), traces=NO_TRACES,
)  # fmt: skip


def case(case_id: str, **changes: Any) -> Case:
    return replace(Case(case_id, "billing_codes", {"note": "Swollen knee."}, {}, {"lines": []}), **changes)


def silent(_request: Request) -> Reply:
    return Reply("ok", {})


def right(_case: Case, _execution: object) -> bool:
    return True


def wrong(_case: Case, _execution: object) -> bool:
    return False


def identity(spec: Spec, *cases: Case, **changes: Any) -> Identity:
    given: dict[str, Any] = {"probes": [], "metrics": {"m": right}, "trials": 1, **changes}
    return identify(spec, GoldSet("visits", cases or (case("a"),)), silent, **given)


@pytest.mark.parametrize(
    "changes",
    [{"trials": 2}, {"metrics": {"m": wrong}}, {"metrics": {"n": right}}, {"probes": [case("p")]}],
    ids=["trials", "code of a metric", "name of a metric", "probes"],
)
def test_an_identity_moves_with_whatever_is_asked_otherwise(specs: Specs, changes: dict[str, Any]) -> None:
    assert identity(specs[0], **changes) != identity(specs[0]) == identity(specs[0])


def test_an_identity_moves_with_the_spec_and_with_one_edited_case(specs: Specs) -> None:
    plain = identity(specs[0])
    assert identity(specs[1])["behaviour_sha"] != plain["behaviour_sha"]
    edited = identity(specs[0], case("a", input={"note": "Swollen ankle."}))
    assert {key for key in plain if plain[key] != edited[key]} == {"dataset_digest"}


@pytest.mark.parametrize(
    ("classes", "most"),
    [
        (("synthetic", "synthetic"), "synthetic"),
        (("deidentified", "synthetic"), "deidentified"),
        (("synthetic", "phi", "deidentified"), "phi"),
    ],
)
def test_the_most_protected_case_gives_its_class_to_the_run(specs: Specs, classes: tuple[Any, ...], most: str) -> None:
    cases = [case(str(place), data_class=name) for place, name in enumerate(classes)]
    assert identity(specs[0], *cases)["data_class"] == most


def test_a_run_lies_aside_until_it_is_judged_and_then_under_its_id(specs: Specs, workspace: Path) -> None:
    with begin(specs[0], identity(specs[0])) as run:
        (partial,) = (workspace / "runs" / "partial").glob("*.db")
        assert not run.target.exists()
        made = run.finish(JUDGED)
    assert not partial.exists()
    assert run.target == workspace / "runs" / f"{run.header.run_id}.db" == made.path
    stored = load_run(run.header.run_id)
    assert stored.header == made.header
    assert stored.scores == made.scores


def test_a_run_that_was_left_is_found_again_and_is_not_listed(specs: Specs, workspace: Path) -> None:
    with begin(specs[0], identity(specs[0])) as left:
        pass
    with begin(specs[0], identity(specs[0])) as again:
        pass
    with begin(specs[0], identity(specs[0], trials=2)) as other:
        pass
    assert again.header == left.header
    assert other.header.run_id != left.header.run_id
    assert list_runs() == ()
    assert len(list((workspace / "runs" / "partial").glob("*.db"))) == 2


def test_a_file_of_ones_own_stays_where_it_is_and_belongs_to_one_evaluation(specs: Specs, workspace: Path) -> None:
    path = workspace.parent / "mine" / "run.db"
    with begin(specs[0], identity(specs[0]), path) as run:
        run.finish(JUDGED)
    assert np.array_equal(load_run(str(path)).table.starts, [0])
    with pytest.raises(ResumeRefused), begin(specs[0], identity(specs[0], trials=2), path):
        pass  # pragma: no cover


def test_a_run_that_was_never_judged_says_so_in_one_line(specs: Specs, workspace: Path) -> None:
    path = workspace.parent / "left.db"
    with begin(specs[0], identity(specs[0]), path):
        pass
    with pytest.raises(JournalError, match="never judged") as refused:
        load_run(str(path))
    assert "evaluate it again" in str(refused.value)
    assert "\n" not in str(refused.value)
