"""Replay: a stored input once more, on the spec that ran or on another, and what is now answered otherwise.

The reading of the stored execution is on record before it is opened, and the new execution is a record of its own,
about the same person. Where the data is not marked synthetic, a value is shown as its kind, its size and a mark: equal
values of one replay have equal marks, and nothing can be found from a mark, because its key is random and forgotten.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic_core import from_json

from evalkit.agents.agent import Agent, agent_id
from evalkit.cards import Grid, card
from evalkit.cases.case import Case
from evalkit.errors import EvalkitError, PromotionError
from evalkit.evaluation.runs import load_run
from evalkit.evaluation.safekeeping import record_replay
from evalkit.executions.execution import Execution
from evalkit.executions.runner import execute
from evalkit.promotion.production import REPLAY, Stored, stored_execution
from evalkit.spec.schema import Spec
from evalkit.tasks import load_spec, offline_agent
from evalkit.vault.audit import Audit, Question
from evalkit.vault.entries import Record
from evalkit.visible import visible

How = Literal["changed", "added", "removed"]
_KNOWN = frozenset({"status", "refusal", "failure", "trace", "model"})
_NOTHING = object()
Show = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Change:
    """One place in which two answers differ."""

    place: str
    """``status``, ``output.lines[0].code``. Names that no spec declares are shown as ``?``."""
    how: How
    before: str
    """The value as it may be shown; empty where it was added."""
    after: str

    def line(self) -> str:
        """One line."""
        if self.how == "changed":
            return f"  ~ {self.place}: {self.before} -> {self.after}"
        return f"  + {self.place}: {self.after}" if self.how == "added" else f"  - {self.place}: {self.before}"


@dataclass(frozen=True, slots=True)
class Replayed:
    """A stored execution beside the same input run again."""

    seq: int
    """The stored execution's record."""
    fresh: int
    """The record of this replay."""
    before: str
    """Spec ``id@version`` that ran then."""
    after: str
    """The one that ran now."""
    agent: str
    """The agent that ran now."""
    synthetic: bool
    """Whether the data is marked synthetic, so that values are shown."""
    changes: tuple[Change, ...]

    def sentence(self) -> str:
        """One line."""
        specs = self.before if self.before == self.after else f"{self.before} -> {self.after}"
        many = "the same answer" if not self.changes else f"{len(self.changes)} places answered otherwise"
        return f"record {self.seq} replayed as record {self.fresh} ({specs}): {many}"

    def summary(self) -> dict[str, Any]:
        """The replay as JSON values."""
        return {
            "seq": self.seq, "fresh": self.fresh, "before": self.before, "after": self.after, "agent": self.agent,
            "synthetic": self.synthetic,
            "changes": [{"place": c.place, "how": c.how, "before": c.before, "after": c.after} for c in self.changes],
        }  # fmt: skip

    def __str__(self) -> str:
        return "\n".join([self.sentence(), *(visible(change.line(), most=300) for change in self.changes)])

    def _repr_html_(self) -> str:
        rows = [(change.place, change.how, change.before, change.after) for change in self.changes]
        return card("Replay", lead=self.sentence(), grids=[Grid(["place", "was", "before", "after"], rows)])


def replay_execution(audit: Audit, seq: int, *, agent: Agent | None = None, spec: Spec | None = None) -> Replayed:
    """Run the input of a stored execution again, on the spec that ran or on ``spec``, and compare the answers.

    Without ``agent`` the rules agent runs, where it was the one. Raises AuditError for a record that is none of an
    execution, was purged or shredded, and PromotionError where the agent has to be given, where the text of the spec
    as it ran is no longer here, and for a spec of another family. Nothing runs before the reading is on record.
    """
    actor = audit.require("execute", f"{REPLAY}{seq}")
    record = audit.ledger.get(seq)
    stored = stored_execution(audit, seq)
    ran = spec_as_it_ran(record) if spec is None else spec
    asked = agent or _own_agent(ran, record.agent)
    case = Case(stored.execution.case_id, ran.family, stored.input, stored.flags, {})
    (done,) = execute([case], asked, spec_ref=ran.ref)
    known = {"actor": actor, "subject": stored.subject, "target": f"{REPLAY}{seq}/{case.case_id}/{done.trial}"}
    fresh = record_replay(audit.ledger, case, done, spec=ran, agent=agent_id(asked), known_by=known)
    synthetic = _is_synthetic(audit, stored)
    show = _plain if synthetic else _marked(secrets.token_bytes(16))
    changes = tuple(compare_executions(stored.execution, done, names=_declared(ran), show=show))
    return Replayed(seq, fresh, stored.spec, ran.ref, agent_id(asked), synthetic, changes)


