"""Cases from FHIR: one for each patient, with every identifier that the resources name, found again in the notes.

What a resource does not say is not made up. There is no gold answer but where a payer's response is in the file (Da
Vinci ``reviewAction``), and no consent flag at all: those come from whoever imports. Such cases serve boundary checks
and judged examples; most metrics leave them out and count them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from evalkit.cases.case import Case, GoldSet, Spans
from evalkit.cases.fhir import Document
from evalkit.cases.fhirnotes import kind_of, texts_of
from evalkit.errors import CaseError
from evalkit.phi.identifiers import Category, Identifier, Subject, valid_date

Resource = Mapping[str, Any]
DataClass = Literal["synthetic", "deidentified", "phi"]

NPI_SYSTEM = "http://hl7.org/fhir/sid/us-npi"
ICD_SYSTEM = "http://hl7.org/fhir/sid/icd-10-cm"
FORM = "https://example.org/evalkit/request"
"""The questionnaire whose answers are the fields and flags of a request, as `fhirbundles` writes them."""
LIST_MARK = "[]"
"""How the name of a field ends that holds a list."""
REVIEW_ACTION = re.compile(r".*/extension-reviewAction(?:Code)?")
DECISIONS: Mapping[str, str] = {"A1": "approve", "A4": "pend", "A3": "refer_to_clinician"}
"""X12 306 action code -> decision. A3, not certified, is what a clinician decided: an agent refers."""
URGENCIES: Mapping[str, str] = {"normal": "standard", "deferred": "standard", "stat": "expedited"}
_POINTERS = ("subject", "patient", "beneficiary", "individual")
_KINDS: Mapping[str, Category] = {
    "MR": "mrn", "SS": "ssn", "SB": "ssn", "DL": "license", "PPN": "license", "MB": "plan", "MC": "plan",
    "AN": "account", "PRN": "license",
}  # fmt: skip
_TELECOM: Mapping[str, Category] = {"phone": "phone", "sms": "phone", "fax": "fax", "email": "email", "url": "url"}
_SHORTEST = 2
"""Characters; one letter is no name that a text could be searched for."""


@dataclass(frozen=True, slots=True, repr=False)
class Given:
    """What whoever imports says of every patient alike, because FHIR has no place for it or the file is silent."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the request that are taken where no resource says otherwise."""
    flags: Mapping[str, bool] = field(default_factory=dict)
    """Consent and protection flags."""

    def __repr__(self) -> str:
        return f"Given({len(self.fields)} fields, {len(self.flags)} flags)"


def cases_of(
    documents: Sequence[Document],
    *,
    name: str,
    family: str = "prior_authorization",
    given: Given | None = None,
    data_class: DataClass,
) -> GoldSet:
    """A case for each patient of the documents, in their order, named ``fhir-<name>-0001`` and on.

    Resources of one Bundle belong together; documents that are no Bundle are read as one set, as in a bulk export.
    A resource is the patient's by its reference. ``given`` fills in what no resource says. Raises CaseError where
    there is no patient at all, and where data that is said to be de-identified names one.
    """
    cases: list[Case] = []
    for pool in _pools(documents):
        for patient in pool.of_type("Patient"):
            record = _Record(pool, patient)
            number = len(cases) + 1
            cases.append(record.case(f"fhir-{name}-{number:04d}", family, given or Given(), data_class=data_class))
    if not cases:
        raise CaseError(
            "no Patient resource is among them", where=name, next_step="import files that hold the patient as well"
        )
    if data_class == "deidentified":
        _refuse_named(cases)
    return GoldSet(name, tuple(cases))


def _refuse_named(cases: Iterable[Case]) -> None:
    """45 CFR 164.514(b)(2)(i): data with a name, number or full date of the patient is not de-identified."""
    found = [one for case in cases for one in case.identifiers if one.subject in {"patient", "relative"}]
    if found:
        kinds = len({one.category for one in found})
        raise CaseError(
            f"said to be de-identified, and holds {len(found)} identifiers of patients in {kinds} categories",
            where="--data-class",
            next_step="de-identify it first; say synthetic only of people who never lived",
        )


