"""The registry of spec versions: append-only, hash-chained, and the only place that says which version is in use.

::

    <root>/registry.jsonl          events: publish, gate, alias, rollback
    <root>/<id>/<version>.md       the canonical text of each version

A published version never changes. ``production`` moves to a version only with a passing gate on record for its very
content, or on a named person's word, which is recorded too. Going back is one call and needs no gate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evalkit.digests import digest_bytes
from evalkit.errors import RegistryError
from evalkit.spec.canonical import canonical_text, find_invisible
from evalkit.spec.chain import Chain, write_file
from evalkit.spec.coherence import version_key
from evalkit.spec.header import SPEC_ID, VERSION
from evalkit.spec.identity import contract_sha, rules_sha
from evalkit.spec.schema import Spec

PRODUCTION = "production"
VERDICTS = ("pass", "fail", "undecided", "incomplete")
Events = Sequence[Mapping[str, Any]]

_EVERY = frozenset({"id", "version", "content_sha", "at"})
_SIGNED = _EVERY | {"author", "reason"}
KINDS = {
    "publish": _SIGNED | {"behaviour_sha", "contract_sha", "rules_sha", "parent_sha"},
    "gate": _EVERY | {"verdict", "run_id"},
    "alias": _SIGNED | {"alias", "from", "gate", "override"},
    "rollback": _SIGNED | {"alias", "from"},
}
"""What an event of each kind holds."""


class Registry:
    """The registry in one folder. ``at`` is a datetime or ISO 8601 text with an offset; now where it is left out."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._chain = Chain(root / "registry.jsonl", KINDS)

    def __repr__(self) -> str:
        return f"Registry({self.root})"

    def publish(self, spec: Spec, *, author: str, reason: str, at: datetime | str | None = None) -> Path:
        """Register a version for good and keep its text; returns the file.

        Raises RegistryError where the version is registered already, is not above the highest one, or is raised less
        than its changes need: major for the contract, minor for tables, review, models and gates, patch for prose.
        """
        signed = _signed(author, reason, at)
        path = self.path(spec.id, spec.version)
        event = {
            "event": "publish", "id": spec.id, "version": spec.version, "content_sha": spec.content_sha,
            "behaviour_sha": spec.behaviour_sha, "contract_sha": contract_sha(spec), "rules_sha": rules_sha(spec),
            **signed,
        }  # fmt: skip

        def decide(history: Events) -> Mapping[str, Any]:
            published = _published(history, spec.id)
            parent = published[max(published, key=version_key)] if published else None
            _check_version(event, published, parent)
            if path.exists() and _text_sha(path) != spec.content_sha:
                raise RegistryError(
                    "another text stands in the place of this version",
                    where=str(path),
                    next_step="move that file away, or publish it instead",
                )
            write_file(path, spec.source.encode("utf-8"))
            return {**event, "parent_sha": parent["content_sha"] if parent else None}

        self._chain.append(decide)
        return path

    def path(self, spec_id: str, version: str) -> Path:
        """Where a version is kept, whether it is there or not. Raises RegistryError for a name that is not one."""
        if not re.fullmatch(SPEC_ID[1:-1], spec_id):
            raise RegistryError(
                "this is not the id of a spec", next_step="ids are lower-case letters, digits and _, first a letter"
            )
        if not re.fullmatch(VERSION[1:-1], version):
            raise RegistryError("this is not a version", where=spec_id, next_step="versions are three numbers: 1.0.0")
        return self.root / spec_id / f"{version}.md"

    def read(self, spec_id: str, version: str) -> tuple[str, Path]:
        """``(canonical text, file)`` of a version or of what an alias points at.

        Raises RegistryError where it is not registered, or where its text is not what was registered.
        """
        history = self._chain.read()
        wanted = _aliases(history, spec_id).get(version, version)
        published = _published(history, spec_id)
        if wanted not in published:
            raise RegistryError(
                "no such version or alias",
                where=f"{self.root}, {spec_id if published else 'spec'}",
                next_step=f"registered: {', '.join(sorted(published, key=version_key))}"
                if published
                else "publish it first",
            )
        path = self.path(spec_id, wanted)
        return _verified_text(path, published[wanted]["content_sha"]), path

    def versions(self, spec_id: str) -> tuple[str, ...]:
        """The registered versions, lowest first."""
        return tuple(sorted(_published(self._chain.read(), spec_id), key=version_key))

    def aliases(self, spec_id: str) -> dict[str, str]:
        """Alias -> version."""
        return _aliases(self._chain.read(), spec_id)

    def log(self, spec_id: str) -> tuple[dict[str, Any], ...]:
        """Every event of a spec, oldest first."""
        return tuple(event for event in self._chain.read() if event["id"] == spec_id)

    def record_gate(
        self, spec_id: str, version: str, *, verdict: str, run_id: str, digest: str, at: datetime | str | None = None
    ) -> None:
        """Put on record what the gates said of a version in a run; the last verdict on a content counts.

        ``digest`` is the content_sha of the spec that the run judged. Raises RegistryError for an unknown version or
        verdict, and where another text was judged than the one registered.
        """
        if verdict not in VERDICTS:
            raise RegistryError("this is not a verdict", where=spec_id, next_step=f"write one of {', '.join(VERDICTS)}")
        event = {
            "event": "gate", "id": spec_id, "version": version, "verdict": verdict, "content_sha": digest,
            "run_id": _one_line(run_id, "run id"), "at": _moment(at),
        }  # fmt: skip

        def decide(history: Events) -> Mapping[str, Any]:
            if _content(history, spec_id, version) != digest:
                raise RegistryError(
                    "the run judged another text than the registered one",
                    where=f"{spec_id}@{version}",
                    next_step="run the evaluation on the registered version",
                )
            return event

        self._chain.append(decide)

    def promote(
        self,
        spec_id: str,
        version: str,
        *,
        author: str,
        reason: str,
        at: datetime | str | None = None,
        override: str | None = None,
    ) -> None:
        """Move ``production`` to a version whose last gate on record passed, for its very content.

        ``override`` names who answers for going without; it is recorded with the reason. Raises RegistryError without
        either, and where the version is in production already.
        """
        signed = _signed(author, reason, at)
        named = _one_line(override, "override") if override is not None else None

        def decide(history: Events) -> Mapping[str, Any]:
            content = _content(history, spec_id, version)
            before = _aliases(history, spec_id).get(PRODUCTION)
            if before == version:
                raise RegistryError(
                    "this version is in production already", where=f"{spec_id}@{version}", next_step="nothing to do"
                )
            gate = _last_gate(history, spec_id, content)
            if named is None and (gate is None or gate["verdict"] != "pass"):
                raise RegistryError(
                    f"the last gate on record is {gate['verdict']}" if gate else "no gate on record for this content",
                    where=f"{spec_id}@{version}",
                    next_step="run evalkit gate on this version, or name who answers for going without: override",
                )
            _verified_text(self.path(spec_id, version), content)
            return {
                "event": "alias", "id": spec_id, "alias": PRODUCTION, "version": version, "content_sha": content,
                "from": before, "gate": gate["run_id"] if gate else None, "override": named, **signed,
            }  # fmt: skip

        self._chain.append(decide)

    def rollback(self, spec_id: str, *, author: str, reason: str, at: datetime | str | None = None) -> str:
        """Move ``production`` back to the version it had before, and return that; asked twice, one more back.

        Raises RegistryError where there is none before, or where its text is not what was registered.
        """
        signed = _signed(author, reason, at)

        def decide(history: Events) -> Mapping[str, Any]:
            held = _held(history, spec_id)
            if len(held) < 2:
                raise RegistryError(
                    "production had no version before", where=spec_id, next_step="promote an earlier version instead"
                )
            content = _content(history, spec_id, held[-2])
            _verified_text(self.path(spec_id, held[-2]), content)
            return {
                "event": "rollback", "id": spec_id, "alias": PRODUCTION, "version": held[-2], "content_sha": content,
                "from": held[-1], **signed,
            }  # fmt: skip

        return str(self._chain.append(decide)["version"])

    def verify(self) -> int:
        """Check the chain, the text of every version and the ground of every promotion; returns the events checked.

        Raises RegistryError for the first that does not hold.
        """
        history = self._chain.read()
        for number, event in enumerate(history):
            if event["event"] == "publish":
                _verified_text(self.path(event["id"], event["version"]), event["content_sha"])
            elif event["event"] == "alias" and event["override"] is None:
                gate = _last_gate(history[:number], event["id"], event["content_sha"])
                if gate is None or gate["verdict"] != "pass":
                    raise RegistryError(
                        "a promotion without a passing gate or an override",
                        where=f"{self._chain.path}:{number + 1}",
                        next_step="roll back, and find out who wrote this line",
                    )
        return len(history)

    def head(self) -> str:
        """The digest that stands for the whole history; keep it elsewhere to see a cut end."""
        return self._chain.head()

    def mend(self) -> int:
        """Cut off a torn last line, which was never acknowledged; returns the number of bytes cut."""
        return self._chain.mend()


