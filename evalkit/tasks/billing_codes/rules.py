"""The offline agent: executes the tables of a billing spec on a note, and nothing that is not in them.

::

    note -> passages -> those of another day put aside (Do not read), later ones preferred (Last word)
         -> sentences -> silent ones put aside (Do not bill) -> cues open lines (Codes)
         -> units (units, max, Timed units) -> included work dropped (Bundling) -> visit (Visit time, Visits)
         -> modifiers (Modifiers); what the patient has, beside the lines (Diagnoses, Do not code)

Every row that shaped the answer, or was asked and could have, is in the reply's trace: an edited row is thereby
joined to the cases that it broke.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from evalkit.agents.agent import Reply
from evalkit.errors import SpecError
from evalkit.spec.schema import Row, Spec
from evalkit.tasks.billing_codes.diagnosing import DiagnosisRules
from evalkit.tasks.billing_codes.tables import When
from evalkit.tasks.reading import (
    Sentence,
    count_of,
    heard_among,
    hears,
    holds,
    minutes_of,
    read_passages,
    sides_of,
)

MODEL_ID = "rules/offline@1"
NOBODY_KNOWS = 0.5
"""Confidence in an answer without a line: no rule spoke for or against it."""
DOING = frozenset({
    "administered", "applied", "completed", "debrided", "drained", "excised", "froze", "given", "infiltrated",
    "injected", "lanced", "needled", "performed", "placed", "pricked", "removed", "repaired", "sampled", "snipped",
    "stitched", "tapped", "treated", "worked",
})  # fmt: skip
"""Words by which a sentence sounds like work done. One that no cue explains is a doubt; a heading is no sentence."""


@dataclass(frozen=True, slots=True)
class CodeRule:
    """One row of Codes."""

    row_id: str
    code: str
    cues: tuple[str, ...]
    counting: str
    per: int | str | None
    """Minutes of one unit for "timed", the primary code for "extra"."""
    cap: int
    surface: str | None
    days: str

    @property
    def primary(self) -> str | None:
        """The code that this add-on goes with."""
        return str(self.per) if self.counting == "extra" else None


@dataclass(frozen=True, slots=True)
class ModifierRule:
    """One row of Modifiers."""

    row_id: str
    modifier: str
    places: tuple[str, ...]
    when: When


@dataclass(frozen=True, slots=True)
class Line:
    """A line in the making."""

    code: str
    units: int
    days: str
    """The global period; ``visit`` for the visit."""
    sentences: tuple[Sentence, ...]
    place: str | None = None
    """``lateral``, ``visit`` or nothing; bundled lines are asked apart."""
    modifiers: tuple[str, ...] = ()

    @property
    def sides(self) -> frozenset[str]:
        """The sides that its sentences name."""
        return frozenset(side for sentence in self.sentences for side in sides_of(sentence))


@dataclass(slots=True)
class Reading:
    """What one note said: which rows spoke, and how many sentences left a doubt."""

    live: list[tuple[Sentence, frozenset[str]]] = field(default_factory=list)
    """The sentences that count, each with the cues that it holds."""
    read: list[Sentence] = field(default_factory=list)
    """Every sentence of today, whatever silences it for billing: where diagnoses are looked for."""
    trace: list[str] = field(default_factory=list)
    clear: int = 0
    doubts: int = 0

    def note(self, row_id: str) -> None:
        """Put a row in the trace, once."""
        if row_id not in self.trace:
            self.trace.append(row_id)

    def saying(self, cues: Iterable[str]) -> tuple[Sentence, ...]:
        """The sentences that hold any of these cues."""
        return tuple(sentence for sentence, heard in self.live if not heard.isdisjoint(cues))

    def forget(self, cues: Iterable[str]) -> bool:
        """Drop the sentences that hold any of these cues; were there any?"""
        kept = [(sentence, heard) for sentence, heard in self.live if heard.isdisjoint(cues)]
        dropped, self.live = len(kept) < len(self.live), kept
        return dropped


def rules(spec: Spec) -> BillingRules:
    """The offline model of a billing spec, for `evalkit.agents.guard.guard`."""
    return BillingRules(spec)


class BillingRules:
    """A spec's tables, compiled. Callable with the allowed fields ``note_text`` and ``new_patient``."""

    __slots__ = (
        "_bundles", "_codes", "_cues", "_diagnoses", "_full", "_last", "_modifiers", "_review", "_silent", "_unread",
        "_visit_cues", "_visits",
    )  # fmt: skip

    agent_id = MODEL_ID
    model_id = MODEL_ID

    def __init__(self, spec: Spec) -> None:
        tables = spec.tables
        self._codes = tuple(_code_rule(row) for row in tables["Codes"].rows)
        _refuse_chains(spec, self._codes)
        self._modifiers = tuple(
            ModifierRule(row.row_id, row.cells["modifier"], row.cells["put it on"], row.cells["when"])
            for row in tables["Modifiers"].rows
        )
        self._visit_cues = {row.cells["item"]: row.row_id for row in tables["Visit time"].rows}
        self._cues = frozenset(cue for rule in self._codes for cue in rule.cues) | frozenset(self._visit_cues)
        self._silent = _items(spec, "Do not bill")
        self._unread = _items(spec, "Do not read")
        self._last = _items(spec, "Last word")
        self._diagnoses = DiagnosisRules(spec)
        self._visits = sorted(tables["Visits"].rows, key=lambda row: row.cells["minutes"], reverse=True)
        self._bundles = tables["Bundling"].rows
        self._full = tables["Timed units"].setting("rule") == "full"
        self._review = spec.review.threshold

    def __call__(self, sent: Mapping[str, Any]) -> Reply:
        """The lines of one note."""
        reading = Reading()
        self._listen(sent["note_text"], reading)
        lines = self._lines(reading)
        lines = self._bundle(lines, reading)
        visit = self._visit(reading, column="new" if sent["new_patient"] else "established")
        lines = self._modify([*visit, *lines], reading)
        confidence = round(reading.clear / (reading.clear + reading.doubts), 4) if lines else NOBODY_KNOWS
        unsure = confidence < self._review
        output = {"lines": [_json(line) for line in lines], "confidence": confidence, "needs_review": unsure}
        if self._diagnoses.known:
            codes, rows = self._diagnoses.list_codes(reading.read)
            output["diagnoses"] = codes
            reading.trace += rows
        return Reply(
            "needs_review" if unsure else "ok",
            output,
            confidence=confidence,
            trace=tuple(reading.trace),
            model_id=MODEL_ID,
        )

    def _listen(self, note: str, reading: Reading) -> None:
        """Put aside what is of another day and what is silent; keep in the trace what silenced a cue."""
        for passage in read_passages(note):
            unread = [row_id for literal, row_id in self._unread.items() if holds(passage.first, literal)]
            last = [row_id for literal, row_id in self._last.items() if holds(passage.first, literal)]
            for sentence in passage.sentences:
                if unread and heard_among(sentence, self._cues):
                    reading.note(unread[0])
                elif not unread:
                    self._hear(sentence, last, reading)

    def _hear(self, sentence: Sentence, last: Sequence[str], reading: Reading) -> None:
        """One sentence of today; under a heading of "Last word" it takes the place of what was said before."""
        silencers = heard_among(sentence, self._silent)
        heard = heard_among(sentence, self._cues)
        doing = sentence.plain[-1] in ".!?" and not DOING.isdisjoint(sentence.words)
        doing = doing and not self._diagnoses.explain(sentence)
        reading.read.append(sentence)
        same = {cue for rule in self._codes if not heard.isdisjoint(rule.cues) for cue in rule.cues}
        if last and reading.forget(same):
            reading.note(last[0])
        if not silencers:
            reading.live.append((sentence, heard))
            reading.doubts += doing and not heard
        elif heard:
            for literal in sorted(silencers):
                reading.note(self._silent[literal])
            reading.doubts += doing

    def _lines(self, reading: Reading) -> list[Line]:
        """The lines that cues open, with their units; add-ons only beside their primary."""
        found: dict[str, Line] = {}
        for rule in sorted(self._codes, key=lambda rule: rule.primary is not None):
            sentences = reading.saying(rule.cues)
            units = self._units(rule, sentences, reading) if sentences else 0
            if sentences and (rule.primary is None or rule.primary in found):
                reading.note(rule.row_id)
            if units > 0 and (rule.primary is None or rule.primary in found):
                found[rule.code] = Line(rule.code, min(units, rule.cap), rule.days, sentences, rule.surface)
        return sorted(found.values(), key=lambda line: line.code)

    def _units(self, rule: CodeRule, sentences: Sequence[Sentence], reading: Reading) -> int:
        """Units before the cap; 0 where the note earns none."""
        if isinstance(rule.per, int):
            minutes = sum(minutes_of(sentence) for sentence in sentences)
            reading.note("Timed units/rule")
            _judge(reading, minutes > 0)
            spare = 0 if self._full else (rule.per - 1) // 2
            return (minutes + spare) // rule.per
        if rule.counting == "extra":
            return sum(count_of(sentence) for sentence in sentences) - 1
        if rule.counting == "side":
            sides = frozenset(side for sentence in sentences for side in sides_of(sentence))
            _judge(reading, bool(sides))
            return max(len(sides), 1)
        reading.clear += 1
        return sum(count_of(sentence) for sentence in sentences) if rule.counting == "each" else 1

    def _bundle(self, lines: list[Line], reading: Reading) -> list[Line]:
        """Included work goes, unless its row allows a separate site and a modifier for that is put on."""
        present = {line.code: line for line in lines}
        gone: set[str] = set()
        for row in self._bundles:
            keep, drop = row.cells["keep"], row.cells["drop"]
            if keep not in present or drop not in present:
                continue
            reading.note(row.row_id)
            earned = self._earned(present[drop], "bundled", lines, reading) if row.cells["override"] else ()
            if not earned:
                gone.add(drop)
            present[drop] = replace(present[drop], modifiers=tuple(dict.fromkeys((*present[drop].modifiers, *earned))))
        orphans = {rule.code for rule in self._codes if rule.primary in gone}
        return [line for line in present.values() if line.code not in gone | orphans]

    def _visit(self, reading: Reading, *, column: str) -> list[Line]:
        """The longest visit whose minutes are met."""
        heard = reading.saying(self._visit_cues)
        for cue, row_id in self._visit_cues.items():
            if reading.saying((cue,)):
                reading.note(row_id)
        minutes = sum(minutes_of(sentence) for sentence in heard)
        if heard:
            _judge(reading, minutes > 0)
        for row in self._visits:
            code = row.cells[column]
            if code is not None and minutes >= row.cells["minutes"]:
                reading.note(row.row_id)
                return [Line(code, 1, "visit", heard, "visit")]
        return []

    def _modify(self, lines: list[Line], reading: Reading) -> list[Line]:
        """Every line with the modifiers of its place; a modifier for both sides stands for the second unit."""
        done = []
        for line in lines:
            earned = self._earned(line, line.place, lines, reading) if line.place else ()
            both = any(
                rule.modifier in earned and len(rule.when[1]) > 1 for rule in self._modifiers if rule.when[0] == "sides"
            )
            done.append(replace(line, modifiers=(*line.modifiers, *earned), units=1 if both else line.units))
        return done

    def _earned(self, line: Line, place: str, lines: Sequence[Line], reading: Reading) -> tuple[str, ...]:
        """The modifiers that a line earns in a place. Every rule asked about a line goes into the trace.

        Side rules are told apart by the note alone, so of those only the one that holds is kept.
        """
        earned = []
        for rule in self._modifiers:
            if place not in rule.places:
                continue
            others = [other for other in lines if other.code != line.code and other.days != "visit"]
            holds = _holds(rule.when, line, others)
            if holds or (rule.when[0] != "sides" and others):
                reading.note(rule.row_id)
            if holds:
                earned.append(rule.modifier)
        return tuple(earned)


