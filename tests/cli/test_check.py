"""`evalkit check`: an agent before every rule, from the command line."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from evalkit.boundary.finding import NON_GOALS
from evalkit.cli import run
from evalkit.executions.watched import can_watch
from evalkit.pytest_plugin.items import make_boundary
from evalkit.tasks import load_spec, synthesize

SPEC = "billing_codes@1.0.0"
AGENT = """
import urllib.request

from evalkit.tasks import load_spec, offline_agent

good = offline_agent(load_spec("billing_codes@1.0.0"))

def writes(request):
    with open("debug.txt", "a") as file:
        file.write(request.input["note_text"])
    return good(request)

def calls(request):
    try:
        urllib.request.urlopen("http://127.0.0.1:9/" + request.input["patient_mrn"], timeout=1)
    except OSError:
        pass
    return good(request)
"""
ROUTE = """
route:
  - {name: primary, role: model, provider: acme, model: rules/offline, url: "https://api.acme.example/v1", region: us}
  - {name: spare, role: fallback, provider: other, model: rules/offline, url: "https://other.example/", region: us}
agreements:
  - {provider: acme, models: ["rules/*"], hosts: [api.acme.example], regions: [us], signed: true,
     effective: "2026-01-01", expires: "2026-12-31", training_use: false, breach_notice_days: 5, cache_days: 0,
     log_days: 30, document_sha256: "abababababababababababababababababababababababababababababababab"}