def _published(history: Events, spec_id: str) -> dict[str, Mapping[str, Any]]:
    return {e["version"]: e for e in history if e["event"] == "publish" and e["id"] == spec_id}


def _moves(history: Events, spec_id: str) -> Iterator[Mapping[str, Any]]:
    return (event for event in history if event["event"] in {"alias", "rollback"} and event["id"] == spec_id)


def _aliases(history: Events, spec_id: str) -> dict[str, str]:
    return {event["alias"]: event["version"] for event in _moves(history, spec_id)}


def _held(history: Events, spec_id: str) -> list[str]:
    """The versions that production went through and was not rolled back from, oldest first."""
    held: list[str] = []
    for event in _moves(history, spec_id):
        if event["event"] == "alias":
            held.append(event["version"])
        elif held:
            held.pop()
    return held


def _last_gate(history: Events, spec_id: str, content: str) -> Mapping[str, Any] | None:
    found = (
        e for e in reversed(history) if e["event"] == "gate" and e["id"] == spec_id and e["content_sha"] == content
    )
    return next(found, None)


def _content(history: Events, spec_id: str, version: str) -> str:
    published = _published(history, spec_id)
    if version not in published:
        raise RegistryError("no such version", where=spec_id, next_step="publish it first")
    return str(published[version]["content_sha"])


