"""The doctor looks and touches nothing, and each problem comes with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.cli import run


def examine(capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    return run(["doctor"]), capsys.readouterr().out


def test_a_good_environment_is_well_and_stays_untouched(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keyring = tmp_path / "keys" / "keyring.json"
    monkeypatch.setenv("EVALKIT_KEYRING", str(keyring))
    code, out = examine(capsys)
    assert code == 0, out
    assert "PROBLEM" not in out
    assert not keyring.exists()
    assert not workspace.exists() or list(workspace.iterdir()) == []


def test_a_keyring_that_others_can_read_is_a_problem(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keyring = tmp_path / "keyring.json"
    keyring.write_text("{}", encoding="ascii")
    keyring.chmod(0o644)
    monkeypatch.setenv("EVALKIT_KEYRING", str(keyring))
    code, out = examine(capsys)
    assert code == 2
    assert "chmod 600" in out


def test_a_keyring_inside_the_workspace_is_a_problem(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EVALKIT_KEYRING", str(workspace / "keyring.json"))
    code, out = examine(capsys)
    assert code == 2
    assert "move it out" in out


def test_an_edited_registered_spec_is_a_problem(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from evalkit.spec.registry import Registry
    from evalkit.tasks import load_spec

    monkeypatch.chdir(workspace.parent)
    spec = load_spec("billing_codes@1.0.0")
    path = Registry(Path("specs")).publish(spec, author="someone", reason="first")
    path.chmod(0o644)
    path.write_text(spec.source.replace("Modifier", "Modifer"), encoding="utf-8")
    code, out = examine(capsys)
    assert code == 2
    assert "PROBLEM  specs" in out
