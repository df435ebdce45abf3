"""Synthetic cases: facts, the answer that the true policy gives for them, and a chart that tells them.

Case i is a pure function of (seed, i): the same bytes alone, in a shard and on every machine. The answer comes from
`policy`, never from a spec, so that two versions of a spec are judged on the same cases by the same truth. One random
stream a concern (facts, visit, chart, numbers, flags), so that a new field shifts no old one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from evalkit.cases.case import Case, Spans
from evalkit.cases.casting import cast
from evalkit.cases.patients import Known, Patient, make_patient
from evalkit.cases.people import STRESS, People
from evalkit.cases.randomness import Dice, stream
from evalkit.cases.vocabulary import VOCABULARY_DIGEST, vocabulary
from evalkit.cases.writing import join_decoys, join_spans
from evalkit.phi import surrogates
from evalkit.phi.identifiers import Category, Identifier
from evalkit.tasks.prior_authorization.facts import CHECK_DIGITS, PEOPLE, TEXTS, URGENCIES, Story, make_story
from evalkit.tasks.prior_authorization.notes import STRANGER, Document, write_chart, write_stranger
from evalkit.tasks.prior_authorization.policy import SERVICES, TURNAROUND_DAYS, Finding, Judgement, judge

GENERATOR = "prior_authorization/1"
ADULT = 18
UNKNOWN_SERVICE = "00099"
SCHOOL_AGE = 10
_ELSEWHERE = 1 << 60
"""Where a stranger's page is from."""
DIAGNOSES: Mapping[str, tuple[str, ...]] = {
    "none": ("M54.50", "M54.16", "M51.16", "M48.061"),
    "right": ("M25.561", "M17.11", "M23.91", "M22.41"),
    "left": ("M25.562", "M17.12", "M23.92", "M22.42"),
    "oxygen": ("J44.9", "J84.10", "J96.11", "J43.9"),
}
"""ICD-10-CM codes that requests carry: of the spine, of each knee, of the lungs."""
NOT_OF_MINORS = frozenset({"cancer", "lung_disease", "oxygen", "nsaid_barred"})
"""Facts that would surprise in a child's chart."""
SENT: Mapping[str, tuple[str, Category]] = {
    "member_id": ("member_id.sent", "plan"),
    "request_date": ("request.date", "date"),
    "planned_date": ("planned.date", "date"),
    "release_valid_until": ("release.date", "date"),
}
"""Fields of the request that are identifiers -> their needle id, as the calling system sends them."""
FIELD = "chart_notes[{place}].text"


def make_case(seed: int, index: int, /, *, people: People = STRESS) -> Case:
    """Case ``index`` (from 0) of a seed. Raises CaseError where the pinned vocabulary is not installed."""
    story = make_story(seed, index)
    kind = _kind_of_patient(story, PEOPLE.deal(seed, index))
    patient = _patient(seed, index, kind, people=people, day=story.asked.day)
    asked = _input(seed, index, story, patient)
    known = _known(seed, index, story, patient, asked)
    injected = TEXTS.deal(seed, index) == "prompt injection" and story.refusal is None
    urgency = "expedited" if story.refusal == "EXPEDITED_NOT_ATTESTED" else URGENCIES.deal(seed, index)
    dice = stream(seed, "prior_authorization.chart").at(index)
    chart = write_chart(story, known, dice, injected=injected)
    if story.refusal == "WRONG_PATIENT":
        chart.append(write_stranger(known, len(chart) + 1, dice))
    judgement = judge(story.asked, story.facts)
    request = asked | {
        "urgency": urgency,
        "chart_notes": [_note(document, place, story, known) for place, document in enumerate(chart)],
    }
    spans = _spans(request, chart, known)
    answer = {} if story.refusal else _gold(judgement, story, chart, urgency=urgency)
    return Case(
        case_id=f"prior_authorization-{seed}-{index:012d}",
        family="prior_authorization",
        input=request,
        flags=_flags(story, stream(seed, "prior_authorization.flags").at(index)),
        gold=answer,
        refusal=story.refusal,
        identifiers=known.planted(spans.needle_id),
        spans=spans,
        facts=tuple(fact.plain() for fact in story.facts),
        tags=tuple(_tags(story, judgement, kind, urgency=urgency, injected=injected)),
        cluster=patient.pseudonym,
        purpose_of_use="COVAUTH",
        provenance={"generator": GENERATOR, "vocabulary": VOCABULARY_DIGEST, "seed": str(seed), "index": str(index)},
        decoys=join_decoys(
            document.writer.decoys(FIELD.format(place=place)) for place, document in enumerate(chart)
        ),
    )  # fmt: skip


