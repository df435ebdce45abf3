"""Safekeeping of evaluations: every execution becomes a record in the ledger of the workspace.

A record says in clear who ran what: spec with version and digest, agent, model, the PHI categories that the model was
handed, the tools that were called, when it ended and how long it took. Input and reply are sealed under the key of the
person that the case is about. A run is recorded once, when it is finished.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json

from evalkit.agents.guard import covers
from evalkit.cases.case import Case
from evalkit.digests import digest_bytes
from evalkit.errors import AuditError
from evalkit.evaluation.run import RunHeader
from evalkit.evaluation.workspace import Workspace, open_workspace
from evalkit.executions.encoding import decode, encode
from evalkit.executions.execution import Execution
from evalkit.spec.registry import Registry
from evalkit.spec.schema import Spec
from evalkit.vault.audit import Question
from evalkit.vault.entries import Entry, actor_of, microseconds, moment, plain
from evalkit.vault.ledger import Ledger
from evalkit.vault.retention import LastInEffect
from evalkit.vault.witness import FileWitness

FORMAT = 1
Times = Mapping[tuple[str, int], int]
"""Case id and trial -> when the execution was journalled, in microseconds since 1970."""


def open_ledger(workspace: Workspace | None = None, *, writable: bool = True) -> Ledger:
    """The ledger of the workspace, made if it is not there, with its witness.

    Raises SealError where the keyring lies inside the workspace, JournalError where the ledger is damaged.
    """
    place = workspace or open_workspace()
    keyring = place.keyring()
    if writable and not place.ledger.exists():
        place.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            ledger = Ledger.create(place.ledger, keyring=keyring, actor=current_actor())
        except FileExistsError:  # another process was quicker
            ledger = Ledger.open(place.ledger, keyring=keyring, writable=True)
    else:
        ledger = Ledger.open(place.ledger, keyring=keyring, writable=writable)
    ledger.witness = witness_of(ledger.origin, keyring.path.parent)
    return ledger


def witness_of(origin: str, beside: Path) -> FileWitness:
    """The witness of a ledger: a file in the folder ``$EVALKIT_WITNESS``, else in the folder of the keyring."""
    folder = Path(os.environ.get("EVALKIT_WITNESS") or beside / "witness")
    return FileWitness(folder / f"{origin.rpartition('/')[2]}.txt")


def current_actor() -> str:
    """Who runs this process."""
    try:
        return actor_of(getpass.getuser())
    except (KeyError, OSError):
        return actor_of("unknown")


def record_run(
    header: RunHeader, spec: Spec, pairs: Sequence[tuple[Case, Execution]], *, times: Times | None = None
) -> range:
    """Record a finished run and those of its executions that are not on record yet; on return they are on disk.

    A run that a budget stopped and that went on later is recorded in parts. Returns the numbers of the new records.
    """
    with open_ledger() as ledger, ledger.turn() as turn:
        condition, values = Question(target=header.run_id).condition()
        known = {found.target for found in ledger.records(condition, values)}
        fresh = [(case, done) for case, done in pairs if done.attempts and _target(header, done) not in known]
        if not fresh:
            return range(0)
        actor = current_actor()
        named: dict[str, Any] = {"actor": actor, "spec": spec.ref, "spec_sha": spec.content_sha}
        named["agent"] = _clear(header.agent_id)
        whole = Entry(action="evaluate", target=header.run_id, payload=to_json(asdict(header)), **named)
        first = turn.add([whole]).start
        entries = []
        for case, done in fresh:
            subject = turn.subject(f"{case.family}/{case.cluster_id}", actor=actor)
            known_by = {**named, "subject": subject, "target": _target(header, done)}
            entries.append(
                _entry(case, done, spec, known_by=known_by, ended=(times or {}).get((case.case_id, done.trial), 0))
            )
        return range(first, turn.add(entries).stop)


def record_replay(
    ledger: Ledger, case: Case, done: Execution, *, spec: Spec, agent: str, known_by: Mapping[str, Any]
) -> int:
    """Record one execution that is of no run; ``known_by`` says actor, subject and target. Returns its number."""
    named = {"spec": spec.ref, "spec_sha": spec.content_sha, "agent": _clear(agent), **known_by}
    now = microseconds(ledger.clock())
    return ledger.append([_entry(case, done, spec, known_by=named, ended=now)]).start


def _target(header: RunHeader, done: Execution) -> str:
    return f"{header.run_id}/{done.case_id}/{done.trial}"


def _entry(case: Case, done: Execution, spec: Spec, *, known_by: Mapping[str, Any], ended: int) -> Entry:
    return Entry(
        action="execute",
        outcome=done.status,
        model=_model(done, spec),
        phi=tuple(sorted(categories_sent(done, spec))),
        tools=tuple(_tools(done)),
        ended=ended,
        ms=int(done.seconds * 1000),
        payload=to_json((FORMAT, case.case_id, done.trial, case.input, case.flags, from_json(encode(done)))),
        **known_by,
    )


def read_payload(payload: bytes) -> tuple[dict[str, Any], dict[str, bool], Execution]:
    """Input, flags and execution of a record's payload. Raises AuditError for bytes of another format."""
    try:
        version, case_id, trial, inputs, flags, body = from_json(payload)
        if version != FORMAT:
            raise AuditError("the record was written by another version of evalkit")
        return inputs, flags, decode(to_json(body), case_id=case_id, trial=trial)
    except (ValueError, TypeError):
        raise AuditError("the payload is not that of an execution") from None