@dataclass(frozen=True, slots=True, repr=False)
class _Pool:
    """Resources that refer to one another."""

    resources: tuple[Resource, ...]
    by_reference: Mapping[str, Resource]

    def of_type(self, *types: str) -> Iterator[Resource]:
        return (resource for resource in self.resources if resource["resourceType"] in types)

    def find(self, reference: Any) -> Resource | None:
        target = reference.get("reference") if isinstance(reference, Mapping) else None
        return self.by_reference.get(target) if isinstance(target, str) else None

    def __repr__(self) -> str:
        return f"_Pool({len(self.resources)} resources)"


def _pools(documents: Sequence[Document]) -> Iterator[_Pool]:
    """One pool a Bundle, then one of everything that came alone."""
    alone: list[tuple[str, Resource]] = []
    for document in documents:
        if document.is_bundle:
            yield _pool(list(document.entries()))
        else:
            alone += document.entries()
    if alone:
        yield _pool(alone)


def _pool(entries: Sequence[tuple[str, Resource]]) -> _Pool:
    known: dict[str, Resource] = {}
    for url, resource in entries:
        names = [url] if url else []
        if "id" in resource:
            names.append(f"{resource['resourceType']}/{resource['id']}")
        for name in names:
            known.setdefault(name, resource)
    return _Pool(tuple(resource for _, resource in entries), known)


@dataclass(slots=True, repr=False)
class _Named:
    """Identifiers as they are found, each value once, with an id that says nothing of it."""

    found: dict[tuple[Category, str], Identifier] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, stem: str, category: Category, value: Any) -> None:
        """Keep a value under ``patient.name``; nothing where it is no text, or too short to be searched for."""
        if not isinstance(value, str) or len(value.strip()) < _SHORTEST or (category, value) in self.found:
            return
        self.counts[stem] = number = self.counts.get(stem, 0) + 1
        needle_id = stem if number == 1 else f"{stem}{number}"
        self.found[category, value] = Identifier(needle_id, category, value, _subject(stem))


def _subject(stem: str) -> Subject:
    subject = stem.partition(".")[0]
    return "provider" if subject == "provider" else "relative" if subject == "relative" else "patient"