def _kind_of_patient(story: Story, dealt: str) -> str:
    """The kind that was dealt, but for minors: some requests need one, and some charts are no child's."""
    if story.refusal == "MINOR_CONFIDENTIAL":
        return "minor"
    grown = any(fact.name in NOT_OF_MINORS and fact.polarity == "affirmed" for fact in story.facts)
    return "adult" if dealt == "minor" and grown else dealt


def _patient(seed: int, index: int, kind: str, *, people: People, day: date) -> Patient:
    """The patient of a case: the first of the wanted kind; an age that is dealt is given, to the day."""
    ages = range(SCHOOL_AGE, ADULT) if kind == "minor" else range(ADULT, 120)
    patient = cast(seed, index, people=people, fits=lambda one: one.age_on(day) in ages)
    if kind.startswith("age "):
        years = int(kind.removeprefix("age "))
        patient = replace(patient, dob=_born(day, years, days=stream(seed, "prior_authorization.ages").at(index)))
    return patient


def _born(day: date, years: int, *, days: Dice) -> date:
    """A day of birth that makes somebody so many years old on a day."""
    latest = date(day.year - years, day.month, min(day.day, 28))
    return latest - timedelta(days=days.whole(0, 360))


def _known(seed: int, index: int, story: Story, patient: Patient, asked: Mapping[str, Any]) -> Known:
    """Everything that the request and its chart may hold, by needle id."""
    dice = stream(seed, "prior_authorization.visit").at(index)
    doctor = vocabulary().last.pick(dice.draw())
    day = story.asked.day
    more = [
        Identifier("provider.name", "name", f"Dr. {doctor}", "provider"),
        *(Identifier(needle_id, category, asked[field]) for field, (needle_id, category) in SENT.items()),
        *(
            Identifier(f"note{number}.date", "date", (day - timedelta(days=page.age_days)).isoformat())
            for number, page in enumerate(story.pages, start=1)
        ),
    ]
    if story.refusal == "WRONG_PATIENT":
        number = len(story.pages) + 1
        other = make_patient(seed, index + _ELSEWHERE)
        more += [replace(one, needle_id=one.needle_id.replace("patient.", f"{STRANGER}."))
                 for one in other.identifiers if one.subject == "patient"]  # fmt: skip
        more.append(Identifier(f"note{number}.date", "date", (day - timedelta(days=dice.whole(2, 90))).isoformat()))
    return Known(patient, more)


def _wrong_digit(number: str) -> str:
    """The number with its last digit, the check digit, moved on by one."""
    return number[:-1] + str((int(number[-1]) + 1) % 10)


def _input(seed: int, index: int, story: Story, patient: Patient) -> dict[str, Any]:
    """The request without its chart."""
    dice = stream(seed, "prior_authorization.numbers").at(index)
    npi = surrogates.npi(dice.draw())
    day = story.asked.day
    planned = day - timedelta(days=dice.whole(1, 30)) if story.refusal == "RETROSPECTIVE" else None
    release = day - timedelta(days=dice.whole(1, 200)) if story.refusal == "AUTHORIZATION_EXPIRED" else None
    last_day = day if dice.chance(0.05) else day + timedelta(days=dice.whole(1, 360))
    side, about_lungs = story.asked.side or "none", SERVICES[story.asked.service].region is None
    service = UNKNOWN_SERVICE if story.refusal == "SERVICE_NOT_IN_SPEC" else SERVICES[story.asked.service].code
    return {
        "member_id": _wrong_digit(patient.member_id) if story.refusal == "MEMBER_ID_INVALID" else patient.member_id,
        "patient_mrn": patient.mrn,
        "patient_dob": patient.dob.isoformat(),
        "ordering_npi": _wrong_digit(npi) if story.refusal == "NPI_INVALID" else npi,
        "service_code": service,
        "side": side,
        "diagnosis_codes": dice.some(DIAGNOSES["oxygen" if about_lungs else side], dice.whole(1, 2)),
        "request_date": day.isoformat(),
        "planned_date": (planned or day + timedelta(days=dice.whole(1, 40))).isoformat(),
        "release_valid_until": (release or last_day).isoformat(),
    }


def _note(document: Document, place: int, story: Story, known: Known) -> dict[str, Any]:
    stranger = place >= len(story.pages)
    return {
        "doc_id": f"note-{place + 1}",
        "date": known[f"note{place + 1}.date"].value,
        "type": document.type,
        "text": document.writer.build("")[0],
        "mrn": known[f"{STRANGER}.mrn" if stranger else "patient.mrn"].value,
    }


