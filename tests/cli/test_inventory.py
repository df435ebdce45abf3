"""`evalkit inventory`: what is touched, written, and compared with an earlier one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evalkit.boundary.inventory import FORMAT
from evalkit.cli import run

ASK = ["inventory", "billing_codes@1.0.0", "--synthesize", "3", "--no-watch", "--today", "2026-06-01"]


@pytest.fixture
def here(workspace: Path) -> Path:
    return workspace.parent


def test_an_inventory_is_written_and_is_unchanged_the_next_time(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*ASK, "-o", "inventory.json"]) == 0
    document = json.loads((here / "inventory.json").read_text(encoding="utf-8"))
    assert (document["format"], document["taken"]) == (FORMAT, "2026-06-01")
    assert "under watch: nothing" in capsys.readouterr().out
    again = [*ASK, "--seed", "8", "--against", "inventory.json"]
    assert run(again) == 0
    assert run([*again, "--today", "2027-06-02"]) == 1
    assert "changed: taken: 366 days ago" in capsys.readouterr().out


def test_a_hop_without_an_agreement_is_exit_code_1(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hop = '{name: primary, role: model, provider: acme, model: rules/offline, url: "https://a.example/", region: us}'
    (here / "route.yaml").write_text(f"route:\n  - {hop}\n", encoding="utf-8")
    assert run([*ASK, "--deployment", "route.yaml", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["problems"] == ["primary: no agreement with the provider is on file"]
    assert said["changes"] == []


@pytest.mark.parametrize(("options", "message"), [
    (["--against", "none.json"], "the inventory cannot be read"), (["--against", "bad.json"], "the file is no inventory"),
    (["--deployment", "none.yaml"], "the deployment cannot be read"), (["-o", "no/such/folder.json"], "cannot be written"),
])  # fmt: skip
def test_bad_input_is_one_clear_line(
    here: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    (here / "bad.json").write_text("{}", encoding="utf-8")
    assert run([*ASK, *options]) == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert shown.count("\n") == 1