class _Record:
    """What one pool says of one patient."""

    def __init__(self, pool: _Pool, patient: Resource) -> None:
        self.pool = pool
        self.patient = patient
        self.own = [resource for resource in pool.resources if self._is_mine(resource)]
        self.named = _Named()
        self._name_everybody()

    def case(self, case_id: str, family: str, given: Given, *, data_class: DataClass) -> Case:
        """The case: what the resources say as request fields, and nothing besides."""
        claim = next((one for one in self._mine("Claim") if one.get("use") == "preauthorization"), None)
        notes = list(self._notes(*(["Observation"] if claim is not None else [])))
        request: dict[str, Any] = {
            "member_id": self._number("plan"),
            "patient_mrn": self._number("mrn"),
            "patient_dob": self._birth_date(),
            "ordering_npi": self._npi(claim),
            **self._claimed(claim),
            "chart_notes": notes,
        }
        fields, flags = self._form()
        known = {name: value for name, value in request.items() if value is not None}
        sent = {**given.fields, **known, **fields}
        spans = self._spans(sent)
        types = sorted({str(resource["resourceType"]) for resource in self.own})
        gold = self._decided()
        return Case(
            case_id=case_id,
            family=family,
            input=sent,
            flags={**given.flags, **flags},
            gold=gold,
            identifiers=tuple(self.named.found.values()),
            spans=spans,
            tags=("fhir", "graded" if gold else "ungraded", f"notes:{min(len(notes), 9)}"),
            cluster=case_id,
            data_class=data_class,
            purpose_of_use="COVAUTH" if claim is not None else "TREAT",
            provenance={"source": "fhir", "resources": str(len(self.own)), "types": " ".join(types)[:200]},
        )  # fmt: skip

    def _is_mine(self, resource: Resource) -> bool:
        if resource is self.patient:
            return True
        return any(self.pool.find(resource.get(name)) is self.patient for name in _POINTERS)

    def _mine(self, *types: str) -> Iterator[Resource]:
        return (resource for resource in self.own if resource["resourceType"] in types)

    def _name_everybody(self) -> None:
        self._name_person(self.patient, "patient")
        for contact in self.patient.get("contact", ()):
            named = {**contact, "name": [contact["name"]] if "name" in contact else [],
                     "address": [contact["address"]] if "address" in contact else []}  # fmt: skip
            self._name_person(named, "relative")
        for relative in self._mine("RelatedPerson"):
            self._name_person(relative, "relative")
        for coverage in self._mine("Coverage"):
            self.named.add("patient.member_id", "plan", coverage.get("subscriberId"))
            for number in coverage.get("identifier", ()):
                self.named.add("patient.member_id", "plan", number.get("value"))
        for provider in self.pool.of_type("Practitioner"):
            self._name_person(provider, "provider")
        for account in self._mine("Claim", "ExplanationOfBenefit"):
            for number in account.get("identifier", ()):
                self.named.add("patient.account", "account", number.get("value"))

    def _name_person(self, person: Resource, subject: Subject) -> None:
        add = self.named.add
        for name in person.get("name", ()):
            given = [first for first in name.get("given", ()) if first is not None]  # null: an extension in its place
            add(f"{subject}.name", "name", name.get("text"))
            add(f"{subject}.name", "name", f"{' '.join(given)} {name.get('family', '')}".strip())
            add(f"{subject}.last", "name", name.get("family"))
            for first in given:
                add(f"{subject}.first", "name", first)
        for number in person.get("identifier", ()):
            category = _category_of(number)
            add(f"{subject}.{category if subject == 'patient' else 'number'}", category, number.get("value"))
        for contact in person.get("telecom", ()):
            category = _TELECOM.get(contact.get("system"), "other")
            add(f"{subject}.{category}", category, contact.get("value"))
        for address in person.get("address", ()):
            for line in address.get("line", ()):
                add(f"{subject}.street", "geo", line)
            add(f"{subject}.city", "geo", address.get("city"))
            add(f"{subject}.zip", "geo", address.get("postalCode"))
        for name, part in (("birthDate", "dob"), ("deceasedDateTime", "death")):
            day = person.get(name, "")
            if len(day) > len("2025"):  # a year alone is no identifier: 45 CFR 164.514(b)(2)(i)(C)
                add(f"{subject}.{part}", "date", day[:10])

    def _number(self, category: Category) -> str | None:
        own = (one.value for one in self.named.found.values() if (one.subject, one.category) == ("patient", category))
        return next(own, None)

    def _birth_date(self) -> str | None:
        day = self.patient.get("birthDate")
        return day if valid_date(day) else None

    def _npi(self, claim: Resource | None) -> str | None:
        provider = self.pool.find(claim.get("provider")) if claim is not None else None
        if provider is not None and provider["resourceType"] == "PractitionerRole":
            provider = self.pool.find(provider.get("practitioner"))
        numbers = provider.get("identifier", ()) if provider is not None else ()
        return next((number.get("value") for number in numbers if number.get("system") == NPI_SYSTEM), None)

    def _claimed(self, claim: Resource | None) -> dict[str, Any]:
        """What a Claim asks for."""
        if claim is None:
            return {}
        items = claim.get("item", ())
        codes = [code for item in items for code in _codes(item.get("productOrService"))]
        priority = next(iter(_codes(claim.get("priority"))), "")
        return {
            "service_code": codes[0] if codes else None,
            "diagnosis_codes": list(self._diagnoses(claim)) or None,
            "urgency": URGENCIES.get(priority),
            "request_date": _day(claim.get("created")),
        }

    def _diagnoses(self, claim: Resource) -> Iterator[str]:
        for entry in claim.get("diagnosis", ()):
            condition = self.pool.find(entry.get("diagnosisReference")) or {}
            for concept in (entry.get("diagnosisCodeableConcept"), condition.get("code")):
                yield from _codes(concept, system=ICD_SYSTEM)

    def _form(self) -> tuple[dict[str, Any], dict[str, bool]]:
        """Fields and flags of a form that was filled in with a request."""
        fields: dict[str, Any] = {}
        flags: dict[str, bool] = {}
        for form in self._mine("QuestionnaireResponse"):
            for item in form.get("item", ()) if form.get("questionnaire") == FORM else ():
                values = [_json(value) for answer in item.get("answer", ()) for value in answer.values()]
                name = item["linkId"]
                if name.startswith("flags.") and values and isinstance(values[0], bool):
                    flags[name.removeprefix("flags.")] = values[0]
                elif name.endswith(LIST_MARK):
                    fields[name.removesuffix(LIST_MARK)] = values
                elif values:
                    fields[name] = values[0]
        return fields, flags

    def _decided(self) -> dict[str, str]:
        """The decision of the payer's last response, where one is in the file."""
        actions = (
            extension.get("valueCode") or extension.get("valueString")
            for response in self._mine("ClaimResponse")
            for extension in response.get("extension", ())
            if REVIEW_ACTION.fullmatch(extension.get("url", ""))
        )
        decision = next((DECISIONS[action] for action in actions if action in DECISIONS), None)
        return {"decision": decision} if decision else {}

    def _notes(self, *more: str) -> Iterator[dict[str, Any]]:
        """Every text of the chart that has a day, in the order of the file; of ``more`` types of resources too."""
        mrn = self._number("mrn")
        for place, resource in enumerate(self._mine("DocumentReference", "DiagnosticReport", *more), start=1):
            day = _day(resource.get("date") or resource.get("effectiveDateTime") or resource.get("issued"))
            texts = list(texts_of(resource))
            if day is None:
                continue
            for text in texts:
                note = {"doc_id": f"doc-{place}", "date": day, "type": kind_of(resource), "text": text, "mrn": mrn}
                yield {key: value for key, value in note.items() if value is not None}

    def _spans(self, sent: Mapping[str, Any]) -> Spans:
        """Where the identifiers stand: whole fields by what they are, texts by search, the longest value first."""
        numbers = {one.value: one.needle_id for one in reversed(list(self.named.found.values()))}
        rows = [
            (name, 0, len(value), numbers[value])
            for name, value in sent.items()
            if isinstance(value, str) and value in numbers
        ]
        search = _searcher(self.named.found.values())
        for place, note in enumerate(sent["chart_notes"]):
            if note.get("mrn") in numbers:
                rows.append((f"chart_notes[{place}].mrn", 0, len(note["mrn"]), numbers[note["mrn"]]))
            rows += [(f"chart_notes[{place}].text", *found) for found in search(note["text"])]
        columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
        return Spans(*columns)


