"""The rules of the channels, on sightings as a watcher makes them and on real agents under watch."""

from __future__ import annotations

import base64
import contextlib
import gzip
import os
import socket
import tempfile
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from evalkit.agents.agent import Reply, Request
from evalkit.agents.guard import Guard
from evalkit.agents.routing import Agreement, Deployment, Hop
from evalkit.boundary import channels
from evalkit.boundary.channels import Line, kind_of_file, lines_of, rules_for
from evalkit.boundary.finding import Finding
from evalkit.boundary.suite import check
from evalkit.cases.case import Case
from evalkit.executions.execution import Execution, Sighting, Sink
from evalkit.executions.runner import execute
from evalkit.executions.tools import watched_tool
from evalkit.executions.watched import can_watch, watched
from evalkit.executions.watching import OVERFLOW, SINKS
from evalkit.spec.schema import Spec

NAME = "Quillan Ostrander"
MODEL = "api.acme.example:443"
ROUTE = frozenset({MODEL, "logs.example:443"})
WATCH = Sighting("watch", "child", " ".join(SINKS))
ALL_RULES = {rule.check_id: rule for rule in channels.RULES}


def saw(*sightings: Sighting) -> Execution:
    return Execution("case", 0, Reply("ok", {}), seen=(WATCH, *sightings))


def ask(check_id: str, spec: Spec, case: Case, execution: Execution) -> Any:
    bound = {rule.check_id: rule for rule in rules_for(DEPLOYMENT)} | {rule.check_id: rule for rule in
             rules_for(DEPLOYMENT, answers=True)}  # fmt: skip
    return bound[check_id].check(spec, case, execution)


DEPLOYMENT = Deployment(route=(
    Hop(name="primary", role="model", provider="acme", model="large", url="https://api.acme.example/", region="us"),
    Hop(name="logs", role="log_sink", provider="logco", url="https://logs.example/", region="us"),
))  # fmt: skip


def one(found: Any) -> Finding:
    (finding,) = found
    assert isinstance(finding, Finding)
    assert NAME not in str(finding)
    assert "Ostrander" not in str(finding)
    return finding


def test_without_a_watch_nothing_is_proven(spec: Spec, cases: tuple[Case, ...]) -> None:
    unwatched = Execution("case", 0, Reply("ok", {}))
    for check_id in ALL_RULES.keys() - {"leak_tool"}:
        assert ask(check_id, spec, cases[0], unwatched) == "not_observed", check_id
    assert ask("leak_tool", spec, cases[0], unwatched) == "not_applicable"


def test_silence_passes(spec: Spec, cases: tuple[Case, ...]) -> None:
    outcomes = {name: ask(name, spec, cases[0], saw()) for name in ALL_RULES}
    idle = {"leak_tool", "leak_tracking", "leak_notebook", "sent_fields", "no_store"}
    assert {name for name, outcome in outcomes.items() if outcome == "not_applicable"} == idle
    assert outcomes.pop("leak_answer") == "not_observed"
    assert all(not outcome for name, outcome in outcomes.items() if name not in idle)


@pytest.mark.parametrize(("check_id", "sink", "place", "text", "shown"), [
    ("leak_console", "stdout", "", f"patient {NAME}", "stdout[1]"),
    ("leak_console", "stderr", "", "dear OSTRANDER, QUILLAN", "stderr[1]"),
    ("leak_console", "stdout", "", base64.b64encode(NAME.encode()).decode(), "stdout[1]"),
    ("leak_file", "file", "/tmp/x", f"patient {NAME}", "file[1]"),
    ("leak_tracking", "file", "/data/mlruns/0/artifacts/a.json", NAME, "file[1]"),
    ("leak_tracking", "file", "/x/mlflow.db", NAME, "file[1]"),
    ("leak_notebook", "file", "/x/a.ipynb", f'{{"cells": "{NAME}"}}', "file[1]"),
    ("leak_file_name", "file", f"/tmp/{NAME}.pdf", "", "file[1].name"),
    ("leak_file_name", "file", "/uploads/ostrander_quillan_1947.pdf", "", "file[1].name"),
    ("leak_process", "process", "/bin/mail", f"mail -s {NAME}", "process[1]"),
    ("leak_process", "environment", "PATIENT", NAME, "environment[1]"),
    ("leak_tool", "tool", "find_slots", f'[["{NAME}"],{{}}]', "tool[1]"),
    ("leak_network", "network", "dns quillan-ostrander.example", "", "network[1].host"),
    ("leak_network", "network", "plain evil.example:80", f"GET / HTTP/1.1\r\n\r\n{NAME}", "network[1].sent"),
    ("leak_network", "network", f"tls {MODEL} TLSv1.3", f"GET /?q={NAME.replace(' ', '%20')} HTTP/1.1\r\n\r\n", "network[1].head"),
    ("leak_network", "network", f"tls {MODEL} TLSv1.3", f"POST / HTTP/1.1\r\nX-Patient: {NAME}\r\n\r\n", "network[1].head"),
    ("leak_network", "network", "unix /dev/log", NAME, "network[1].sent"),
])  # fmt: skip
def test_an_identifier_in_a_channel_is_found_at_its_place(
    spec: Spec, cases: tuple[Case, ...], check_id: str, sink: Sink, place: str, text: str, shown: str
) -> None:
    found = ask(check_id, spec, cases[0], saw(Sighting(sink, place, text)))
    finding = one([entry for entry in found if entry.needle_id == "patient.name"])
    assert (finding.check_id, finding.place) == (check_id, shown)


