"""The independent checker: reads a finished case as a stranger would and works its answer out again.

It shares no code with what makes cases: no policy, no bank, no reader of the rules agent. From the text it reads
every fact again (`rereading`) and holds it against the stored ones; from those it derives refusal, status, decision,
missing items and turnaround on a path of its own. Spans and identifiers are
`evalkit.cases.checker`'s to check. A problem names the part of the case and never a value.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from evalkit.cases import checker
from evalkit.cases.case import Case
from evalkit.cases.checker import Problem
from evalkit.phi.identifiers import valid_member_id, valid_npi
from evalkit.tasks.prior_authorization.rereading import Told, reread

_ASKED = {"00072": ("lumbar", "C1 C2 C3 R1 R2 R3"), "00073": ("knee", "C1 C2 C3 R3 R4"), "00094": ("", "C4 C5")}
"""Service -> region, criteria in the order of the answer."""
_SPEAKS = {"C1": "therapy", "C3": "xray", "C4": "oxygen", "C5": "lung_disease", "R1": "weakness", "R2": "cauda_equina",
           "R3": "cancer", "R4": "locked_knee"}  # fmt: skip
_LONGEST_AGE = 180
_WAIT = {"standard": 7, "expedited": 3}


def check_case(case: Case) -> tuple[Problem, ...]:
    """Every problem of a case of this family: spans, facts against the notes, answer against the facts."""
    found = [*_facts_in_text(case), *_refusal(case)]
    if case.refusal is None:
        found += [*_answer(case), *_evidence(case)]
    return (*checker.check_case(case), *(Problem(case.case_id, where, what) for where, what in found))


def check_cases(cases: Iterable[Case]) -> tuple[Problem, ...]:
    """The problems of many cases."""
    return tuple(problem for case in cases for problem in check_case(case))


def _refusal(case: Case) -> Iterator[tuple[str, str]]:
    due = [code for code, holds in _refusals(case).items() if holds]
    if due != [code for code in [case.refusal] if code]:
        yield "refusal", f"{', '.join(due) or 'none'} is due"
    if case.refusal and case.gold:
        yield "gold", "an answer beside a refusal"


def _refusals(case: Case) -> dict[str, bool]:
    """Every reason to turn a request away, and whether it holds. A case has one at most."""
    request, flags = case.input, case.flags
    chart = request["chart_notes"]
    asked = request["request_date"]
    return {
        "CONSENT_MISSING": not flags["treatment_payment_operations_ack"],
        "CONSENT_REVOKED": flags["release_revoked"],
        "PURPOSE_NOT_PERMITTED": not flags["release_covers_payment"],
        "AUTHORIZATION_EXPIRED": _days(request["release_valid_until"]) < _days(asked),
        "MEMBER_ID_INVALID": not valid_member_id(request["member_id"]),
        "NPI_INVALID": not valid_npi(request["ordering_npi"]),
        "WRONG_PATIENT": any(note["mrn"] != request["patient_mrn"] for note in chart),
        "PART2_NO_CONSENT": flags["sud_record"] and not flags["part2_consent"],
        "PSYCHOTHERAPY_NOTES": flags["psychotherapy_notes"] and not flags["patient_authorization"],
        "MINOR_CONFIDENTIAL": flags["minor_confidential"],
        "RESTRICTION_ON_FILE": flags["restriction_on_file"],
        "SERVICE_NOT_IN_SPEC": request["service_code"] not in _ASKED,
        "POLICY_NOT_EFFECTIVE": asked[:4] < "2025",
        "RETROSPECTIVE": _days(request["planned_date"]) < _days(asked),
        "DUPLICATE_REQUEST": flags["open_request"],
        "EXPEDITED_NOT_ATTESTED": request["urgency"] == "expedited" and not flags["urgency_attested"],
        "NO_CHART": not chart,
    }


def _answer(case: Case) -> Iterator[tuple[str, str]]:
    """The answer, derived again from the facts."""
    region, names = _ASKED[case.input["service_code"]]
    statuses: dict[str, tuple[str, set[str]]] = {}
    for name in names.split():
        statuses[name] = _medicines(case) if name == "C2" else _status(case, name, region)
    given = {one["id"]: one["status"] for one in case.gold["criteria"]}
    if list(given) != names.split():
        yield "gold.criteria", "not the criteria of the service"
    yield from (
        ("gold.criteria", f"{name} has another status")
        for name, (status, _) in statuses.items()
        if given.get(name) != status
    )
    red = [status for name, (status, _) in statuses.items() if name[0] == "R"]
    rest = [status for name, (status, _) in statuses.items() if name[0] == "C"]
    if red.count("met") or rest.count("met") == len(rest):
        decision = "approve"
    else:
        decision = "refer_to_clinician" if rest.count("not_met") else "pend"
    if decision != case.gold["decision"]:
        yield "gold.decision", "not what follows from the facts"
    silent = [name for name, (status, _) in statuses.items() if name[0] == "C" and status == "insufficient"]
    if case.gold["missing"] != (silent if decision == "pend" else []):
        yield "gold.missing", "not what the chart is silent on"
    if case.gold["due_in_days"] != _WAIT[case.input["urgency"]]:
        yield "gold.due_in_days", "not what the urgency asks for"


def _days(day: str) -> int:
    return date.fromisoformat(day).toordinal()


def _latest(case: Case, name: str) -> Mapping[str, Any] | None:
    """The fact of the newest document that is young enough and says yes or no; of one day, the last in the chart."""
    asked = _days(case.input["request_date"])
    own = [fact for fact in case.facts if fact["name"] == name and fact["polarity"] in ("affirmed", "negated")]
    young = [fact for fact in own if 0 <= asked - _days(fact["date"]) <= _LONGEST_AGE]
    if name in ("therapy", "xray"):
        region, _ = _ASKED[case.input["service_code"]]
        young = [fact for fact in young if fact["code"] == region]
        if case.input["side"] != "none":
            young = [fact for fact in young if fact["laterality"] == case.input["side"]]
    chart = [note["doc_id"] for note in case.input["chart_notes"]]
    young.sort(key=lambda fact: (_days(fact["date"]), chart.index(fact["source_document"])))
    return young[-1] if young else None


def _status(case: Case, criterion: str, region: str) -> tuple[str, set[str]]:
    fact = _latest(case, _SPEAKS[criterion])
    if fact is None:
        return "insufficient", set()
    holds = fact["polarity"] == "affirmed"
    if holds and criterion == "C1":
        holds = fact["value"] > 41 and bool(region)
    if holds and criterion == "C4":
        holds = fact["value"] < 89
    return ("met" if holds else "not_met"), {fact["fact_id"]}


def _medicines(case: Case) -> tuple[str, set[str]]:
    taken, barred = _latest(case, "nsaid"), _latest(case, "nsaid_barred")
    good = [fact for fact in (taken, barred) if fact is not None and fact["polarity"] == "affirmed"]
    known = [fact for fact in (taken, barred) if fact is not None]
    status = "met" if good else "not_met" if known else "insufficient"
    return status, {fact["fact_id"] for fact in good or known}


def _evidence(case: Case) -> Iterator[tuple[str, str]]:
    """Evidence stands in the documents of the facts that a finding rests on, one sentence for each."""
    region, _ = _ASKED[case.input["service_code"]]
    documents = {fact["fact_id"]: fact["source_document"] for fact in case.facts}
    for one in case.gold["criteria"]:
        _, resting = _medicines(case) if one["id"] == "C2" else _status(case, one["id"], region)
        wanted = sorted(documents[fact_id] for fact_id in resting)
        found = sorted(f"note-{_place(span['field']) + 1}" for span in one["evidence"])
        if found != wanted:
            yield "gold.criteria", f"evidence of {one['id']} in other documents"
        for span in one["evidence"]:
            text = case.text_of(span["field"]) or ""
            quote = text[span["start"] : span["end"]]
            before = text[: span["start"]].rstrip(" -*")
            whole = quote.endswith(".") and "\n" not in quote and (before.endswith((".", "\n", "]")) or not before)
            if not whole:
                yield "gold.criteria", f"evidence of {one['id']} is no whole sentence"


def _facts_in_text(case: Case) -> Iterator[tuple[str, str]]:
    """What each document tells is what is stored of it, no more and no fewer."""
    notes = {note["doc_id"]: note for note in case.input["chart_notes"]}
    stored: dict[str, list[Told]] = {doc_id: [] for doc_id in notes}
    for fact in case.facts:
        if notes[fact["source_document"]]["date"] != fact["date"]:
            yield "facts", f"{fact['fact_id']} has another date than its document"
        stored[fact["source_document"]].append(_as_told(fact))
    for doc_id, note in notes.items():
        read, kept = Counter(reread(note["text"])), Counter(stored[doc_id])
        for told in (kept - read).elements():
            yield "facts", f"a {told.name} that {doc_id} does not tell"
        for told in (read - kept).elements():
            yield doc_id, f"a {told.name} that is not stored"


def _as_told(fact: Mapping[str, Any]) -> Told:
    told = fact["polarity"] == "affirmed"
    return Told(
        fact["name"], fact["polarity"], fact.get("value") if told else None, fact.get("code"), fact.get("laterality")
    )


def _place(field: str) -> int:
    return int(re.sub(r"\D", "", field))