"""
RECORD = {
    "seq": 0, "at": "2026-06-01T12:00:00Z", "action": "execute", "actor": "admin", "token": "valid", "outcome": "done",
    "request_id": "r0", "fields": ["note_text"], "spec": SPEC, "model": "rules/offline@1", "tools": [], "purpose": "HPAYMT",
}  # fmt: skip


@pytest.fixture
def here(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with agents in it, which is the current one."""
    folder = workspace.parent
    (folder / "my_leaky_agent.py").write_text(AGENT, encoding="utf-8")
    (folder / "route.yaml").write_text(ROUTE, encoding="utf-8")
    (folder / "records.jsonl").write_text(json.dumps(RECORD), encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    return folder


def check(capsys: pytest.CaptureFixture[str], *options: str, code: int) -> dict[str, Any]:
    """The answer of one check as JSON."""
    assert run(["check", SPEC, "--synthesize", "8", "--relations", "4", *options, "--json"]) == code
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def failed(answer: dict[str, Any]) -> set[str]:
    return {row["check"] for row in answer["checks"] if row["verdict"] == "fail"}


def values() -> set[str]:
    cases = synthesize(load_spec(SPEC), n=8, seed=7)
    return {known.value for case in cases for known in case.identifiers if known.subject == "patient"}


def test_a_good_agent_passes_with_its_evidence(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = check(capsys, code=0)
    assert failed(answer) == set()
    assert len(answer["checks"]) >= 40
    assert answer["not_looked_for"] == list(NON_GOALS)
    assert answer["unprobed"] == []
    for row in answer["checks"]:
        assert len(row["evidence"]) == 64
        assert row["basis"] in {"current", "proposed"}
        assert row["findings"] == []
    assert answer["evidence"] == check(capsys, code=0)["evidence"]


@pytest.mark.skipif(not can_watch(), reason="agents can be watched on Linux only")
@pytest.mark.parametrize(("function", "rules"), [
    ("writes", {"leak_file"}), ("calls", {"egress"}),
])  # fmt: skip
def test_an_agent_that_leaks_beside_its_answer_is_caught(
    here: Path, capsys: pytest.CaptureFixture[str], function: str, rules: set[str]
) -> None:
    agent = ["--agent", f"python:my_leaky_agent:{function}", "--concurrency", "1"]
    answer = check(capsys, *agent, code=1)
    assert failed(answer) == rules
    assert [value for value in values() if value in json.dumps(answer)] == []
    unwatched = check(capsys, *agent, "--no-watch", code=0)
    assert {row["verdict"] for row in unwatched["checks"] if row["check"] in rules} == {"not_observed"}


def test_agreements_records_and_files_are_judged_where_they_are_given(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = next(
        known.value
        for known in synthesize(load_spec(SPEC), n=8, seed=7)[0].identifiers
        if known.needle_id == "patient.name"
    )
    (here / "left.log").write_text(f"served {name}", encoding="utf-8")
    options = ["--deployment", "route.yaml", "--records", "records.jsonl", "--also", "left.log", "--no-watch"]
    answer = check(capsys, *options, "--today", "2026-06-01", code=1)
    assert failed(answer) == {"agreements", "fallbacks", "actors", "stored_files"}
    assert name not in json.dumps(answer)
    later = check(capsys, *options, "--today", "2027-01-01", code=1)
    rows = {row["check"]: row for row in later["checks"]}
    assert {found["case_id"] for found in rows["agreements"]["findings"]} == {"primary", "spare"}


def test_junit_and_markdown_hold_the_findings_and_no_value(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--agent", "faulty:leak_output", "--junit", "b.xml", "--markdown", "b.md", "--no-watch"]
    assert run(["check", SPEC, "--synthesize", "8", "--relations", "0", *options]) == 1
    shown = capsys.readouterr().out
    xml, markdown = (here / "b.xml").read_text(encoding="utf-8"), (here / "b.md").read_text(encoding="utf-8")
    assert [value for value in values() if value in shown + xml + markdown] == []
    root = ET.fromstring(xml)
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert cases["leak_output"].find("failure") is not None
    about = {one.get("name"): one.get("value") for one in cases["leak_log"].iter("property")}
    assert about.keys() == {"citation", "basis", "evidence", "possible"}
    assert "paraphrase" in markdown
    assert "paraphrase" in shown
    assert "`leak_output`" in markdown
    assert "leak_output" in shown.splitlines()[0]


RELATIONS = """
from dataclasses import replace

from evalkit.tasks import load_spec, offline_agent

good = offline_agent(load_spec("billing_codes@1.0.0"))
before = []

def say(reply, text):
    return reply if reply.output is None else replace(reply, output={**reply.output, "diagnoses": [str(text)]})

def identity_invariance(request):
    return say(good(request), sum(map(ord, request.input["patient_mrn"])))

def forbidden_adds_nothing(request):
    reply = good(request)
    fields = {name: value for name, value in request.input.items() if name != "employer"}
    if len(fields) == len(request.input):
        return reply
    return replace(good(replace(request, input={"note_text": "", **fields})), status="ok", refusal=None, output={},
                   received=(dict(request.input),))

def field_order(request):
    return say(good(request), next(iter(request.input)))

def case_order(request):
    reply = say(good(request), before[-1] if before else "none")
    before.append(request.request_id.split("~")[0][-4:])
    return reply
"""


@pytest.mark.parametrize("relation", ["identity_invariance", "forbidden_adds_nothing", "field_order", "case_order"])
@pytest.mark.parametrize("door", ["command", "pytest"])
def test_each_relation_is_asked_from_the_command_line_and_from_pytest(
    here: Path, capsys: pytest.CaptureFixture[str], relation: str, door: str
) -> None:
    (here / "my_relations.py").write_text(RELATIONS, encoding="utf-8")
    agent = f"python:my_relations:{relation}"
    if door == "command":
        assert relation in failed(check(capsys, "--agent", agent, "--no-watch", "--relations", "6", code=1))
        return
    words = dict.fromkeys(("spec", "agent", "cases", "seed", "gold", "deployment", "markdown"), "")
    boundary = make_boundary({**words, "spec": SPEC, "agent": agent, "cases": "8"})
    assert (relation, "") in list(boundary.names())
    told = boundary.outcome(relation, "")
    assert not isinstance(told, str)
    assert {found.check_id for found in told} == {relation}


@pytest.mark.parametrize(("options", "message"), [
    (["--deployment", "none.yaml"], "the deployment cannot be read"), (["--records", "none.jsonl"], "the records cannot be read"),
    (["--also", "none"], "there is nothing to search"), (["--agent", "python:my_leaky_agent:nothing"], "cannot be loaded"),
])  # fmt: skip
def test_bad_input_is_one_clear_line(
    here: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert (
        run(["check", SPEC, "--synthesize", "2", "--no-watch", "--relations", "0", "--junit", "x.xml", *options]) == 2
    )
    shown = capsys.readouterr().err
    assert message in shown
    assert shown.count("\n") == 1
    assert not (here / "x.xml").exists()
