"""Two versions of the shipped billing spec, and one run of each on the same cases."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from evalkit.cases.case import GoldSet
from evalkit.evaluation.pipeline import evaluate
from evalkit.evaluation.run import Run
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
