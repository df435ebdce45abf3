"""Encoding: an execution that was written is read back equal, and nothing else is read at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import from_json, to_json

from evalkit.agents.agent import Refusal, Reply, Usage
from evalkit.errors import JournalError
from evalkit.executions.encoding import VERSION, decode, encode
from evalkit.executions.execution import Execution, Failure

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(TEXT, JSON, max_size=3)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
COUNTS = st.integers(0, 2**70)
REPLIES = st.builds(
    Reply,
    status=st.sampled_from(["ok", "refused", "needs_review"]),
    output=st.none() | OBJECTS,
    refusal=st.none() | st.builds(Refusal, TEXT, st.none() | TEXT),
    confidence=st.none() | st.floats(0, 1),
    trace=TEXTS,
    received=st.none() | st.lists(OBJECTS, max_size=2).map(tuple),
    stripped=TEXTS,
    model_id=st.none() | TEXT,
    usage=st.builds(Usage, COUNTS, COUNTS, COUNTS, st.floats(0, 1e6)),
)
FAILURES = st.builds(Failure, TEXT, TEXT)
EXECUTIONS = st.builds(
    lambda outcome, **parts: Execution(
        reply=outcome if isinstance(outcome, Reply) else None,
        failure=outcome if isinstance(outcome, Failure) else None,
        **parts,
    ),
    outcome=REPLIES | FAILURES,
    case_id=TEXT,
    trial=st.integers(0, 99),
    logs=TEXTS,
    attempts=st.integers(1, 9),
    seconds=st.floats(0, 1e6),
)


@given(execution=EXECUTIONS)
@settings(deadline=None, max_examples=200)
def test_an_execution_comes_back_equal(execution: Execution) -> None:
    assert decode(encode(execution), case_id=execution.case_id, trial=execution.trial) == execution


def test_case_and_trial_are_not_in_the_bytes() -> None:
    assert b"case-7" not in encode(Execution("case-7", 0, Reply("ok", {})))


def test_a_newer_shape_is_named_as_newer() -> None:
    body = from_json(encode(Execution("case-7", 0, Reply("ok", {}))))
    body[0] = VERSION + 1
    with pytest.raises(JournalError, match=f"has shape {VERSION + 1} and this evalkit reads up to {VERSION}"):
        decode(to_json([*body, "a part of tomorrow"]), case_id="case-7", trial=0)


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"null", b"[]", b"[1]", b'[1,1,0.1,[],null,["Nakamura"]]', b"[1,1,0.1,[],[1,2,3],null]", b"\xff"],
)
def test_other_bytes_are_refused_without_showing_them(data: bytes) -> None:
    with pytest.raises(JournalError, match="does not have the shape") as caught:
        decode(data, case_id="case-7", trial=0)
    assert "Nakamura" not in str(caught.value)
    assert caught.value.__cause__ is None
