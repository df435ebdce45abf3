"""The workspace: where runs are kept, and names that are safe as file names."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import JournalError
from evalkit.evaluation.workspace import Workspace, check_name, open_workspace

FOLDERS = {"runs": "runs", "partial": "runs/partial", "recorded": "recorded", "datasets": "datasets"}


@pytest.mark.parametrize(("name", "place"), FOLDERS.items())
def test_every_folder_has_its_place_below_the_root(tmp_path: Path, name: str, place: str) -> None:
    assert getattr(Workspace(tmp_path), name) == tmp_path / place


def test_opening_creates_nothing(workspace: Path) -> None:
    opened = open_workspace()
    assert [getattr(opened, name) for name in FOLDERS]
    assert not workspace.exists()


def test_the_environment_says_where_it_is(workspace: Path) -> None:
    assert open_workspace().root == workspace


def test_a_root_that_is_given_outweighs_the_environment(workspace: Path, tmp_path: Path) -> None:
    assert open_workspace(tmp_path / "other").root == tmp_path / "other" != workspace


def test_without_either_it_is_in_the_current_folder(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVALKIT_HOME")
    assert open_workspace().root == Path(".evalkit")
    assert open_workspace().root.resolve() == workspace.resolve()


def test_the_environment_is_asked_anew_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        monkeypatch.setenv("EVALKIT_HOME", str(tmp_path / name))
        assert open_workspace().root == tmp_path / name


def test_a_workspace_does_not_move(tmp_path: Path) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Workspace(tmp_path).root = tmp_path / "other"  # type: ignore[misc]


@pytest.mark.parametrize("name", ["a", "0", "Run_1", "billing_codes@2.0.0", "a.b-c", "a..b", "x" * 121])
def test_a_plain_name_is_given_back(name: str) -> None:
    assert check_name(name, what="run") == name


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", ".hidden", "-rf", "_a", "@a", "a/b", "../a", "a\\b", "a b", "a\n", "\na", "a\x00", "a:b", "a*",
        "~a", "\u00e9", "\u0661", "\uff41", "x" * 122,
    ],
)  # fmt: skip
def test_a_name_that_is_not_safe_as_a_file_name_is_refused(name: str) -> None:
    with pytest.raises(JournalError):
        check_name(name, what="run")


def test_the_refusal_says_what_was_named_and_not_how() -> None:
    with pytest.raises(JournalError) as refused:
        check_name("Jane Doe", what="gold set")
    assert "gold set" in refused.value.what
    assert "gold set" in str(refused.value.next_step)
    assert "Jane" not in str(refused.value)


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=130) | st.text("ab.@-_/\\ ", max_size=130))
def test_a_name_that_passes_stays_one_visible_entry_of_its_folder(name: str) -> None:
    try:
        check_name(name, what="run")
    except JournalError:
        return
    path = Path("folder") / f"{name}.db"
    assert path.parent == Path("folder")
    assert path.name == f"{name}.db"
    assert not path.name.startswith((".", "-"))
    assert len(path.name.encode()) <= 255
