"""An agent behind an address, evaluated from the command line: a real server on loopback, run by the offline agent."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from evalkit.agents.agent import Reply, Request
from evalkit.cli import run
from evalkit.tasks import load_spec, offline_agent

pytestmark = pytest.mark.usefixtures("workspace")


class Serving(BaseHTTPRequestHandler):
    """Answers with the offline agent; keeps what it was sent."""

    protocol_version = "HTTP/1.1"
    agent: Any = None
    seen: list[dict[str, Any]] = []  # noqa: RUF012  # one list for one server
    tokens: set[str | None] = set()  # noqa: RUF012

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.tokens.add(self.headers.get("Authorization"))
        try:
            sent = json.loads(body)
        except ValueError:
            sent = {}
        self.seen.append(sent)
        reply = self.agent(
            Request(
                request_id=str(sent.get("request_id")),
                spec_ref=str(sent.get("spec_ref")),
                input=sent.get("input", {}),
                flags=sent.get("flags", {}),
                body=body,
            )
        )
        self.answer(reply)

    def answer(self, reply: Reply) -> None:
        told: dict[str, Any] = {"status": reply.status, "trace": list(reply.trace), "model_id": reply.model_id}
        if reply.output is not None:
            told |= {"output": reply.output, "confidence": reply.confidence}
        if reply.refusal is not None:
            told["refusal"] = {"code": reply.refusal.code, "field": reply.refusal.field}
        data = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Silence."""


@pytest.fixture
def address() -> Iterator[str]:
    Serving.agent = staticmethod(offline_agent(load_spec("billing_codes@1.0.0")))
    Serving.seen, Serving.tokens = [], set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Serving)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_agent_behind_an_address_gets_the_same_scores_as_in_process(
    address: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALKIT_AGENT_TOKEN", "opaque-token-of-a-test")
    scores = []
    for agent in ("rules", address):
        assert run(["evaluate", "billing_codes@1.0.0", "--synthesize", "30", "--agent", agent, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        scores.append([(one["metric"], one["value"], one["n"]) for one in told["estimates"]])
    assert scores[0] == scores[1]
    assert Serving.tokens == {"Bearer opaque-token-of-a-test"}
    assert len(Serving.seen) > 30, "cases and probes"


def test_what_a_closed_box_hands_its_model_is_not_observed_and_no_pass(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", "billing_codes@1.0.0", "--synthesize", "20", "--agent", address]) == 0
    capsys.readouterr()
    assert run(["gate", "billing_codes@1.0.0", "--json"]) in {1, 3}
    told = {row["name"]: row["verdict"] for row in json.loads(capsys.readouterr().out)["results"]}
    assert told["boundary: minimum_necessary"] == "undecided"
    assert told["boundary: consent"] == "pass"


def test_a_server_that_is_not_there_is_an_error_in_every_score(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run(["evaluate", "billing_codes@1.0.0", "--synthesize", "1", "--agent", "http://127.0.0.1:9/", "--json"]) == 0
    )
    told = json.loads(capsys.readouterr().out)
    assert told["estimates"] == [], "nothing could be judged"
    assert run(["gate", "billing_codes@1.0.0"]) in {1, 2}


def test_plain_http_to_another_host_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "billing_codes@1.0.0", "--synthesize", "1", "--agent", "http://agent.example.org/"]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
