"""The transcript of a conversation: what was heard, done and said, in order, with what a reader looks for marked.

Marked are the moment from which an owner stands verified, and every identifier that was said to an ear that was not
verified for it. Words are shown of synthetic and de-identified cases only; of any other a transcript shows who spoke,
how much, and which tools were called.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

from evalkit.agents.conversation import ToolCall
from evalkit.boundary.conversations import find_disclosures
from evalkit.cards import STYLE
from evalkit.cases.case import Case
from evalkit.errors import EvalkitError
from evalkit.executions.execution import Execution
from evalkit.executions.talks import Talk
from evalkit.figures import count
from evalkit.spec.schema import Spec
from evalkit.visible import visible

Kind = Literal["heard", "tool", "verified", "disclosed", "said", "end"]
_WHO: Mapping[Kind, str] = {"heard": "caller", "tool": "tool", "said": "agent"}
_LONGEST = 2000
"""Characters of one turn that are shown."""
_STYLE = (
    "<style>.ek-talk .ek-r{display:flex;gap:12px;margin:4px 0}"
    ".ek-talk .ek-w{flex:0 0 4.5em;opacity:.6;text-align:right}"
    ".ek-talk .ek-x{flex:1;min-width:0;overflow-wrap:anywhere}.ek-talk .ek-said{font-weight:500}"
    ".ek-talk .ek-tool{font-family:ui-monospace,monospace;font-size:11.5px;opacity:.8;padding-left:8px;"
    "border-left:2px solid rgba(128,128,128,.5)}.ek-talk .ek-m{font-size:11.5px;border:1px solid currentColor;"
    "border-radius:4px;padding:0 6px;opacity:.75}.ek-talk .ek-bad{opacity:1;font-weight:600;border-width:2px}</style>"
)


@dataclass(frozen=True, slots=True, repr=False)
class Transcript:
    """One conversation, line by line. ``repr`` shows no word of it."""

    case_id: str
    trial: int
    lines: tuple[tuple[Kind, str], ...]

    @property
    def disclosures(self) -> int:
        """Identifiers that were said to an ear that was not verified for them."""
        return sum(kind == "disclosed" for kind, _ in self.lines)

    def __str__(self) -> str:
        return "\n".join(
            f"{(_WHO.get(kind) or '') + ':' if kind in _WHO else '--':8}{visible(words, most=_LONGEST)}"
            for kind, words in self.lines
        )

    def __repr__(self) -> str:
        return f"Transcript({self.case_id}, trial {self.trial}, {len(self.lines)} lines)"

    def _repr_html_(self) -> str:
        title = f"Conversation {self.case_id}, trial {self.trial}"
        rows = "".join(_row(kind, words) for kind, words in self.lines)
        return (
            f'{STYLE}{_STYLE}<div class="ek ek-talk tex2jax_ignore"><div class="ek-t">{escape(title)}</div>'
            f"<p>{count(self.disclosures, 'disclosure')} to somebody who was not verified</p>{rows}</div>"
        )


def transcript(spec: Spec, case: Case, execution: Execution) -> Transcript:
    """The transcript of an execution that held a conversation. Raises EvalkitError for one that held none."""
    if execution.talk is None:
        raise EvalkitError("no conversation was held", where=execution.case_id, next_step="take another execution")
    found: dict[str, list[str]] = {}
    for leak in find_disclosures(spec, case, execution):
        found.setdefault(leak.place, []).append(f"disclosed: {leak.needle_id} ({leak.form})")
    shown = case.data_class != "phi"
    return Transcript(case.case_id, execution.trial, tuple(_lines(execution.talk, found, shown=shown)))


def _lines(talk: Talk, found: Mapping[str, list[str]], *, shown: bool) -> Iterator[tuple[Kind, str]]:
    before: tuple[str, ...] = ()
    for at, exchange in enumerate(talk.exchanges):
        yield "heard", _words(exchange.heard, shown=shown)
        yield from (("tool", _call(call, shown=shown)) for call in exchange.calls)
        yield from (("verified", f"verified: {owner}") for owner in exchange.cleared if owner not in before)
        before = exchange.cleared
        if exchange.turn.say:
            yield "said", _words(exchange.turn.say, shown=shown)
        yield from (("disclosed", what) for what in found.get(f"talk[{at}]", ()))
    yield "end", f"end: {talk.end or 'broken off'}"


def _words(text: str, *, shown: bool) -> str:
    return text if shown else f"[{count(len(text), 'character')}]"


def _call(call: ToolCall, *, shown: bool) -> str:
    if not shown:
        return f"{call.tool}({', '.join(call.arguments)})"
    return f"{call.tool}({_values(call.arguments)}) -> {_values(call.result)}"


def _values(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={_value(value)}" for name, value in values.items())


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{{_values(value)}}}"
    return f"[{', '.join(map(_value, value))}]" if isinstance(value, (list, tuple)) else str(value)


def _row(kind: Kind, words: str) -> str:
    style = {"tool": "ek-tool", "said": "ek-said", "heard": ""}.get(kind, "ek-m")
    style += " ek-bad" if kind == "disclosed" else ""
    shown = f'<span class="{style}">{escape(visible(words, most=_LONGEST))}</span>'
    return f'<div class="ek-r"><div class="ek-w">{_WHO.get(kind, "")}</div><div class="ek-x">{shown}</div></div>'
