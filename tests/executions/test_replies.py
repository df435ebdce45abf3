"""Replies: what is accepted is a plain copy; what is not is refused without showing it."""

from __future__ import annotations

import enum
import types
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.agents.agent import Refusal, Reply, Usage
from evalkit.executions.replies import MAX_DEPTH, BadReply, accept, copy_json
from evalkit.spec.fields import Fields

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)


class Code(str, enum.Enum):  # noqa: UP042 - the older spelling, as agents have it
    E_M = "00010"


class Money(float):
    pass


@given(output=st.dictionaries(TEXT, JSON, max_size=4))
@settings(deadline=None)
def test_json_is_accepted_as_it_is(output: Mapping[str, Any]) -> None:
    reply = accept(Reply("ok", output))
    assert reply.output == output
    assert reply.output is not output


def test_every_part_of_a_reply_is_kept() -> None:
    reply = Reply(
        "needs_review",
        {"a": [1, {"b": None}]},
        Refusal("CONSENT_MISSING", "flags.consent"),
        0.25,
        ("Modifiers/25",),
        ({"note_text": "x"},),
        ("extra",),
        "model-1",
        Usage(1, 20, 30, 0.5),
    )
    assert accept(reply) == reply


def test_an_agent_that_goes_on_writing_into_its_output_does_not_change_the_record() -> None:
    output: dict[str, Any] = {"lines": [{"units": 1}]}
    reply = accept(Reply("ok", output, received=({"note": ["n"]},)))
    output["lines"][0]["units"] = 2
    assert reply.output == {"lines": [{"units": 1}]}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ((1, 2), [1, 2]),
        (Fields({"a": (1,)}), {"a": [1]}),
        (types.MappingProxyType({"a": 1}), {"a": 1}),
        (Code.E_M, "00010"),
        (Money(1.5), 1.5),
        (enum.IntEnum("Units", "one").one, 1),
    ],
)
def test_what_json_has_a_plain_form_for_is_kept_in_that_form(given: Any, kept: Any) -> None:
    copied = copy_json({"value": given})["value"]
    assert copied == kept
    assert type(copied) is type(kept)


@pytest.mark.parametrize(
    "value",
    [{1, 2}, b"Nakamura", object(), 1j, float("nan"), float("inf"), "\ud800", {1: "Nakamura"}, {"\udfff": 1}],
)
def test_what_json_cannot_hold_is_refused_without_showing_it(value: Any) -> None:
    with pytest.raises(BadReply) as caught:
        accept(Reply("ok", {"patient_Nakamura": [value]}))
    assert "Nakamura" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}])
def test_an_output_that_never_ends_is_refused(wrap: Any) -> None:
    value: Any = 1
    for _ in range(MAX_DEPTH + 1):
        value = wrap(value)
    with pytest.raises(BadReply, match="deeper than 64"):
        accept(Reply("ok", {"a": value}))


def test_an_output_that_holds_itself_is_refused() -> None:
    output: dict[str, Any] = {}
    output["self"] = output
    with pytest.raises(BadReply, match="deeper"):
        accept(Reply("ok", output))


@pytest.mark.parametrize("value", [None, "ok", {"status": "ok"}, 1, Reply])
def test_what_is_no_reply_is_refused_by_its_type_alone(value: Any) -> None:
    with pytest.raises(BadReply, match=f"returned a {type(value).__name__}, not a Reply"):
        accept(value)


@pytest.mark.parametrize(
    "parts",
    [
        {"status": "fine"},
        {"output": ["a"]},
        {"output": "a"},
        {"refusal": "CONSENT_MISSING"},
        {"refusal": Refusal(7)},  # type: ignore[arg-type]
        {"confidence": 1.5},
        {"confidence": float("nan")},
        {"confidence": "0.9"},
        {"confidence": True},
        {"trace": "Modifiers/25"},
        {"trace": (1,)},
        {"received": ({"a": 1}, "b")},
        {"received": {"a": 1}},
        {"stripped": {"a"}},
        {"model_id": 5},
        {"usage": None},
        {"usage": Usage(input_tokens=-1)},
        {"usage": Usage(model_calls=True)},
        {"usage": Usage(cost_usd=float("inf"))},
    ],
)
def test_each_part_of_a_reply_is_checked(parts: dict[str, Any]) -> None:
    with pytest.raises(BadReply):
        accept(Reply(**{"status": "ok", **parts}))


def test_a_whole_number_is_a_confidence() -> None:
    assert accept(Reply("ok", {}, confidence=1)).confidence == 1.0
