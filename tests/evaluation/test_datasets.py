"""Gold sets by name: ./datasets first, then imported, then shipped; digests are verified."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from evalkit.cases.goldset import cases_to_jsonl, save_gold
from evalkit.errors import CaseError
from evalkit.evaluation.datasets import load_gold
from evalkit.tasks import load_spec, shipped_root, synthesize

SHIPPED = "billing-codes-synthetic"


@pytest.mark.usefixtures("workspace")
def test_the_shipped_gold_set_is_what_its_seed_makes_byte_for_byte() -> None:
    made = synthesize(load_spec("billing_codes@1.0.0"), n=400, seed=11)
    assert load_gold(SHIPPED).digest == made.digest
    stored = shipped_root() / "datasets" / "gold" / SHIPPED / "1" / "cases.jsonl"
    assert stored.read_bytes() == cases_to_jsonl(made)


@pytest.mark.usefixtures("workspace")
def test_the_newest_version_is_taken_unless_one_is_named() -> None:
    spec = load_spec("billing_codes@1.0.0")
    for count in (3, 4):
        save_gold(Path("datasets"), "mine", synthesize(spec, n=count, seed=1))
    assert len(load_gold("mine")) == 4
    assert len(load_gold("mine@1")) == 3


def test_an_imported_set_is_found_in_the_workspace(workspace: Path) -> None:
    save_gold(workspace / "datasets", "imported", synthesize(load_spec("billing_codes@1.0.0"), n=2, seed=1))
    assert len(load_gold("imported")) == 2


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("ref", ["nowhere", "mine@last", f"{SHIPPED}@99", "../../etc"])
def test_what_is_not_there_is_one_clear_line(ref: str) -> None:
    with pytest.raises(CaseError):
        load_gold(ref)


@pytest.mark.usefixtures("workspace")
def test_a_changed_case_is_refused() -> None:
    shutil.copytree(shipped_root() / "datasets" / "gold" / SHIPPED, Path("datasets") / "gold" / SHIPPED)
    file = Path("datasets") / "gold" / SHIPPED / "1" / "cases.jsonl"
    file.chmod(0o644)
    file.write_bytes(file.read_bytes().replace(b'"units":1', b'"units":2', 1))
    with pytest.raises(CaseError, match="not the one that was saved"):
        load_gold(SHIPPED)
