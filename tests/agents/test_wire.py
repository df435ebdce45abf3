from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.agents.agent import Refusal, Request, Usage
from evalkit.agents.wire import read_reply, write_request
from evalkit.errors import AgentError

SECRET = "Quillan Ostrander"


def test_a_request_is_canonical_json(request_: Request) -> None:
    body = write_request(request_)
    assert json.loads(body)["flags"] == {"payment_ack": True}
    assert body == json.dumps(json.loads(body), sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize("value", [float("nan"), "\ud800" + SECRET, {SECRET}])
def test_an_input_that_is_not_json_is_refused_without_showing_it(value: object) -> None:
    with pytest.raises(AgentError) as caught:
        write_request(Request("case-1", "letters@1.0.0", {"note_text": value}, {}))
    assert SECRET not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_whole_reply_is_read() -> None:
    reply = read_reply(
        b'{"status": "needs_review", "output": {"letter": "Seen."}, "confidence": 1, "trace": ["Codes/00061"],'
        b' "model_id": "rules/offline@1", "usage": {"model_calls": 2, "input_tokens": 30, "cost_usd": 0.5}}'
    )
    assert reply.status == "needs_review"
    assert reply.output == {"letter": "Seen."}
    assert reply.confidence == 1.0
    assert reply.trace == ("Codes/00061",)
    assert reply.model_id == "rules/offline@1"
    assert reply.usage == Usage(2, 30, 0, 0.5)


def test_a_refusal_is_read() -> None:
    reply = read_reply(b'{"status": "refused", "refusal": {"code": "CONSENT_MISSING", "field": "payment_ack"}}')
    assert reply.refusal == Refusal("CONSENT_MISSING", "payment_ack")
    assert reply.output is None


@pytest.mark.parametrize("body", [
    b"", b"[]", b"null", b'{"status": "ok"', b'{"status": "ok", "output": {}} {}',
    b'{"status": "ok", "status": "ok", "output": {}}',
    b'{"status": "ok", "output": {"a": 1, "\\u0061": 2}}',
    b'{"status": "ok", "output": {"a": NaN}}',
    b'{"status": "ok", "output": []}',
    b'{"status": "ok", "output": null}',
    b'{"status": "ok", "output": {}, "debug": {}}',
    b'{"status": "ok", "output": {}, "confidence": "0.9"}',
    b'{"status": "ok", "output": {}, "confidence": 1.01}',
    b'{"status": "ok", "output": {}, "confidence": true}',
    b'{"status": "ok", "output": {}, "trace": "Codes/00061"}',
    b'{"status": "ok", "output": {}, "usage": {"input_tokens": -1}}',
    b'{"status": "ok", "output": {}, "usage": {"input_tokens": 1.5}}',
    b'{"status": "ok", "output": {}, "refusal": {"code": "NPI_INVALID"}}',
    b'{"status": "refused"}',
    b'{"status": "refused", "refusal": {}}',
    b'{"status": "refused", "refusal": {"code": "NPI_INVALID", "value": "1"}}',
    b'{"status": "refused", "refusal": {"code": "NPI_INVALID"}, "output": {}}',
    b'{"status": "done", "output": {}}',
    b'\xff\xfe',
])  # fmt: skip
def test_a_reply_in_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(AgentError):
        read_reply(body)


@given(st.sampled_from(["status", "confidence", "model_id", "trace", "usage", "refusal", SECRET]))
def test_no_error_shows_a_value_or_an_unknown_key(name: str) -> None:
    wire = {"status": "ok", "output": {}, name: [SECRET]}
    if name == "trace":
        wire[name] = {SECRET: SECRET}
    with pytest.raises(AgentError) as caught:
        read_reply(json.dumps(wire).encode())
    assert SECRET not in str(caught.value)
    assert caught.value.__context__ is None


def test_an_error_names_the_field_that_is_wrong() -> None:
    with pytest.raises(AgentError, match=r"usage\.input_tokens"):
        read_reply(b'{"status": "ok", "output": {}, "usage": {"input_tokens": "3"}}')
