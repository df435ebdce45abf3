"""The offline agent: executes the tables of a prior authorization spec on a chart, and nothing that is not in them.

::

    chart -> notes young enough (Evidence age) -> sentences, copied lines put aside (Not evidence)
          -> each fact from the newest note that states it (Facts), or from an Observation (Coded facts)
          -> each criterion met, not met or insufficient (Criteria) -> decision, read top down (Decide)
          -> letter, one line a criterion with what it rests on (Letter), and the days to answer in (Turnaround)

What is not said is not known: a criterion without a fact is insufficient. A coded fact outweighs what older notes say;
where a note of its day or a newer one says otherwise, a clinician decides, whatever Decide says. Every row that shaped
the answer, or was asked and could have, is in the reply's trace.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from evalkit.agents.agent import Reply
from evalkit.errors import SpecError
from evalkit.spec.schema import Row, Spec
from evalkit.tasks.prior_authorization.observations import read_observations
from evalkit.tasks.prior_authorization.reading import (
    Measure,
    Passage,
    duration_of,
    names_other_side,
    percent_of,
    read_chart,
)
from evalkit.tasks.prior_authorization.tables import Clause
from evalkit.tasks.reading import Sentence, heard_among

MODEL_ID = "rules/offline@1"
NOBODY_KNOWS = 0.5
"""Confidence where no criterion is settled: no rule spoke for or against the answer."""
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "is": operator.eq,
}
YES, NO = Measure(1, ""), Measure(0, "")


@dataclass(frozen=True, slots=True)
class FactRule:
    """One row of Facts."""

    row_id: str
    name: str
    label: str
    kind: str
    regional: bool
    cues: tuple[str, ...]
    no: tuple[str, ...]
    skip: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """One row of Services."""

    region: tuple[str, ...]
    sided: bool


@dataclass(frozen=True, slots=True, repr=False)
class Heard:
    """What the newest note says of a fact."""

    value: Measure
    passage: Passage


@dataclass(frozen=True, slots=True, repr=False)
class Finding:
    """How one criterion stands and what that rests on."""

    id: str
    group: str
    status: str
    label: str
    heard: tuple[Heard, ...] = ()
    disputed: bool = False
    """A note says otherwise than the coded fact that it rests on."""


@dataclass(slots=True, repr=False)
class Reading:
    """What one chart said: facts, which rows spoke, and what left a doubt."""

    facts: dict[str, Heard] = field(default_factory=dict)
    disputes: dict[str, Heard] = field(default_factory=dict)
    """Fact -> what a note says otherwise than a coded fact that is no newer."""
    trace: list[str] = field(default_factory=list)
    doubts: int = 0

    def note(self, row_id: str) -> None:
        """Put a row in the trace, once."""
        if row_id not in self.trace:
            self.trace.append(row_id)


def rules(spec: Spec) -> PriorRules:
    """The offline model of a prior authorization spec, for `evalkit.agents.guard.guard`.

    Raises SpecError for a service without a standard criterion, a Decide list whose last step leaves cases open or
    comes too early, and a fact whose test does not fit its kind.
    """
    return PriorRules(spec)


class PriorRules:
    """A spec's tables, compiled. Callable with ``service_code``, ``side``, ``urgency``, ``request_date`` and notes."""

    __slots__ = (
        "_age", "_coded", "_criteria", "_facts", "_letter", "_review", "_services", "_silent", "_steps", "_turnaround",
    )  # fmt: skip

    agent_id = MODEL_ID
    model_id = MODEL_ID

    def __init__(self, spec: Spec) -> None:
        tables = spec.tables
        self._facts = tuple(map(_fact_rule, tables["Facts"].rows))
        self._services = {
            row.cells["code"]: Service(row.cells["region (any)"] or (), row.cells["sided"])
            for row in tables["Services"].rows
        }
        coded = tables["Coded facts"].rows if "Coded facts" in tables else ()
        self._coded = {row.cells["code"]: (row.cells["fact"], row.row_id) for row in coded}
        self._criteria = tables["Criteria"].rows
        self._steps = tables["Decide"].rows
        self._age = tables["Evidence age"].setting("days")
        silent = tables["Not evidence"].rows if "Not evidence" in tables else ()
        self._silent = {row.cells["item"]: row.row_id for row in silent}
        self._turnaround = {row.cells["key"]: row.cells["value"] for row in tables["Turnaround"].rows}
        self._letter = {row.cells["key"]: row.cells["value"] for row in tables["Letter"].rows}
        self._review = spec.review.threshold
        _refuse_gaps(spec)

    def __call__(self, sent: Mapping[str, Any]) -> Reply:
        """The decision on one request, by criterion, with evidence and a draft of the letter."""
        reading = Reading()
        day = date.fromisoformat(sent["request_date"])
        self._read(sent, day, reading)
        self._look_up(sent, day, reading)
        findings = [self._find(row, reading) for row in self._criteria if sent["service_code"] in row.cells["services"]]
        decision = self._decide(findings, reading)
        missing = [one.id for one in findings if one.group == "standard" and one.status == "insufficient"]
        settled = sum(one.status != "insufficient" for one in findings)
        confidence = round(settled / (settled + reading.doubts), 4) if settled else NOBODY_KNOWS
        unsure = confidence < self._review
        reading.note(f"Turnaround/{sent['urgency']}")
        output = {
            "decision": decision,
            "criteria": [
                {"id": one.id, "status": one.status, "evidence": [heard.passage.span for heard in one.heard]}
                for one in findings
            ],
            "missing": missing if decision == "pend" else [],
            "letter": list(self._draft(decision, findings)),
            "due_in_days": self._turnaround[sent["urgency"]],
            "confidence": confidence,
            "needs_review": unsure,
        }
        return Reply(
            "needs_review" if unsure else "ok",
            output,
            confidence=confidence,
            trace=tuple(reading.trace),
            model_id=MODEL_ID,
        )

    def _read(self, sent: Mapping[str, Any], day: date, reading: Reading) -> None:
        """Take up every sentence that counts, from the oldest to the newest, so that the newest word stays."""
        service = self._services[sent["service_code"]]
        oldest = day - timedelta(days=self._age)
        for passage in read_chart(sent["chart_notes"]):
            if passage.day < oldest:
                reading.note("Evidence age/days")
                continue
            copied = next((marker for marker in self._silent if marker in passage.line), None)
            if copied is not None:
                reading.note(self._silent[copied])
                continue
            self._listen(passage, service, sent["side"], reading)

    def _look_up(self, sent: Mapping[str, Any], day: date, reading: Reading) -> None:
        """Put coded facts before what the notes say, and keep what a note of that day or a newer one says otherwise."""
        newest: dict[str, Heard] = {}
        kinds = {rule.name: rule.kind for rule in self._facts}
        for coded in read_observations(sent["chart_notes"]):
            for code in sorted(coded.codes & self._coded.keys()):
                name, row_id = self._coded[code]
                if coded.passage.day < day - timedelta(days=self._age):
                    reading.note("Evidence age/days")
                elif coded.percent == (kinds[name] == "percent"):
                    reading.note(row_id)
                    newest[name] = Heard(coded.value, coded.passage)
        for name, heard in newest.items():
            said = reading.facts.get(name)
            if said is not None and said.value.value != heard.value.value and said.passage.day >= heard.passage.day:
                reading.disputes[name] = said
                reading.doubts += 1
            reading.facts[name] = heard

    def _listen(self, passage: Passage, service: Service, side: str, reading: Reading) -> None:
        sentence = passage.sentence
        here = bool(heard_among(sentence, service.region))
        about = here and not (service.sided and names_other_side(sentence, side))
        spoken = False
        for rule in self._facts:
            if not heard_among(sentence, rule.cues):
                continue
            spoken = True
            reading.note(rule.row_id)
            value = _value(rule, sentence) if about or not rule.regional else None
            if value is not None:
                before = reading.facts.get(rule.name)
                reading.doubts += before is not None and before.value.value != value.value
                reading.facts[rule.name] = Heard(value, passage)
        reading.doubts += here and not spoken

    def _find(self, row: Row, reading: Reading) -> Finding:
        """Met where a clause holds, not met where only clauses that fail are known, else insufficient."""
        reading.note(row.row_id)
        labels = {rule.name: rule.label for rule in self._facts}
        known = [(clause, reading.facts[clause[0]]) for clause in row.cells["test"] if clause[0] in reading.facts]
        holding = [(clause, heard) for clause, heard in known if _holds(clause, heard)]
        status = "met" if holding else "not_met" if known else "insufficient"
        resting = holding or known
        label = labels[resting[0][0][0] if resting else row.cells["test"][0][0]]
        disputes = [reading.disputes[clause[0]] for clause, _ in known if clause[0] in reading.disputes]
        heard = (*(heard for _, heard in resting), *disputes)
        return Finding(row.cells["id"], row.cells["group"], status, label, heard, disputed=bool(disputes))

    def _decide(self, findings: Sequence[Finding], reading: Reading) -> str:
        if any(one.disputed for one in findings):
            return "refer_to_clinician"
        for row in self._steps:
            quantifier, group, status, decision = row.cells["item"]
            same = [one.status == status for one in findings if one.group == group]
            holds = quantifier == "otherwise" or (all(same) and bool(same) if quantifier == "all" else any(same))
            if holds:
                reading.note(row.row_id)
                return str(decision)
        raise AssertionError  # the last step takes every case: `_refuse_gaps`

    def _draft(self, decision: str, findings: Sequence[Finding]) -> Iterator[dict[str, Any]]:
        """The letter: how it is decided, then a line a criterion. What a line states stands behind its spans."""
        yield {"about": "-", "text": self._letter[decision], "evidence": []}
        for one in findings:
            if one.status == "insufficient" and one.group != "standard":
                continue
            words = {"met": "met", "not_met": "not met", "insufficient": "open, the notes do not say"}[one.status]
            written = next((f", {heard.value.written}" for heard in one.heard if heard.value.written), "")
            words += ", and the notes say otherwise" if one.disputed else ""
            evidence = [heard.passage.span for heard in one.heard]
            yield {"about": one.id, "text": f"{one.label}{written}: {words}", "evidence": evidence}