def test_an_answer_that_is_no_reply_is_searched(spec: Spec, cases: tuple[Case, ...]) -> None:
    execution = Execution("c", 0, Reply("ok", {}), seen=(
        Sighting("watch", "endpoint", "answer"), Sighting("answer", "headers", f"X-Patient: {NAME}"),
    ))  # fmt: skip
    assert one(ask("leak_answer", spec, cases[0], execution)).place == "answer[1]"


def test_what_the_model_may_see_may_stand_in_the_body_for_it_and_nowhere_else(
    spec: Spec, cases: tuple[Case, ...]
) -> None:
    note = cases[0].input["note_text"]
    for host, leaks in ((MODEL, 0), ("logs.example:443", 0), ("other.example:443", 1)):
        execution = saw(Sighting("network", f"tls {host} TLSv1.3", f"POST / HTTP/1.1\r\nHost: x\r\n\r\n{note}"))
        assert bool(ask("leak_network", spec, cases[0], execution)) == bool(leaks), host
        assert bool(ask("egress", spec, cases[0], execution)) == bool(leaks), host


def test_a_value_that_the_spec_withholds_is_not_sent_to_the_model(spec: Spec, cases: tuple[Case, ...]) -> None:
    case = cases[0]

    def sent(body: str) -> Any:
        return ask(
            "sent_fields",
            spec,
            case,
            saw(Sighting("network", f"tls {MODEL} TLSv1.3", f"POST / HTTP/1.1\r\n\r\n{body}")),
        )

    assert sent(case.input["note_text"]) == []
    finding = one(sent(f"{case.input['note_text']} npi {case.input['rendering_npi']}"))
    assert (finding.needle_id, finding.place) == ("input.rendering_npi", "network[1].body")
    packed = base64.b64encode(gzip.compress(case.input["rendering_npi"].encode())).decode()
    assert one(sent(packed)).form.startswith("base64")


def test_a_stream_that_nobody_could_read_proves_nothing(spec: Spec, cases: tuple[Case, ...]) -> None:
    assert ask("sent_fields", spec, cases[0], saw(Sighting("network", f"opaque {MODEL}"))) == "not_observed"


@pytest.mark.parametrize(("places", "expected"), [
    ([f"connect {MODEL}", f"tls {MODEL} TLSv1.3", "dns api.acme.example"], 0),
    (["connect api.acme.example:80"], 1), (["plain api.acme.example.evil.example:443"], 1),
    (["opaque other.example:443", "connect other.example:443"], 1), (["tls a:443 TLSv1.3", "tls b:443 TLSv1.3"], 2),
])  # fmt: skip
def test_only_hosts_of_the_route_are_reached(
    spec: Spec, cases: tuple[Case, ...], places: Sequence[str], expected: int
) -> None:
    found = ask("egress", spec, cases[0], saw(*(Sighting("network", place) for place in places)))
    assert len(found) == expected
    assert "example" not in str(found)


def test_without_a_route_no_host_may_be_reached(spec: Spec, cases: tuple[Case, ...]) -> None:
    rules = {rule.check_id: rule for rule in rules_for()}
    execution = saw(Sighting("network", f"connect {MODEL}"))
    assert len(rules["egress"].check(spec, cases[0], execution)) == 1


def test_where_a_program_was_started_nobody_knows_what_it_reached(spec: Spec, cases: tuple[Case, ...]) -> None:
    assert ask("egress", spec, cases[0], saw(Sighting("process", "curl", "curl x"))) == "not_observed"


@pytest.mark.parametrize(("place", "what"), [
    ("plain a.example:80", "sent in clear"), ("unverified a.example:443 TLSv1.3", "sent without verifying the certificate"),
    ("tls a.example:443 TLSv1", "sent under a TLS older than 1.2"), ("tls a.example:443 TLSv1.1", "sent under a TLS older than 1.2"),
    ("tls a.example:443 TLSv1.2", ""), ("plain 127.0.0.1:80", ""), ("plain localhost:80", ""), ("plain [::1]:80", ""),
    ("unverified 127.0.0.1:443 TLSv1.3", "sent without verifying the certificate"), ("connect a.example:80", ""),
])  # fmt: skip
def test_what_leaves_the_machine_is_under_verified_tls(
    spec: Spec, cases: tuple[Case, ...], place: str, what: str
) -> None:
    found = ask("transit", spec, cases[0], saw(Sighting("network", place, "x")))
    assert [entry.what for entry in found] == ([what] if what else [])