def _items(spec: Spec, heading: str) -> dict[str, str]:
    """The literals of a list, each with its row; none where the spec does not have the list."""
    table = spec.tables.get(heading)
    return {row.cells["item"]: row.row_id for row in table.rows} if table is not None else {}


def _code_rule(row: Row) -> CodeRule:
    counting, per = row.cells["units"]
    return CodeRule(
        row_id=row.row_id,
        code=row.cells["code"],
        cues=row.cells["cues (any)"],
        counting=counting,
        per=per,
        cap=row.cells["max"],
        surface=row.cells["surface"],
        days=row.cells["global"],
    )


def _refuse_chains(spec: Spec, codes: Sequence[CodeRule]) -> None:
    """An add-on to an add-on says nothing that can be billed. Raises SpecError with its line."""
    add_ons = {rule.code for rule in codes if rule.primary is not None}
    for row, rule in zip(spec.tables["Codes"].rows, codes, strict=True):
        if rule.primary in add_ons:
            raise SpecError(
                "an add-on goes with a code that is an add-on itself",
                where=f"{spec.path}:{row.line}",
                next_step="name the first code of the series after 'extra:'",
            )


def _holds(when: When, line: Line, others: Sequence[Line]) -> bool:
    kind, values = when
    if kind == "global":
        return any(other.days in values for other in others)
    if kind == "sides":
        return line.sides == set(values)
    return any(hears(sentence, literal) for sentence in line.sentences for literal in values)


def _judge(reading: Reading, clear: bool) -> None:
    """Count a rule as clear, or as a doubt where the note leaves out what it needs."""
    reading.clear += clear
    reading.doubts += not clear


def _json(line: Line) -> dict[str, Any]:
    return {
        "code": line.code,
        "modifiers": list(line.modifiers),
        "units": line.units,
        "evidence": list(_spans(line.sentences)),
    }


def _spans(sentences: Sequence[Sentence]) -> Iterator[dict[str, Any]]:
    for sentence in sentences:
        yield {"field": "note_text", "start": sentence.start, "end": sentence.end}
