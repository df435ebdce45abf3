"""Fixtures of the whole suite."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real public inputs kept beside the checkout; a test that needs them skips where they are absent."""
    path = ROOT.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip("real public inputs are not beside this checkout (../shared/data)")
    return path


@pytest.fixture(scope="session", autouse=True)
def own_keyring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A keyring of the tests' own: the one of whoever runs them is never touched."""
    path = tmp_path_factory.mktemp("keys") / "keyring.json"
    before = os.environ.get("EVALKIT_KEYRING")
    os.environ["EVALKIT_KEYRING"] = str(path)
    yield path
    if before is None:
        del os.environ["EVALKIT_KEYRING"]
    else:
        os.environ["EVALKIT_KEYRING"] = before


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workspace that is used for this test alone; the current folder is its parent."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("EVALKIT_HOME", str(folder / ".evalkit"))
    return folder / ".evalkit"