def categories_sent(done: Execution, spec: Spec) -> frozenset[str]:
    """The PHI categories of the fields that a model was handed.

    Where nobody watched, those of every field that may be sent: what it might have been handed. A derived field
    counts as what it was derived from.
    """
    received = done.reply.received if done.reply is not None else None
    handed = {name for one in received for name in one} if received is not None else None
    sent = frozenset[str]()
    for name, field in spec.input.items():
        if field.use == "validate_only" and (handed is None or name not in handed):
            continue
        if handed is None or name in handed or (field.use == "derive" and field.derive in handed):
            sent |= set(field.phi)
    return sent


def _model(done: Execution, spec: Spec) -> str:
    """The model's id, in clear where the spec lists it: an agent may call itself anything."""
    model = done.reply.model_id if done.reply is not None else None
    if model is None:
        return ""
    return _clear(model) if covers(spec.models, model) else f"sha256:{digest_bytes(model.encode())[:16]}"


def _tools(done: Execution) -> Iterator[str]:
    """The names of the tools that a watcher saw called, in order."""
    for sighting in getattr(done, "seen", None) or ():
        if sighting.sink == "tool":
            name = sighting.place
            known = name.isascii() and name.isidentifier() and len(name) <= 64
            yield name if known else f"sha256:{digest_bytes(name.encode())[:16]}"


def _clear(text: str) -> str:
    return plain(text, digest_bytes(text.encode()))


def last_in_effect(registry: Path) -> LastInEffect:
    """When a spec version was last in production, by the registry: for retention.

    None while it is in production; the beginning of time for a version that never was, so that its records count from
    their own creation.
    """
    moves: dict[str, list[tuple[str, int]]] = {}

    def look(ref: str) -> datetime | None:
        name, _, version = ref.partition("@")
        if name not in moves:
            events = Registry(registry).log(name) if (registry / "registry.jsonl").is_file() else ()
            moves[name] = [
                (event["version"], microseconds(datetime.fromisoformat(event["at"])))
                for event in events
                if event["event"] in {"alias", "rollback"}
            ]
        held = moves[name]
        if held and held[-1][0] == version:
            return None
        ends = [until for (one, _), (_, until) in pairwise(held) if one == version]
        return moment(max(ends, default=0))

    return look
