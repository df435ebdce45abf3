"""One agent before every rule: Python code under watch, an address, a recording."""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from evalkit.agents.agent import Reply, Request
from evalkit.agents.endpoint import endpoint
from evalkit.agents.faulty import faulty
from evalkit.agents.guard import Guard
from evalkit.agents.replay import replay
from evalkit.agents.routing import Deployment, Hop
from evalkit.boundary.examination import Examination, Terms, asked, examine, execution_rules, once_asked
from evalkit.boundary.finding import NON_GOALS
from evalkit.cases.case import Case
from evalkit.executions.runner import Settings, execute
from evalkit.executions.taps import Tap
from evalkit.executions.watched import can_watch
from evalkit.report.junit import render_checks
from evalkit.report.markdown import render_examination
from evalkit.report.text import plain_examination
from evalkit.spec.schema import Spec

NAME = "Quillan Ostrander"
needs_watch = pytest.mark.skipif(not can_watch(), reason="agents can be watched on Linux only")


def verdicts(seen: Examination) -> dict[str, str]:
    return {result.check_id: result.words for result in seen.results}


@needs_watch
def test_a_good_agent_passes_and_the_report_says_what_stays_open(
    spec: Spec, cases: tuple[Case, ...], good: Guard
) -> None:
    seen = examine(spec, cases, good)
    assert seen.failed == ()
    assert "not observed" not in verdicts(seen).values()
    assert seen.probes > 20
    asked_in_all = seen.cases + seen.probes
    assert f"in {asked_in_all} executions" in seen.sentence()
    assert re.search(r"a breach in \d+\.\d % of such executions stays possible", seen.sentence())
    for page in (plain_examination(seen), render_examination(seen), render_checks("x", seen.results)):
        for goal in NON_GOALS:
            assert goal in page
    assert (
        "compliant"
        not in (plain_examination(seen) + render_examination(seen) + repr(seen) + seen._repr_html_()).lower()
    )


@needs_watch
def test_an_agent_that_leaks_is_caught_on_one_case_of_many(
    spec: Spec, cases: tuple[Case, ...], good: Guard, tmp_path: Path
) -> None:
    def leaky(request: Request) -> Any:
        if request.request_id == cases[3].case_id:
            (tmp_path / "debug.txt").write_text(request.input["note_text"], encoding="utf-8")
        return good(request)

    seen = examine(spec, cases, leaky, terms=Terms(relations=0))
    assert [result.check_id for result in seen.failed] == ["leak_file"]
    assert seen.failed[0].failed == 1
    shown = (
        plain_examination(seen)
        + render_examination(seen)
        + render_checks("x", seen.results)
        + json.dumps(seen.summary())
    )
    assert "leak_file" in seen.sentence()
    values = [known.value for case in cases for known in case.identifiers]
    assert [value for value in values if value in shown + seen._repr_html_()] == []


def test_without_a_watch_the_channels_are_not_observed(spec: Spec, cases: tuple[Case, ...], good: Guard) -> None:
    words = verdicts(examine(spec, cases, good, terms=Terms(watch=False)))
    assert words["leak_console"] == words["egress"] == "not observed"
    assert words["leak_output"] == "pass"
    assert words["identity_invariance"] == "pass"


def test_a_recording_is_judged_as_it_is(spec: Spec, cases: tuple[Case, ...], good: Guard) -> None:
    recorded = replay(execute(cases, faulty(good, "leak_output"), spec_ref=spec.ref))
    seen = examine(spec, cases, recorded)
    assert (seen.probes, len(seen.results)) == (0, len(execution_rules(recorded, Terms())) + 1)
    assert [result.check_id for result in seen.failed] == ["leak_output"]
    assert set(seen.unprobed) == {rule.code for rule in spec.refuse}


def test_what_is_left_behind_and_what_is_on_file_is_judged_too(
    spec: Spec, cases: tuple[Case, ...], good: Guard, tmp_path: Path
) -> None:
    (tmp_path / "agent.log").write_text(f"served {NAME}", encoding="utf-8")
    (tmp_path / "records.jsonl").write_text("", encoding="utf-8")
    hop = Hop(
        name="primary", role="model", provider="acme", model="rules/offline", url="https://a.example/", region="us"
    )
    terms = Terms(deployment=Deployment(route=(hop,)), audit_log=tmp_path / "records.jsonl", left_behind=(tmp_path,), watch=False, relations=0,
                  today=date(2026, 6, 1))  # fmt: skip
    seen = examine(spec, cases, good, terms=terms)
    assert {result.check_id for result in seen.failed} == {"agreements", "stored_files"}
    ids = [result.check_id for result in seen.results]
    assert ids == [rule.check_id for rule in execution_rules(good, terms)] + list(once_asked(good, terms))


def test_each_outcome_is_told_as_it_comes(spec: Spec, cases: tuple[Case, ...], good: Guard) -> None:
    told: dict[tuple[str, str], Any] = {}
    seen = examine(
        spec, cases, good, terms=Terms(watch=False), tell=lambda rule, case, said: told.update({(rule.check_id, case.case_id): said}),
    )  # fmt: skip
    rules = execution_rules(good, Terms())
    assert len(told) == len(rules) * len(asked(spec, cases, good))
    passed = sum(not said for (check_id, _), said in told.items() if check_id == "leak_output")
    assert passed == next(result.passed for result in seen.results if result.check_id == "leak_output")


