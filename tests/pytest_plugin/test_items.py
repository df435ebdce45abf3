"""The boundary as test items, in a pytest of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from evalkit.agents.routing import read_deployment
from evalkit.boundary.examination import Terms, asked, execution_rules, once_asked
from evalkit.pytest_plugin.items import make_boundary
from evalkit.tasks import load_spec, offline_agent, synthesize

ROOT = Path(__file__).resolve().parents[2]
LEAKY = """
from evalkit.pytest_plugin.items import make_boundary
from evalkit.tasks import load_spec, offline_agent

good = offline_agent(load_spec("billing_codes@1.0.0"))

def answer(request):
    if request.request_id.startswith("billing_codes-7-000000000001") and "." not in request.request_id:  # no probe
        print(request.input["note_text"])
        assert not request.input["note_text"], request.input["patient_mrn"]
    return good(request)
"""
ROUTE = """
route:
  - {name: primary, role: model, provider: acme, model: rules/offline, url: "https://a.example/", region: us}
"""


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "evalkit.pytest_plugin", "-p", "no:cacheprovider", *options]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def leaky(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """The items of an agent that leaks on one case, named in the ini file, and a test of the project's own."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "my_agent.py").write_text(LEAKY, encoding="utf-8")
    (folder / "route.yaml").write_text(ROUTE, encoding="utf-8")
    (folder / "test_own.py").write_text("def test_own():\n    pass\n", encoding="utf-8")
    ini = ["[pytest]", "evalkit_spec = billing_codes@1.0.0", "evalkit_agent = python:my_agent:answer", "evalkit_cases = 2",
           "evalkit_deployment = route.yaml"]  # fmt: skip
    (folder / "pytest.ini").write_text("\n".join(ini), encoding="utf-8")
    few = "leak_console or leak_error or agreements or field_order or own"
    return run(folder, "-v", "-rA", "-k", few, "--junitxml=junit.xml", "--evalkit-markdown=summary.md"), folder


def test_each_rule_and_case_is_an_item(leaky: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    listed = run(leaky[1], "--collect-only", "-q").stdout.splitlines()
    spec = load_spec("billing_codes@1.0.0")
    agent, cases = offline_agent(spec), synthesize(spec, n=2, seed=7).cases
    terms = Terms(deployment=read_deployment(leaky[1] / "route.yaml"))
    wanted = [
        f"boundary::{rule.check_id}[{case.case_id}]"
        for rule in execution_rules(agent, terms)
        for case in asked(spec, cases, agent)
    ]
    wanted += [f"boundary::{check_id}" for check_id in once_asked(agent, terms)]
    assert listed[: len(wanted) + 1] == [*wanted, "test_own.py::test_own"]


def test_a_finding_fails_its_item_and_no_other(leaky: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, folder = leaky
    root = ET.parse(folder / "junit.xml").getroot()
    failed = {case.get("name") for case in root.iter("testcase") if case.find("failure") is not None}
    case = "billing_codes-7-000000000001"
    assert failed == {f"leak_console[{case}]", f"leak_error[{case}]", "agreements"}
    assert done.returncode == 1
    assert "a planted identifier" in done.stdout
    assert "SKIPPED" in done.stdout


def test_the_whole_output_holds_no_value(leaky: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, folder = leaky
    spec = load_spec("billing_codes@1.0.0")
    everything = done.stdout + done.stderr + (folder / "junit.xml").read_text() + (folder / "summary.md").read_text()
    values = {
        known.value
        for case in synthesize(spec, n=2, seed=7)
        for known in case.identifiers
        if known.subject == "patient"
    }
    assert len(values) > 10
    assert [value for value in values if value in everything] == []


def test_the_summary_says_what_was_found_and_what_stays_open(
    leaky: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    summary = (leaky[1] / "summary.md").read_text(encoding="utf-8")
    assert "boundary: failed" in summary
    assert "`leak_console`" in summary
    assert "not looked for: paraphrase" in summary


def test_a_good_agent_passes_and_items_can_be_chosen(tmp_path: Path) -> None:
    done = run(
        tmp_path, "-q", "--evalkit-spec=billing_codes@1.0.0", "--evalkit-cases=2", "-k", "leak_output or field_reasons"
    )
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout
    assert "deselected" in done.stdout


WORDS = dict.fromkeys(("spec", "agent", "cases", "seed", "gold", "deployment", "markdown"), "")


@pytest.mark.parametrize(("words", "message"), [
    ({"spec": "nothing@1"}, "no spec"), ({"cases": "few"}, "whole numbers"), ({"seed": "x"}, "whole numbers"),
    ({"agent": "oracle"}, "no such kind of agent"), ({"deployment": "none.yaml"}, "deployment cannot be read"),
    ({"gold": "nothing-there"}, "nothing-there"),
])  # fmt: skip
@pytest.mark.usefixtures("workspace")
def test_a_wrong_word_is_one_clear_line(words: dict[str, str], message: str) -> None:
    with pytest.raises(pytest.UsageError, match=message) as caught:
        make_boundary({**WORDS, "spec": "billing_codes@1.0.0", **words})
    assert "\n" not in str(caught.value)


def test_a_wrong_option_ends_the_session_before_any_test(tmp_path: Path) -> None:
    done = run(tmp_path, "--evalkit-spec=nothing@1")
    assert done.returncode == 4
    assert "no spec" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_the_plugin_is_an_entry_point() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert '[project.entry-points.pytest11]\nevalkit = "evalkit.pytest_plugin"' in text
    installed = {point.name: point.value for point in entry_points(group="pytest11")}
    assert installed.get("evalkit", "evalkit.pytest_plugin") == "evalkit.pytest_plugin"
