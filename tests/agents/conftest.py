"""A small spec, a request that it answers, and a real HTTPS server on the loopback interface."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from evalkit.agents.agent import Reply, Request
from evalkit.phi import surrogates
from evalkit.spec.schema import InputField, MinimumNecessary, ModelPolicy, OutputField, RefusalRule, Review, Spec

TODAY = date(2026, 6, 1)
NOTE = "Name: Quillan Ostrander\nKnee injection on the right."


@pytest.fixture(scope="session")
def spec() -> Spec:
    return Spec(
        id="letters", version="1.0.0", title="Letters", family="letters", owner="owner@example.org", status="candidate",
        effective=date(2026, 1, 1), supersedes=None, change_note="First.", data_class="synthetic",
        purpose_of_use="HPAYMT", legal_basis="45 CFR 164.506(c)", code_table=None,
        input={
            "note_text": InputField(type="string", required=True, phi=("free_text",), max_chars=2000),
            "date_of_service": InputField(type="date", required=True, phi=("date",)),
            "patient_mrn": InputField(type="string", required=True, phi=("mrn",), use="validate_only"),
        },
        minimum_necessary=MinimumNecessary(
            allow={"note_text": "what was done", "date_of_service": "which rules hold"}, forbid=("ssn", "employer")
        ),
        refuse=(
            RefusalRule(code="CONSENT_MISSING", when="not flags.payment_ack"),
            RefusalRule(code="MRN_INVALID", when="not valid.mrn(input.patient_mrn)"),
            RefusalRule(code="DOS_IN_FUTURE", when="input.date_of_service > today"),
        ),
        output={
            "letter": OutputField(type="string"),
            "lines": OutputField(type="list", item={"code": "string", "evidence": "list[span]"}),
        },
        review=Review(threshold=0.8), models=ModelPolicy(policy="offline_only", allow=("rules/offline",)), gates=(),
        tables={}, prose={}, source="letters", path="letters.md", content_sha="0" * 64, behaviour_sha="1" * 64,
    )  # fmt: skip


@pytest.fixture
def request_() -> Request:
    values = {"note_text": NOTE, "date_of_service": "2026-05-01", "patient_mrn": surrogates.mrn(7)}
    return Request("case-1", "letters@1.0.0", values, {"payment_ack": True})


@pytest.fixture
def model() -> Callable[[Any], Reply]:
    """Reads what it is given and cites it."""

    def letters(values: Any) -> Reply:
        line = {"code": "00061", "evidence": [{"field": "note_text", "start": 24, "end": 38}]}
        return Reply("ok", {"letter": "Knee injection.", "lines": [line]}, confidence=0.9, model_id="rules/offline@1")

    return letters


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    """A certificate authority and the PEM file that trusts it."""
    ca = trustme.CA()
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(str(path))
    return ca, path


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is part of the play."""


class Server:
    """An HTTPS server that plays one step a request: a callable that is handed the open exchange."""

    def __init__(self, ca: trustme.CA | None, host: str = "localhost") -> None:
        self.steps: list[Callable[[BaseHTTPRequestHandler], None]] = []
        self.seen: list[dict[str, Any]] = []
        self.released = threading.Event()
        server = self

        class Exchange(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                server.seen.append({"headers": dict(self.headers), "body": body, "peer": self.client_address})
                step = server.steps.pop(0) if len(server.steps) > 1 else server.steps[0]
                step(self)

            def log_message(self, *_: object) -> None:
                pass

        self._http = Listener(("127.0.0.1", 0), Exchange)
        scheme = "http"
        if ca is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            ca.issue_cert(host).configure_cert(context)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
            scheme = "https"
        self.url = f"{scheme}://localhost:{self._http.server_address[1]}/agent"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def stop(self) -> None:
        self.released.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


def send(exchange: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    exchange.send_response(status)
    for name, value in headers.items():
        exchange.send_header(name.replace("_", "-"), value)
    exchange.send_header("Content-Length", str(len(body)))
    exchange.end_headers()
    exchange.wfile.write(body)


@pytest.fixture
def answer() -> bytes:
    """A good reply in the wire form."""
    return json.dumps({"status": "ok", "output": {"letter": "Seen.", "lines": []}, "confidence": 0.9}).encode()


@pytest.fixture
def serve(authority: tuple[trustme.CA, Path]) -> Iterator[Callable[..., Server]]:
    """Start a server that plays these steps; bytes are a 200, a number is an empty reply of that status."""
    started: list[Server] = []

    def start(*steps: Any, tls: bool = True, host: str = "localhost") -> Server:
        server = Server(authority[0] if tls else None, host)
        for step in steps:
            if isinstance(step, bytes):
                server.steps.append(lambda exchange, body=step: send(exchange, 200, body))
            elif isinstance(step, int):
                server.steps.append(lambda exchange, status=step: send(exchange, status, Retry_After="0"))
            else:
                server.steps.append(step)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()