def _searcher(identifiers: Iterable[Identifier]) -> Callable[[str], list[tuple[int, int, str]]]:
    by_value: dict[str, str] = {}
    for one in identifiers:
        by_value.setdefault(one.value, one.needle_id)
    values = sorted(by_value, key=len, reverse=True)
    if not values:
        return lambda _text: []
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, values))})(?!\w)")
    return lambda text: [(found.start(), found.end(), by_value[found[0]]) for found in pattern.finditer(text)]


def _category_of(number: Resource) -> Category:
    """The Safe Harbor category of an Identifier, by its type code (HL7 v2 table 0203)."""
    kinds = [_KINDS[code] for code in _codes(number.get("type")) if code in _KINDS]
    if number.get("system") == NPI_SYSTEM:
        return "license"
    return kinds[0] if kinds else "other"


def _codes(concept: Any, *, system: str | None = None) -> Iterator[str]:
    """The codes of a CodeableConcept, those of one system where asked for."""
    for coding in concept.get("coding", ()) if isinstance(concept, Mapping) else ():
        if "code" in coding and system in {None, coding.get("system")}:
            yield coding["code"]


def _json(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def _day(moment: Any) -> str | None:
    day = moment[:10] if isinstance(moment, str) else None
    return day if valid_date(day) else None
