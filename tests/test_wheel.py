"""The wheel alone: specs and gold sets travel with it, the main job runs from it, and nothing is called out to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = """
import json, sys
asked = []
def watch(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}:
        asked.append(event + " " + repr(arguments[1:]))
sys.addaudithook(watch)
import evalkit
from evalkit.cli import run
code = run(["demo", "-n", "40"])
from pathlib import Path
Path("seen.json").write_text(json.dumps({"code": code, "asked": asked, "from": evalkit.__file__}))
"""


@pytest.fixture(scope="module")
def installed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout and installed without anything beside it."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=root, check=True, capture_output=True)
    wheel = next(folder.glob("*.whl"))
    target = folder / "site"
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        "--target",
        str(target),
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    return target


def test_specs_and_gold_sets_travel_with_the_wheel(installed: Path) -> None:
    shipped = installed / "evalkit" / "shipped"
    assert (shipped / "specs" / "registry.jsonl").is_file()
    assert (shipped / "specs" / "billing_codes" / "2.0.0.md").is_file()
    assert list((shipped / "datasets" / "gold").glob("*/1/cases.jsonl"))


def test_the_demo_runs_from_the_wheel_and_asks_the_network_nothing(installed: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(installed), "EVALKIT_HOME": str(tmp_path / ".evalkit")}
    done = subprocess.run(
        [sys.executable, "-c", DEMO], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads((tmp_path / "seen.json").read_text(encoding="utf-8"))
    assert seen["from"].startswith(str(installed))
    assert seen["asked"] == []
    assert seen["code"] == 0
    assert "REGRESSED" in done.stdout
    assert (tmp_path / "report.html").is_file()