def spec_as_it_ran(record: Record) -> Spec:
    """The very text that ran: from the stored run, else from the registry. Raises PromotionError where it is gone."""
    for found in (_stored_spec(record.target.partition("/")[0]), _registered(record.spec)):
        if found is not None and found.content_sha == record.spec_sha:
            return found
    raise PromotionError(
        "the text of the spec as it ran is not here any more",
        where=record.spec,
        next_step="name a version to run on with --spec",
    )


def _stored_spec(run: str) -> Spec | None:
    try:
        return load_run(run).spec
    except EvalkitError:
        return None


def _registered(ref: str) -> Spec | None:
    try:
        return load_spec(ref)
    except EvalkitError:
        return None


def _own_agent(spec: Spec, recorded: str) -> Agent:
    own = offline_agent(spec)
    if recorded.partition("@")[0] != agent_id(own).partition("@")[0]:
        raise PromotionError("the agent is not given", where=recorded, next_step="name the agent to ask with --agent")
    return own


def _is_synthetic(audit: Audit, stored: Stored) -> bool:
    """Whether the run said that its cases are synthetic; what no run vouches for is not."""
    run = stored.name.partition("/")[0]
    for one in audit.ledger.records(*Question(action="evaluate", target=run).condition()):
        if audit.ledger.why_gone(one) is None:
            return bool(from_json(audit.read(one.seq)).get("data_class") == "synthetic")
    return False


def compare_executions(before: Execution, after: Execution, *, names: frozenset[str], show: Show) -> Iterator[Change]:
    """The places in which two executions answer otherwise. ``names`` may be shown, values as ``show`` has them."""
    yield from _compare("", _parts(before), _parts(after), names=names, show=show)


def _parts(done: Execution) -> dict[str, Any]:
    """What an execution answered. Time, cost and logs differ from day to day and are left out."""
    reply = done.reply
    parts: dict[str, Any] = {"status": done.status, "trace": list(done.trace)}
    if done.failure is not None:
        parts["failure"] = done.failure.kind
    if done.refusal is not None:
        parts["refusal"] = done.refusal.code
    if reply is not None and reply.model_id is not None:
        parts["model"] = reply.model_id
    if reply is not None and reply.output is not None:
        parts["output"] = reply.output
    return parts


def _compare(place: str, one: Any, other: Any, *, names: frozenset[str], show: Show) -> Iterator[Change]:
    if one == other and type(one) is type(other):
        return
    for key, before, after in _children(one, other):
        shown = f"[{key}]" if isinstance(key, int) else key if not place or key in names else "?"
        inner = f"{place}{shown}" if isinstance(key, int) or not place else f"{place}.{shown}"
        yield from _compare(inner, before, after, names=names, show=show)
    if _children(one, other):
        return
    root = place.partition(".")[0].partition("[")[0]
    said: Show = _plain if root in _KNOWN - {"model"} else show
    if one is _NOTHING or other is _NOTHING:
        how: How = "added" if one is _NOTHING else "removed"
        yield Change(place, how, "" if one is _NOTHING else said(one), "" if other is _NOTHING else said(other))
    else:
        yield Change(place, "changed", said(one), said(other))


def _children(one: Any, other: Any) -> list[tuple[Any, Any, Any]]:
    """The entries of two objects or two lists side by side; none where they are something else."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        keys = [*one, *(key for key in other if key not in one)]
        return [(key, one.get(key, _NOTHING), other.get(key, _NOTHING)) for key in keys]
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        longest = max(len(one), len(other))
        left, right = ([*values, *[_NOTHING] * (longest - len(values))] for values in (one, other))
        return list(zip(range(longest), left, right, strict=True))
    return []


def _declared(spec: Spec) -> frozenset[str]:
    """Names that stand in the spec: of output fields and of what their entries hold."""
    inner = {name for field in spec.output.values() for name in field.item or ()}
    return frozenset({*spec.output, *inner, "start", "end", "field"})


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _marked(key: bytes) -> Show:
    """Kind, size and a mark: what may be said of a value that may be PHI."""

    def show(value: Any) -> str:
        mark = hashlib.blake2b(_plain(value).encode("utf-8", "backslashreplace"), digest_size=4, key=key).hexdigest()
        if isinstance(value, str):
            return f"text of {len(value)} #{mark}"
        if isinstance(value, Mapping | list | tuple):
            return f"{'object' if isinstance(value, Mapping) else 'list'} of {len(value)} #{mark}"
        kind = "nothing" if value is None else "yes or no" if isinstance(value, bool) else "number"
        return f"{kind} #{mark}"

    return show
