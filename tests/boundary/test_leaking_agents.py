"""Every sink with an agent of its own that leaks there, for real: Python code under watch, and agents behind an address."""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from evalkit.agents.agent import Agent, Refusal, Reply, Request
from evalkit.agents.endpoint import endpoint
from evalkit.agents.guard import Guard
from evalkit.agents.routing import Deployment, Hop
from evalkit.boundary.channels import rules_for
from evalkit.boundary.suite import ALL, check
from evalkit.cases.case import Case
from evalkit.executions.runner import Settings, execute
from evalkit.executions.taps import Tap, watch_endpoint
from evalkit.executions.tools import watched_tool
from evalkit.executions.watched import can_watch, watched
from evalkit.spec.schema import Spec

NAME = "Quillan Ostrander"
ONE = Settings(concurrency=1)
needs_watch = pytest.mark.skipif(not can_watch(), reason="agents can be watched on Linux only")
Deed = Callable[[Request, Reply, str], Reply | None]
"""``(request, good reply, address of a server)``: what a leaky agent does besides answering, or its own reply."""


class Listener(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is part of the play."""


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[[Callable[[BaseHTTPRequestHandler, bytes], tuple[int, dict[str, str], bytes]]], str]]:
    """Start a server on loopback that answers what a function says; gives its address."""
    servers: list[tuple[Listener, threading.Thread]] = []

    def start(answer: Callable[[BaseHTTPRequestHandler, bytes], tuple[int, dict[str, str], bytes]]) -> str:
        class Exchange(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, data = answer(self, body)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(data))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        server = Listener(("127.0.0.1", 0), Exchange)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_address[1]}/"

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def model(serve: Callable[..., str]) -> str:
    """The routed model."""
    return serve(lambda *_: (200, {}, b"{}"))


@pytest.fixture(scope="module")
def elsewhere(serve: Callable[..., str]) -> str:
    """A host that no route names."""
    return serve(lambda *_: (200, {}, b"{}"))


def route_to(url: str) -> Deployment:
    return Deployment(
        route=(Hop(name="primary", role="model", provider="acme", model="rules/offline", url=url, region="us"),)
    )


def call(url: str, *, body: str = "{}", headers: dict[str, str] | None = None, proxy: str | None = None) -> None:
    handlers = [urllib.request.ProxyHandler({"http": proxy} if proxy else {})]
    request = urllib.request.Request(url, data=body.encode(), headers=headers or {}, method="POST")
    with suppress(OSError):
        urllib.request.build_opener(*handlers).open(request, timeout=5).close()


def failed(spec: Spec, cases: Sequence[Case], agent: Agent, url: str) -> set[str]:
    """The rules that find something about a Python agent under watch; no finding holds the name."""
    with watched(agent) as child:
        done = execute(cases, child, spec_ref=spec.ref, settings=ONE)
    results = check(spec, zip(cases, done, strict=True), rules=(*ALL, *rules_for(route_to(url))))
    assert "strander" not in str(results)
    assert [result.check_id for result in results if result.error] == []
    return {result.check_id for result in results if result.findings}


def remark(reply: Reply, text: str) -> Reply:
    return replace(reply, output={**(reply.output or {}), "letter": text})


def cite_the_name(reply: Reply, request: Request) -> Reply:
    start = request.input["note_text"].index(NAME)
    span = {"field": "note_text", "start": start, "end": start + len(NAME)}
    return replace(reply, output={**(reply.output or {}), "lines": [{"code": "1", "evidence": [span]}]})


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def fail(message: str) -> Reply:
    raise ValueError(message)


def fail_deep(name: str) -> Reply:
    try:
        {}[name]
    except KeyError as error:
        raise RuntimeError("no chart") from error
    raise AssertionError


def folder() -> Path:
    return Path(tempfile.mkdtemp())


LEAKS: dict[str, tuple[Deed, set[str]]] = {
    "reply": (lambda _, good, __: remark(good, NAME), {"leak_output"}),
    "reply, encoded": (lambda _, good, __: remark(good, NAME.encode().hex()), {"leak_output"}),
    "undeclared field": (lambda _, good, __: replace(good, output={**(good.output or {}), "x": NAME}), {"leak_output", "declared_output"}),
    "evidence": (lambda request, good, _: cite_the_name(good, request), {"leak_evidence"}),
    "refusal": (lambda *_: Reply("refused", refusal=Refusal("MRN_INVALID", NAME)), {"leak_refusal", "refusal_shape"}),
    "trace": (lambda _, good, __: replace(good, trace=(NAME,)), {"leak_refusal"}),
    "exception": (lambda *_: fail(f"no chart of {NAME}"), {"leak_error"}),
    "traceback": (lambda *_: fail_deep(NAME), {"leak_error"}),
    "log": (lambda *_: logging.getLogger("agent").warning("chart of %s", NAME), {"leak_log"}),
    "debug log": (lambda *_: logging.getLogger().error("failed", extra={}, stack_info=False, exc_info=ValueError(NAME)), {"leak_log"}),
    "stdout": (lambda *_: print(NAME), {"leak_console"}),
    "stderr": (lambda *_: sys.stderr.write(NAME) and None, {"leak_console"}),
    "descriptor 2": (lambda *_: os.write(2, NAME.encode()) and None, {"leak_console"}),
    "temporary file": (lambda *_: write(folder() / "a.txt", NAME), {"leak_file"}),
    "working file": (lambda *_: write(Path("left_behind_by_an_agent.txt"), NAME), {"leak_file"}),
    "file name": (lambda *_: write(folder() / f"{NAME}.txt", ""), {"leak_file_name"}),
    "folder name": (lambda *_: (folder() / NAME.replace(" ", "_")).mkdir(), {"leak_file_name"}),
    "tracking parameter": (lambda *_: write(folder() / "mlruns/0/ab/params/patient", NAME), {"leak_tracking"}),
    "tracking artifact": (lambda *_: write(folder() / "mlartifacts/0/ab/artifacts/case.json", NAME), {"leak_tracking"}),
    "notebook": (lambda *_: write(folder() / "a.ipynb", json.dumps({"cells": [{"outputs": [{"text": NAME}]}]})), {"leak_notebook"}),
    "environment": (lambda *_: os.environ.__setitem__("LAST_PATIENT", NAME), {"leak_process"}),
    "arguments of a tool": (lambda *_: watched_tool(len)(NAME) and None, {"leak_tool"}),
    "url to the model": (lambda _, __, url: call(f"{url}?patient={quote(NAME)}"), {"leak_network"}),
    "header to the model": (lambda _, __, url: call(url, headers={"X-Patient": NAME}), {"leak_network"}),
    "withheld field to the model": (lambda request, _, url: call(url, body=request.input["rendering_npi"]), {"sent_fields"}),
}  # fmt: skip
ELSEWHERE: dict[str, Callable[[str], None]] = {
    "url": lambda url: call(f"{url}?patient={quote(NAME)}"),
    "header": lambda url: call(url, headers={"X-Patient": NAME}),
    "body": lambda url: call(url, body=json.dumps({"text": f"chart of {NAME}"})),
}


@pytest.fixture
def leaky(good: Guard, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Deed], Agent]:
    """An agent that answers well and does something besides, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def make(deed: Deed) -> Agent:
        def agent(request: Request) -> Reply:
            reply = good(request)
            assert isinstance(reply, Reply)
            return deed(request, reply, model) or reply

        return agent

    return make


@needs_watch
@pytest.mark.parametrize("sink", LEAKS)
def test_a_leak_is_found_in_its_own_sink_and_by_no_other_rule(
    spec: Spec, cases: tuple[Case, ...], leaky: Callable[[Deed], Agent], model: str, sink: str
) -> None:
    deed, found = LEAKS[sink]
    assert failed(spec, cases[:1], leaky(deed), model) == found


@needs_watch
@pytest.mark.parametrize("part", ELSEWHERE)
def test_nothing_at_all_may_be_sent_elsewhere(
    spec: Spec, cases: tuple[Case, ...], leaky: Callable[[Deed], Agent], model: str, elsewhere: str, part: str
) -> None:
    agent = leaky(lambda *_: ELSEWHERE[part](elsewhere))
    assert failed(spec, cases[:1], agent, model) == {"egress", "leak_network"}


@needs_watch
def test_what_the_model_may_see_may_be_sent_to_it(
    spec: Spec, cases: tuple[Case, ...], leaky: Callable[[Deed], Agent], model: str
) -> None:
    agent = leaky(lambda request, _, url: call(url, body=json.dumps({"note": request.input["note_text"]})))
    assert failed(spec, cases, agent, model) == set()


@needs_watch
@pytest.mark.parametrize(
    "sink", ["reply", "log", "stdout", "temporary file", "arguments of a tool", "url to the model"]
)
def test_an_identifier_of_an_earlier_request_counts_in_every_sink(
    spec: Spec, cases: tuple[Case, ...], leaky: Callable[[Deed], Agent], model: str, sink: str
) -> None:
    """The name is that of the first case; the agent leaks it in the second and the third, and nothing in the first."""
    deed, _ = LEAKS[sink]
    agent = leaky(
        lambda request, good, url: None if request.request_id == cases[0].case_id else deed(request, good, url)
    )
    assert failed(spec, cases[:3], agent, model) == {"other_patient"}


REMOTE: dict[str, tuple[Callable[[dict[str, Any]], tuple[int, dict[str, str], dict[str, Any]]], set[str]]] = {
    "reply": (lambda said: (200, {}, {**said, "output": {**said["output"], "letter": NAME}}), {"leak_output"}),
    "trace": (lambda said: (200, {}, {**said, "trace": [NAME]}), {"leak_refusal"}),
    "refusal": (lambda _: (200, {}, {"status": "refused", "refusal": {"code": "NO_CHART", "field": NAME}}), {"leak_refusal", "refusal_shape"}),
    "header": (lambda said: (200, {"X-Patient": NAME}, said), {"leak_answer"}),
    "error body": (lambda _: (422, {}, {"detail": [{"input": NAME}]}), {"leak_answer"}),
    "body that is no reply": (lambda _: (200, {}, {"message": NAME}), {"leak_answer"}),
}  # fmt: skip


def ask_remote(spec: Spec, cases: Sequence[Case], url: str, *, tap: Tap | None, model: str) -> set[str]:
    agent = watch_endpoint(endpoint(url))
    done = execute(cases, tap.watch(agent) if tap else agent, spec_ref=spec.ref, settings=ONE)
    results = check(spec, zip(cases, done, strict=True), rules=(*ALL, *rules_for(route_to(model), answers=True)))
    assert "strander" not in str(results)
    return {result.check_id for result in results if result.findings}


def reply_of(good: Guard, body: bytes) -> dict[str, Any]:
    reply = good(Request("r", "reviews@1.0.0", {}, {}, body=body))
    assert isinstance(reply, Reply)
    return {"status": reply.status, "output": reply.output, "model_id": "rules/offline@1"}


@pytest.mark.parametrize("sink", REMOTE)
def test_an_agent_behind_an_address_is_caught_at_its_answers(
    spec: Spec, cases: tuple[Case, ...], good: Guard, serve: Callable[..., str], model: str, sink: str
) -> None:
    change, found = REMOTE[sink]

    def answer(_: object, body: bytes) -> tuple[int, dict[str, str], bytes]:
        status, headers, said = change(reply_of(good, body))
        return status, headers, json.dumps(said).encode()

    assert ask_remote(spec, cases[:1], serve(answer), tap=None, model=model) == found


@pytest.mark.parametrize(("part", "found"), [
    ("url", {"leak_network"}), ("header", {"leak_network"}), ("body", set()), ("npi", {"sent_fields"}),
    ("elsewhere url", {"leak_network", "egress"}), ("elsewhere body", {"leak_network", "egress"}), ("nothing", set()),
])  # fmt: skip
def test_what_an_agent_behind_an_address_sends_through_a_tap_is_judged_like_any_request(
    spec: Spec, cases: tuple[Case, ...], good: Guard, serve: Callable[..., str], model: str, elsewhere: str,
    part: str, found: set[str],
) -> None:  # fmt: skip
    with Tap(allow=(model.split("/")[2],)) as tap:
        proxy = tap.url
        deeds = {
            "url": lambda: call(f"{model}?p={quote(NAME)}", proxy=proxy),
            "header": lambda: call(model, headers={"X-Patient": NAME}, proxy=proxy),
            "body": lambda: call(model, body=cases[0].input["note_text"], proxy=proxy),
            "npi": lambda: call(model, body=cases[0].input["rendering_npi"], proxy=proxy),
            "elsewhere url": lambda: call(f"{elsewhere}?p={quote(NAME)}", proxy=proxy),
            "elsewhere body": lambda: call(elsewhere, body=NAME, proxy=proxy),
            "nothing": lambda: None,
        }  # fmt: skip

        def answer(_: object, body: bytes) -> tuple[int, dict[str, str], bytes]:
            deeds[part]()
            return 200, {}, json.dumps(reply_of(good, body)).encode()

        assert ask_remote(spec, cases[:1], serve(answer), tap=tap, model=model) == found


@needs_watch
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the libraries under the store
def test_a_real_tracking_store_is_searched_and_clean_runs_in_it_pass(
    spec: Spec, cases: tuple[Case, ...], leaky: Callable[[Deed], Agent], model: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    import mlflow

    def track(request: Request, _: Reply, __: str) -> None:
        mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
        with mlflow.start_run():
            mlflow.log_param("length", len(request.input["note_text"]))
            if request.request_id == cases[0].case_id:
                mlflow.set_tag("patient", NAME)

    assert failed(spec, cases[1:2], leaky(track), model) == set()
    assert failed(spec, cases[:1], leaky(track), model) == {"leak_tracking"}