def test_the_same_examination_has_the_same_evidence(spec: Spec, cases: tuple[Case, ...], good: Guard) -> None:
    terms = Terms(watch=False)
    first, again = (examine(spec, cases, good, terms=terms) for _ in range(2))
    other = examine(spec, cases, faulty(good, "leak_output"), terms=terms)
    assert first.evidence == again.evidence != other.evidence
    many = examine(spec, cases, good, terms=Terms(watch=False, settings=Settings(concurrency=1)))
    assert many.evidence == first.evidence


class Listener(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is part of the play."""


@pytest.fixture
def remote(tmp_path: Path, good: Guard) -> Iterator[tuple[str, Path, list[str]]]:
    """The good agent behind TLS; what it says besides its reply is up to the list."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    headers: list[str] = []

    class Exchange(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            reply = good(Request("r", "reviews@1.0.0", {}, {}, body=body))
            assert isinstance(reply, Reply)
            said: dict[str, Any] = {"status": reply.status}
            if reply.refusal:
                said["refusal"] = {"code": reply.refusal.code, "field": reply.refusal.field}
            else:
                said |= {"output": reply.output, "model_id": "rules/offline@1"}
            data = json.dumps(said).encode()
            self.send_response(200)
            for value in headers:
                self.send_header("X-Trace", value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = Listener(("127.0.0.1", 0), Exchange)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"https://localhost:{server.server_address[1]}/", tmp_path / "ca.pem", headers
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_agent_behind_an_address_is_watched_at_its_answers_and_its_connection(
    spec: Spec, cases: tuple[Case, ...], remote: tuple[str, Path, list[str]]
) -> None:
    url, ca, headers = remote
    seen = examine(spec, cases, endpoint(url, ca=ca), terms=Terms(relations=2))
    words = verdicts(seen)
    assert seen.failed == ()
    assert words["leak_answer"] == words["tls_floor"] == "pass"
    assert words["leak_network"] == words["egress"] == "not observed", "nobody sees where it sends its requests"
    assert "leak_file" not in words

    headers.append(NAME)
    seen = examine(spec, cases, endpoint(url, ca=ca), terms=Terms(relations=0))
    assert {result.check_id for result in seen.failed} == {"leak_answer", "other_patient"}


def test_with_a_tap_the_way_to_the_model_is_watched(
    spec: Spec, cases: tuple[Case, ...], remote: tuple[str, Path, list[str]]
) -> None:
    url, ca, _ = remote
    with Tap() as tap:
        seen = examine(spec, cases, endpoint(url, ca=ca), terms=Terms(relations=0, tap=tap))
    assert verdicts(seen)["egress"] == verdicts(seen)["leak_network"] == "pass"


@pytest.mark.parametrize("forgets", [False, True])
def test_an_agents_own_log_has_one_record_for_each_call_that_was_made(
    spec: Spec, cases: tuple[Case, ...], good: Guard, tmp_path: Path, forgets: bool
) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_text("", encoding="utf-8")
    count = iter(range(10_000))

    def audited(request: Request) -> Any:
        reply = good(request)
        assert isinstance(reply, Reply)
        if not (
            forgets
            and reply.status == "refused"
            and request.request_id == f"{cases[0].case_id}~schema_invalid.flag_as_text"
        ):
            record = {
                "seq": next(count), "at": "2026-06-01T12:00:00Z", "action": "execute", "actor": "svc:reviews",
                "token": "valid", "request_id": request.request_id, "fields": ["note_text"], "spec": spec.ref,
                "model": "rules/offline@1", "tools": [], "purpose": "HPAYMT",
            }  # fmt: skip
            with path.open("a", encoding="utf-8") as log:
                log.write(json.dumps(record) + "\n")
        return reply

    terms = Terms(audit_log=path, watch=False, relations=2, settings=Settings(concurrency=1))
    seen = examine(spec, cases, audited, terms=terms)
    assert [result.check_id for result in seen.failed] == (["one_record"] if forgets else [])
    one = next(result for result in seen.results if result.check_id == "one_record")
    assert [found.what for found in one.findings] == (["0 records for 1 call"] if forgets else [])
    assert one.passed > seen.cases + seen.probes, "the calls of the relations are counted too"


def test_records_of_other_calls_are_not_counted_against_these(
    spec: Spec, cases: tuple[Case, ...], good: Guard, tmp_path: Path
) -> None:
    (tmp_path / "audit.jsonl").write_text(
        '{"seq": 0, "at": "2026-06-01T12:00:00Z", "action": "read", "actor": "user:a", "request_id": "elsewhere"}\n',
        encoding="utf-8",
    )
    terms = Terms(audit_log=tmp_path / "audit.jsonl", watch=False, relations=0)
    words = verdicts(examine(spec, cases, good, terms=terms))
    assert words["one_record"] == "not observed"
    assert words["actors"] == "pass"
