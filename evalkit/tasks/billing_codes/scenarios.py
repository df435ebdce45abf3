"""Synthetic cases: facts, the answer that the true policy gives for them, and a note that tells them.

Case i is a pure function of (seed, i): the same bytes alone, in a shard and on every machine. The answer comes from
`policy` and `conditions`, never from a spec, so that two versions of a spec are judged on the same cases by the same
truth. Concerns draw from streams of their own: days, facts, changes, findings, extras, visit, side facts, note.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.cases.case import Case, Spans
from evalkit.cases.fact import Fact, Polarity
from evalkit.cases.people import STRESS, People
from evalkit.cases.randomness import stream
from evalkit.cases.vocabulary import VOCABULARY_DIGEST
from evalkit.cases.writing import Writer, join_spans
from evalkit.tasks.billing_codes.conditions import CONDITIONS, Certainty, Finding, code_conditions
from evalkit.tasks.billing_codes.fillers import Side, side_facts
from evalkit.tasks.billing_codes.notes import evidence_marks, write_note
from evalkit.tasks.billing_codes.phrases import WORDINGS
from evalkit.tasks.billing_codes.policy import PROCEDURES, VISIT_FACT, Act, Owed, Status, bill
from evalkit.tasks.billing_codes.quotas import make_story
from evalkit.tasks.billing_codes.request import FORBIDDEN_FIELD, Sender, flags_of, input_of, make_sender
from evalkit.tasks.billing_codes.story import Story
from evalkit.tasks.billing_codes.tags import tags_of

GENERATOR = "billing_codes/2"
_OTHER_PURPOSE = "HMARKT"
_POLARITY: dict[Status | Certainty, Polarity] = {
    "done": "affirmed", "planned": "hypothetical", "declined": "negated", "deferred": "hypothetical",
    "abandoned": "negated", "not done": "negated", "historical": "historical", "family": "family",
    "present": "affirmed", "ruled out": "negated", "suspected": "hypothetical", "past": "historical",
}  # fmt: skip


def make_case(seed: int, index: int, /, *, people: People = STRESS) -> Case:
    """Case ``index`` (from 0) of a seed. Raises CaseError where the pinned vocabulary is not installed."""
    story = make_story(seed, index)
    sender = make_sender(seed, index, story, people=people)
    sides = tuple(side_facts(stream(seed, "billing_codes.sides").at(index)))
    written = write_note(story, sender.known, stream(seed, "billing_codes.note").at(index), sides=sides)
    note, spans = written.writer.build("note_text")
    owed = bill(story.acts, story.visit, new_patient=story.new_patient)
    spans = join_spans([spans, *_sent_spans(sender, story)])
    return Case(
        case_id=f"billing_codes-{seed}-{index:012d}",
        family="billing_codes",
        input=input_of(sender, story, note),
        flags=flags_of(story),
        gold={} if story.refusal else {
            "lines": [_line(line, written.writer) for line in owed], "diagnoses": list(code_conditions(story.findings)),
        },
        refusal=story.refusal,
        identifiers=sender.known.planted(spans.needle_id),
        spans=spans,
        facts=tuple(_facts(story, sender, sides)),
        tags=tuple(tags_of(story, owed)),
        cluster=sender.patient.pseudonym,
        purpose_of_use=_OTHER_PURPOSE if story.refusal == "PURPOSE_NOT_PERMITTED" else "HPAYMT",
        provenance={
            "generator": GENERATOR, "vocabulary": VOCABULARY_DIGEST, "seed": str(seed), "index": str(index),
            "people": str(people), "template": written.template.template_id, "doc_type": written.template.doc_type,
        },
        decoys=written.writer.decoys("note_text"),
    )  # fmt: skip


def _sent_spans(sender: Sender, story: Story) -> Iterator[Spans]:
    """The identifiers that are a field of their own."""
    fields = {"patient_mrn": "mrn.sent", "date_of_service": "visit.date"}
    if story.refusal == "FIELD_NOT_PERMITTED":
        fields[FORBIDDEN_FIELD] = "patient.ssn"
    for field, needle_id in fields.items():
        yield Spans((field,), (0,), (len(sender.known[needle_id].value),), (needle_id,))


def _line(owed: Owed, writer: Writer) -> dict[str, Any]:
    """The line as an agent gives it back, with the sentences that state its facts as evidence."""
    marks = [mark for fact_id in owed.facts for mark in evidence_marks(writer, fact_id)]
    return {
        "code": owed.code,
        "modifiers": list(owed.modifiers),
        "units": owed.units,
        "evidence": [writer.span(mark, "note_text") for mark in marks],
    }


def _facts(story: Story, sender: Sender, sides: tuple[Side, ...]) -> Iterator[Mapping[str, Any]]:
    for act in story.acts:
        yield _procedure(act, sender)
    if story.visit is not None:
        fact = Fact(
            VISIT_FACT, "time", "visit", story.visit.minutes, "min", date=sender.day.isoformat(), source_document="note"
        )
        yield {**fact.plain(), "separate_work": story.visit.separate_work, "new_patient": story.new_patient}
    for finding in story.findings:
        yield _diagnosis(finding)
    yield from (side.fact.plain() for side in sides)


def _procedure(act: Act, sender: Sender) -> dict[str, Any]:
    """An act as a typed fact: what was counted or timed, with its unit, and the day that it belongs to."""
    known = PROCEDURES[act.procedure]
    timed, counted = known.counting == "minutes", known.counting in {"each", "first and further"}
    days = {"note": "visit.date", "addendum": "visit.date", "earlier note": "earlier.date"}
    fact = Fact(
        act.fact_id, "procedure", act.procedure,
        value=act.minutes if timed else act.count if counted else None,
        unit="min" if timed else f"{{{WORDINGS[act.procedure].thing[0]}}}" if counted else None,
        polarity=_POLARITY[act.status], laterality=act.side, code=known.code,
        date=sender.known[days[act.source]].value if act.status == "done" else None,
        source_document=act.source,
    )  # fmt: skip
    return {**fact.plain(), "status": act.status, "place": act.place, "separate_site": act.separate_site}


def _diagnosis(finding: Finding) -> dict[str, Any]:
    condition = CONDITIONS.get(finding.condition)
    fact = Fact(
        finding.fact_id, "diagnosis", finding.condition, polarity=_POLARITY[finding.certainty],
        laterality=finding.side, code=None if condition is None else "+".join(condition.code(finding.side)),
        source_document="note",
    )  # fmt: skip
    return {**fact.plain(), "certainty": finding.certainty}
