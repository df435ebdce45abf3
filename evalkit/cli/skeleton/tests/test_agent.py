"""What must hold on every commit: the boundary on every case, and the gates of the spec."""

import sys
from pathlib import Path

import pytest

import evalkit as ek

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from agent import SPEC, agent


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One evaluation on the gold set, in a workspace of its own."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVALKIT_HOME", str(folder / "workspace"))
        patch.setenv("EVALKIT_KEYRING", str(folder / "keys" / "keyring.json"))
        patch.chdir(ROOT)
        yield ek.evaluate(SPEC, ek.load_gold("$name"), agent)


def test_nothing_crosses_the_boundary(run):
    assert [check.check_id for check in run.checks if check.verdict in {"fail", "error"}] == []


def test_the_gates_of_the_spec_pass(run):
    assert ek.gate(run).verdict == "pass"