def test_a_provider_is_asked_to_keep_nothing(spec: Spec, cases: tuple[Case, ...]) -> None:
    paper = Agreement(provider="acme", no_store='"store": false')
    rule = next(
        rule
        for rule in rules_for(Deployment(route=DEPLOYMENT.route, agreements=(paper,)))
        if rule.check_id == "no_store"
    )

    def sent(*bodies: str, kind: str = "tls") -> Any:
        text = "".join(f"POST / HTTP/1.1\r\nHost: x\r\n\r\n{body}\n" for body in bodies)
        return rule.check(spec, cases[0], saw(Sighting("network", f"{kind} {MODEL} TLSv1.3", text)))

    assert sent('{"store":false, "input": "x"}', '{ "input": "y", "store" : false }') == []
    assert one(sent('{"input": "x"}')).what == "a request that may be kept"
    assert one(sent('{"store":false}', '{"store":true}')).place == "network[1]"
    assert sent("", kind="opaque") == "not_observed"
    elsewhere = saw(Sighting("network", "tls logs.example:443 TLSv1.3", "POST / HTTP/1.1\r\n\r\nx"))
    assert rule.check(spec, cases[0], elsewhere) == "not_applicable"


def test_an_open_port_and_too_much_to_search_are_findings(spec: Spec, cases: tuple[Case, ...]) -> None:
    assert one(ask("open_port", spec, cases[0], saw(Sighting("listen", "0.0.0.0 80")))).what == "a port was opened"
    assert one(ask("overflow", spec, cases[0], saw(Sighting("watch", OVERFLOW)))).place == "seen[1]"
    assert ask("overflow", spec, cases[0], saw()) == []


def test_several_messages_on_one_line_are_read_apart() -> None:
    text = "POST /a HTTP/1.1\r\nHost: x\r\n\r\nfirst\r\nGET /b HTTP/1.1\r\nHost: y\r\n\r\n"
    line = Line(0, "plain", "x:80", "", text)
    assert list(line.heads) == ["POST /a HTTP/1.1\r\nHost: x", "GET /b HTTP/1.1\r\nHost: y"]
    assert [body.strip() for body in line.bodies] == ["first", ""]
    assert list(Line(0, "plain", "x:80", "", "not http").heads) == ["not http"]
    read = list(lines_of(saw(Sighting("network", "tls a:1 TLSv1.3", "x"), Sighting("file", "y"))))
    assert read == [Line(1, "tls", "a:1", "TLSv1.3", "x")]


@pytest.mark.parametrize(("path", "kind"), [
    ("/x/mlruns/1/meta.yaml", "tracking"), ("C:\\runs\\mlartifacts\\a", "tracking"), ("/x/mlflow.db-wal", "tracking"),
    ("/x/Report.IPYNB", "notebook"), ("/tmp/notes.txt", "file"), ("/x/mlruns.txt", "file"),
])  # fmt: skip
def test_files_are_told_apart_by_their_path(path: str, kind: str) -> None:
    assert kind_of_file(path) == kind


def test_each_rule_has_a_name_of_its_own_and_cites_its_law() -> None:
    assert len(ALL_RULES) == len(channels.RULES)
    for rule in channels.RULES:
        assert "CFR" in rule.citation or " FR " in rule.citation
        assert rule.check.__doc__
        assert rule.basis == ("proposed" if "90 FR" in rule.citation else "current")
    assert "leak_answer" not in {rule.check_id for rule in rules_for()}
    assert "leak_file" not in {rule.check_id for rule in rules_for(answers=True)}


LEAKS = {
    "leak_console": lambda secret: print(secret),
    "leak_file": lambda secret: _write(Path(tempfile.mkdtemp()) / "note.txt", secret),
    "leak_file_name": lambda secret: _write(Path(tempfile.mkdtemp()) / f"{secret}.txt", "x"),
    "leak_tracking": lambda secret: _write(Path(tempfile.mkdtemp()) / "mlflow.db", secret),
    "leak_notebook": lambda secret: _write(Path(tempfile.mkdtemp()) / "out.ipynb", secret),
    "leak_process": lambda secret: os.environ.__setitem__("EVALKIT_TEST_PATIENT", secret),
    "leak_tool": lambda secret: watched_tool(len)(secret),
    "leak_network": lambda secret: _fetch(secret),
}


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _fetch(secret: str) -> None:
    with contextlib.suppress(OSError):
        urllib.request.urlopen("http://127.0.0.1:9/", timeout=1)
    with contextlib.suppress(OSError):
        socket.getaddrinfo(f"{secret.replace(' ', '-')}.invalid", 80)


@pytest.mark.skipif(not can_watch(), reason="agents can be watched on Linux only")
@pytest.mark.parametrize("check_id", LEAKS)
def test_a_real_leak_is_caught_by_its_own_rule(spec: Spec, cases: tuple[Case, ...], good: Guard, check_id: str) -> None:
    def leaky(request: Request) -> Any:
        LEAKS[check_id](NAME)
        return good(request)

    with watched(leaky) as child:
        executions = execute(cases[:1], child, spec_ref=spec.ref)
    results = {result.check_id: result for result in check(spec, [(cases[0], executions[0])], rules=rules_for())}
    failed = {name for name, result in results.items() if result.findings}
    also = {"leak_network": {"egress"}}.get(check_id, set())
    assert failed == {check_id} | also
    assert NAME not in str(results)