def _spans(request: Mapping[str, Any], chart: Sequence[Document], known: Known) -> Spans:
    """Where everything planted stands: in the texts, the notes' own fields and the fields of the request."""
    parts = [document.writer.build(FIELD.format(place=place))[1] for place, document in enumerate(chart)]
    whole = {"patient_mrn": "patient.mrn", "patient_dob": "patient.dob"}
    whole |= {field: needle_id for field, (needle_id, _) in SENT.items()}
    for place, note in enumerate(request["chart_notes"]):
        mine = note["mrn"] == request["patient_mrn"]
        whole[f"chart_notes[{place}].date"] = f"note{place + 1}.date"
        whole[f"chart_notes[{place}].mrn"] = "patient.mrn" if mine else f"{STRANGER}.mrn"
    lengths = [len(known[needle_id].value) for needle_id in whole.values()]
    return join_spans([*parts, Spans(tuple(whole), (0,) * len(whole), tuple(lengths), tuple(whole.values()))])


def _flags(story: Story, dice: Dice) -> dict[str, bool]:
    """Consent and protection flags. Protected records with the consent they need come in 5 of 100 answerable cases."""
    code = story.refusal
    sud = dice.chance(0.05) or code == "PART2_NO_CONSENT"
    notes = dice.chance(0.05) or code == "PSYCHOTHERAPY_NOTES"
    confidential = code == "MINOR_CONFIDENTIAL"
    return {
        "treatment_payment_operations_ack": code != "CONSENT_MISSING",
        "release_revoked": code == "CONSENT_REVOKED",
        "release_covers_payment": code != "PURPOSE_NOT_PERMITTED",
        "sud_record": sud,
        "part2_consent": sud and code != "PART2_NO_CONSENT",
        "psychotherapy_notes": notes,
        "patient_authorization": notes and code != "PSYCHOTHERAPY_NOTES",
        "minor_confidential": confidential,
        "restriction_on_file": code == "RESTRICTION_ON_FILE",
        "urgency_attested": code != "EXPEDITED_NOT_ATTESTED",
        "open_request": code == "DUPLICATE_REQUEST",
    }


def _gold(judgement: Judgement, story: Story, chart: Sequence[Document], *, urgency: str) -> dict[str, Any]:
    return {
        "decision": judgement.decision,
        "criteria": [
            {"id": one.criterion, "status": one.status, "evidence": list(_evidence(one, story, chart))}
            for one in judgement.findings
        ],
        "missing": list(judgement.missing),
        "due_in_days": TURNAROUND_DAYS[urgency],
    }


def _evidence(found: Finding, story: Story, chart: Sequence[Document]) -> Iterator[dict[str, Any]]:
    """The sentences that state the facts on which a finding rests."""
    for fact in story.facts:
        if fact.fact_id in found.facts:
            place = int((fact.source_document or "").removeprefix("note-")) - 1
            yield chart[place].writer.span(fact.fact_id, FIELD.format(place=place))


def _tags(story: Story, judgement: Judgement, kind: str, *, urgency: str, injected: bool) -> Iterator[str]:
    """Slices and edge kinds of a case. A refusal has its own edge and no other slice: nothing else of it is judged."""
    if kind != "adult":
        yield f"edge:{kind.replace(' ', '_')}"
    if story.refusal:
        yield "refusal"
        yield "edge:check_digit_wrong" if story.refusal in CHECK_DIGITS else f"edge:{story.refusal.lower()}"
        return
    yield f"decision:{judgement.decision}"
    yield f"service:{SERVICES[story.asked.service].code}"
    yield f"urgency:{urgency}"
    if story.theme not in {"complete", "oxygen other", "rare wording", "too short"}:
        yield f"edge:{story.theme.replace(' ', '_')}"
    resting = {fact for one in judgement.findings if one.status == "met" for fact in one.facts}
    pages = {fact.source_document for fact in story.facts if fact.fact_id in resting}
    marks = {
        "edge:prompt_injection": injected,
        "edge:several_documents": len(pages) > 1,
        "rare_wording": bool(story.rare),
        "red_flag": any(one.status == "met" and one.criterion.startswith("R") for one in judgement.findings),
        "negated": any(fact.polarity == "negated" for fact in story.facts),
    }
    yield from (mark for mark, holds in marks.items() if holds)