def _check_version(event: Mapping[str, Any], published: Mapping[str, Any], parent: Mapping[str, Any] | None) -> None:
    """The version is new, above the highest, and raised as far as the changes since then need."""
    where = f"{event['id']}@{event['version']}"
    if event["version"] in published:
        same = published[event["version"]]["content_sha"] == event["content_sha"]
        raise RegistryError(
            "this version is registered already" + ("" if same else ", with another text"),
            where=where,
            next_step="nothing to do" if same else "give the changed text a new version",
        )
    if parent is None:
        return
    old, new = version_key(parent["version"]), version_key(event["version"])
    if new < old:
        raise RegistryError(
            f"the highest version is {parent['version']}", where=where, next_step="choose a version above it"
        )
    need = "patch"
    if parent["contract_sha"] != event["contract_sha"]:
        need = "major"
    elif parent["rules_sha"] != event["rules_sha"]:
        need = "minor"
    length = {"major": 1, "minor": 2, "patch": 3}[need]
    if new[:length] <= old[:length]:
        raise RegistryError(
            f"the changes since {parent['version']} need a new {need} version",
            where=where,
            next_step=f"raise the {need} number",
        )


def _text_sha(path: Path) -> str:
    return digest_bytes(canonical_text(path.read_bytes(), path=str(path)).encode("utf-8"))


def _verified_text(path: Path, content: str) -> str:
    try:
        data = path.read_bytes()
    except OSError:
        raise RegistryError(
            "the file of a registered version is gone", where=str(path), next_step="restore it from version control"
        ) from None
    text = canonical_text(data, path=str(path))
    if digest_bytes(text.encode("utf-8")) != content:
        raise RegistryError(
            "the file of a registered version was changed",
            where=str(path),
            next_step="restore it, and publish the change as a new version",
        )
    return text


def _signed(author: str, reason: str, at: datetime | str | None) -> dict[str, str]:
    return {"author": _one_line(author, "author"), "reason": _one_line(reason, "reason"), "at": _moment(at)}


def _one_line(text: str, what: str) -> str:
    """Text that stands in one line of a log and shows all that it holds."""
    if not text.strip() or len(text) > 400 or "\t" in text or find_invisible(text) is not None:
        raise RegistryError(f"the {what} is 1 to 400 visible characters on one line", next_step=f"give a plain {what}")
    return text.strip()


def _moment(at: datetime | str | None) -> str:
    """UTC to the second, as ``2026-07-01T09:30:00Z``."""
    try:
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at or datetime.now(UTC)
    except ValueError:
        raise RegistryError("the time is not ISO 8601", next_step="write 2026-07-01T09:30:00Z") from None
    if moment.tzinfo is None:
        raise RegistryError("the time has no offset from UTC", next_step="write 2026-07-01T09:30:00Z")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
