"""The policy kept a second time: what is owed for the stored facts of a case, reckoned from a table of its own.

`policy` decides while a case is made. This is double entry: the same rules written down anew, from the facts as they
are stored, in another shape. Where the two differ, one of them is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Fact = Mapping[str, Any]
Entry = tuple[str, int, tuple[str, ...]]
"""Code, units, modifiers in alphabetical order."""

_BOOK = """
skin biopsy            00012 first:00013:6   minor
skin tag removal       00014 once            ten
lesion destruction     00017 first:00018:13  ten
abscess drainage       00041 once            ten
wound repair           00043 once            ten
hearing screen         00051 once            -
eye pressure           00053 once            -
large joint injection  00061 side            minor
wrist tunnel injection 00063 side            minor
heel injection         00064 side            minor
ear wax removal        00069 side            minor
therapeutic exercise   00071 time:8          -
manual therapy         00074 time:6          -
gait training          00077 time:4          -
nebulizer treatment    00081 once            -
allergy tests          00084 each:40         -
muscle knot injection  00086 once            minor
nail debridement       00088 each:10         minor
"""
BOOK: dict[str, tuple[str, str, str]] = {
    line[:23].strip(): (line[23:28], line[29:45].strip(), line[45:].strip()) for line in _BOOK.strip().split("\n")
}
"""Procedure -> code, how it is counted, global period (``ten`` days, ``minor``: none after the day, ``-``)."""
NEVER_BESIDE = {("00041", "00043"), ("00074", "00077")}
"""(stays, goes), whatever is said of the site."""
APART_BESIDE = {("00012", "00014"), ("00012", "00017"), ("00061", "00086")}
"""(stays, goes unless at a separate site)."""
ESTABLISHED = (10, 20, 30, 40)
NEW = (15, 30, 45, 60)


def current(facts: Iterable[Fact]) -> dict[str, Fact]:
    """Procedure -> the fact that holds today; an addendum comes later and overwrites, an earlier note is left out."""
    holding: dict[str, Fact] = {}
    ranked = sorted(
        (fact for fact in facts if fact["type"] == "procedure" and fact["source_document"] != "earlier note"),
        key=lambda fact: (fact["source_document"] == "addendum", fact["status"] == "done"),
    )
    for fact in ranked:
        holding[fact["name"]] = fact
    return {name: fact for name, fact in holding.items() if fact["status"] == "done"}


def reckon(facts: Iterable[Fact], *, new_patient: bool) -> list[Entry]:
    """What is owed, the visit first, then by code."""
    stored = list(facts)
    entries: dict[str, Entry] = {}
    for name, fact in current(stored).items():
        entries |= {entry[0]: entry for entry in _enter(name, fact)}
    by_code = {BOOK[name][0]: fact for name, fact in current(stored).items()}
    present = set(entries)
    for stays, goes in NEVER_BESIDE | APART_BESIDE:
        if stays not in present or goes not in present:
            continue
        code, units, modifiers = entries.get(goes, ("", 0, ()))
        if (stays, goes) in APART_BESIDE and by_code[goes]["separate_site"]:
            entries[goes] = (code, units, tuple(sorted({*modifiers, "59"})))
        else:
            for gone in _family(goes):
                entries.pop(gone, None)
    surgical = any(BOOK[name][2] in {"ten", "minor"} and BOOK[name][0] in entries for name in BOOK)
    visit = [entry for fact in stored if fact["type"] == "time" for entry in _visit(fact, new_patient, surgical)]
    return [*visit, *sorted(entries.values())]


def _enter(name: str, fact: Fact) -> list[Entry]:
    code, how, _ = BOOK[name]
    kind, *limits = how.split(":")
    amount = fact.get("value") or 1
    if kind == "time":
        units = min((amount + 7) // 15, int(limits[0]))
        return [(code, units, ())] if units else []
    if kind == "each":
        return [(code, min(amount, int(limits[0])), ())]
    if kind == "first":
        more = min(amount - 1, int(limits[1]))
        return [(code, 1, ()), *([(limits[0], more, ())] if more else [])]
    marks = {"left": "LT", "right": "RT", "both": "50"}
    return [(code, 1, (marks[fact["laterality"]],) if kind == "side" else ())]


def _family(code: str) -> tuple[str, ...]:
    """A code and the one that goes with it after the first."""
    how = next(how for known, how, _ in BOOK.values() if known == code)
    return (code, how.split(":")[1]) if how.startswith("first") else (code,)


def _visit(fact: Fact, new_patient: bool, surgical: bool) -> list[Entry]:
    reached = sum(fact["value"] >= least for least in (NEW if new_patient else ESTABLISHED))
    if not reached or not fact["separate_work"]:
        return []
    return [(f"000{30 + reached + 1 if new_patient else 20 + reached + 1}", 1, ("25",) if surgical else ())]


def listed(facts: Iterable[Fact]) -> list[str]:
    """The diagnoses that are listed, in the order of the facts."""
    codes: list[str] = []
    for fact in facts:
        if fact["type"] == "diagnosis" and fact["polarity"] == "affirmed":
            codes += [code for code in str(fact["code"]).split("+") if code not in codes]
    return codes


def side_of_code(code: str) -> str | None:
    """The side that an ICD-10-CM code of a paired part says: the last digit is 1 right, 2 left, 0 or 3 both."""
    digits = code.rstrip("AX")
    return {"1": "right", "2": "left", "0": "both", "3": "both"}.get(digits[-1])


def due_refusal(input: Mapping[str, Any], flags: Mapping[str, bool], mrns_in_note: Iterable[str]) -> set[str]:
    """Every reason for which the request must be turned away, checked by arithmetic of its own."""
    digits = [int(char) for char in input["patient_mrn"] if char.isdigit()]
    weighted = sum(weight * digit for weight, digit in zip(range(len(digits), 0, -1), digits, strict=True))
    npi = [int(char) for char in "80840" + input["rendering_npi"]]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in npi[-2::-2]) + sum(npi[-1::-2])
    reasons = {
        "CONSENT_MISSING": not flags["treatment_payment_operations_ack"],
        "CONSENT_EXPIRED": flags["consent_expired"],
        "CONSENT_REVOKED": flags["consent_revoked"],
        "PURPOSE_NOT_PERMITTED": flags["consent_for_other_purpose"],
        "MRN_INVALID": weighted % 11 != 0,
        "NPI_INVALID": doubled % 10 != 0,
        "WRONG_PATIENT": weighted % 11 == 0 and any(mrn != input["patient_mrn"] for mrn in mrns_in_note),
        "DOS_IN_FUTURE": input["date_of_service"] > "2090",
        "PART2_NO_CONSENT": flags["sud_record"] and not flags["part2_consent"],
        "PSYCHOTHERAPY_NOTES": flags["psychotherapy_notes"] and not flags["patient_authorization"],
        "RESTRICTION_ON_FILE": flags["restriction_on_file"],
        "MINOR_CONFIDENTIAL": flags["minor_confidential"],
        "NOTE_UNSIGNED": not flags["note_signed"],
        "FIELD_NOT_PERMITTED": bool(set(input) - _FIELDS),
    }
    return {code for code, holds in reasons.items() if holds}


_FIELDS = {"note_text", "date_of_service", "new_patient", "patient_mrn", "rendering_npi"}