def _fact_rule(row: Row) -> FactRule:
    cells = row.cells
    return FactRule(
        row.row_id, cells["fact"], cells["what we call it"], cells["kind"], cells["regional"], cells["cues (any)"],
        no=cells["no if nearby"] or (), skip=cells["skip if nearby"] or (),
    )  # fmt: skip


def _value(rule: FactRule, sentence: Sentence) -> Measure | None:
    """What the sentence says of the fact; None where it says nothing that counts."""
    if heard_among(sentence, rule.skip):
        return None
    if heard_among(sentence, rule.no):
        return NO
    if rule.kind == "yes_no":
        return YES
    return duration_of(sentence) if rule.kind == "weeks" else percent_of(sentence)


def _holds(clause: Clause, heard: Heard) -> bool:
    _, sign, number = clause
    return _COMPARE[sign](heard.value.value, number)


def _refuse_gaps(spec: Spec) -> None:
    """Whatever the tables cannot say for themselves. Raises SpecError with a line."""
    tables = spec.tables
    asked = {
        code for row in tables["Criteria"].rows if row.cells["group"] == "standard" for code in row.cells["services"]
    }
    for row in tables["Services"].rows:
        if row.cells["code"] not in asked:
            raise SpecError(
                "a service without a standard criterion could only be approved or pended blindly",
                where=f"{spec.path}:{row.line}",
                next_step="add a standard criterion for it",
            )
    kinds = {row.cells["fact"]: row.cells["kind"] for row in tables["Facts"].rows}
    for row in tables["Criteria"].rows:
        if any((sign == "is") != (kinds[fact] == "yes_no") for fact, sign, _ in row.cells["test"]):
            raise SpecError(
                "a yes_no fact is asked with 'is yes', another with a comparison",
                where=f"{spec.path}:{row.line}",
                next_step="correct the test, or the kind of the fact",
            )
    regional = {row.cells["fact"] for row in tables["Facts"].rows if row.cells["regional"]}
    for row in tables["Coded facts"].rows if "Coded facts" in tables else ():
        if row.cells["fact"] in regional or kinds[row.cells["fact"]] == "weeks":
            raise SpecError(
                "an observation gives a percentage or yes and no, and names no region",
                where=f"{spec.path}:{row.line}",
                next_step="leave this fact to the notes",
            )
    last = [row.cells["item"][0] == "otherwise" for row in tables["Decide"].rows]
    if last != [False] * (len(last) - 1) + [True]:
        raise SpecError(
            "exactly the last step of Decide begins with 'otherwise'",
            where=f"{spec.path}:{tables['Decide'].line}",
            next_step="end the list with 'otherwise -> pend'",
        )
