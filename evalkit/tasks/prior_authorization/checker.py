"""The independent checker: reads a finished case as a stranger would and works its answer out again.

It shares no code with what makes cases: no policy, no bank, no reader of the rules agent. From the stored facts it
derives status, decision, missing items and due date on a path of its own; from the text it reads durations,
percentages, sides and regions again and holds them against the facts. Spans and identifiers are
`evalkit.cases.checker`'s to check. A problem names the part of the case and never a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from evalkit.cases import checker
from evalkit.cases.case import Case
from evalkit.cases.checker import Problem
from evalkit.phi.identifiers import valid_member_id, valid_npi

_ASKED = {"00072": ("lumbar", "C1 C2 C3 R1 R2 R3"), "00073": ("knee", "C1 C2 C3 R3 R4"), "00094": ("", "C4 C5")}
"""Service -> region, criteria in the order of the answer."""
_SPEAKS = {"C1": "therapy", "C3": "xray", "C4": "oxygen", "C5": "lung_disease", "R1": "weakness", "R2": "cauda_equina",
           "R3": "cancer", "R4": "locked_knee"}  # fmt: skip
_LONGEST_AGE = 180
_WAIT = {"standard": 7, "expedited": 3}
_NUMBERS = {word: number for number, word in enumerate(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen".split())}  # fmt: skip
_NUMEROS = {word: number for number, word in enumerate(
    "cero una dos tres cuatro cinco seis siete ocho nueve diez once doce".split())}  # fmt: skip
_SPELLED = _NUMBERS | _NUMEROS
_REGION_WORDS = {"lumbar": ("low back", "lower back", "lumbar", "espalda baja"), "knee": ("knee", "rodilla")}
_SIDE_WORDS = {"left": ("left", "izquierda"), "right": ("right", "derecha")}


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
    if _days(case.gold["due_on"]) - _days(case.input["request_date"]) != _WAIT[case.input["urgency"]]:
        yield "gold.due_on", "not the day that the urgency asks for"


def _days(day: str) -> int:
    return date.fromisoformat(day).toordinal()


def _latest(case: Case, name: str) -> Mapping[str, Any] | None:
    """The fact of the newest document that is young enough and says yes or no."""
    asked = _days(case.input["request_date"])
    own = [fact for fact in case.facts if fact["name"] == name and fact["polarity"] in ("affirmed", "negated")]
    young = [fact for fact in own if 0 <= asked - _days(fact["date"]) <= _LONGEST_AGE]
    if name in ("therapy", "xray"):
        region, _ = _ASKED[case.input["service_code"]]
        young = [fact for fact in young if fact["code"] == region]
        if case.input["side"] != "none":
            young = [fact for fact in young if fact["laterality"] == case.input["side"]]
    return sorted(young, key=lambda fact: _days(fact["date"]))[-1] if young else None


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
    """Every fact can be read in its document: its duration or percentage, its region, its side."""
    notes = {note["doc_id"]: note for note in case.input["chart_notes"]}
    for fact in case.facts:
        note = notes[fact["source_document"]]
        if note["date"] != fact["date"]:
            yield "facts", f"{fact['fact_id']} has another date than its document"
        sentences = re.split(r"(?<=[.])\s|\n", note["text"])
        if not any(_says(sentence.lower(), fact) for sentence in sentences):
            yield "facts", f"{fact['fact_id']} cannot be read in its document"


def _says(sentence: str, fact: Mapping[str, Any]) -> bool:
    if fact.get("unit") == "d" and fact["polarity"] == "affirmed" and _read_days(sentence) != fact["value"]:
        return False
    if fact.get("unit") == "%" and str(fact["value"]) not in re.findall(r"\d+", sentence):
        return False
    region, side = fact.get("code"), fact.get("laterality")
    if region and not any(word in sentence for word in _REGION_WORDS.get(region, (region,))):
        return region == "lumbar" and "imaged" in sentence
    if side and not any(word in sentence for word in _SIDE_WORDS[side]):
        return False
    return True


def _read_days(sentence: str) -> int | None:
    """``five weeks and 6 days`` as 41; None where no time is named."""
    total, seen = 0, False
    for number, unit in re.findall(r"(\w+) (weeks?|days?|semanas?)\b", sentence):
        count = int(number) if number.isdecimal() else _SPELLED.get(number)
        if count is not None:
            seen = True
            total += count * (1 if unit.startswith("day") else 7)
    return total if seen else None


def _place(field: str) -> int:
    return int(re.sub(r"\D", "", field))
