"""FHIR R4 from cases: one Bundle (type collection) a case, with what the calling system would send and no answer.

========================  ===================================================================================
Patient, RelatedPerson    the planted identifiers of the patient and of relatives
Practitioner              the name and number of the provider
Organization, Coverage    the plan membership, of a fictional payer
DocumentReference         every text, as base64 of its UTF-8; offsets of spans count in the decoded text
Claim                     a request for prior authorization (``use: preauthorization``), where the case has one
QuestionnaireResponse     every other field of the request and every flag, by name
========================  ===================================================================================

Gold answers, facts and spans stay out: they are not part of a request. Ids and URLs derive from the case id alone.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.cases.case import Case
from evalkit.cases.fhircases import FORM, ICD_SYSTEM, LIST_MARK, NPI_SYSTEM
from evalkit.digests import digest_bytes
from evalkit.phi.identifiers import Category, Subject, valid_date

PAYER = "Example Health Plan"
CODES = "https://example.org/evalkit/service-codes"
"""Code system of the placeholder services."""
NUMBERS = "http://terminology.hl7.org/CodeSystem/v2-0203"
LONG_TEXT = 200
"""A string of the request that is longer, or has several lines, is a document."""
NPI_FIELDS = ("ordering_npi", "rendering_npi")
PRIORITIES: Mapping[str, str] = {"standard": "normal", "expedited": "stat"}
_TELECOM: Mapping[Category, str] = {"phone": "phone", "fax": "fax", "email": "email", "url": "url"}
_NUMBERED: Mapping[Category, str] = {"mrn": "MR", "ssn": "SS", "license": "DL", "account": "AN"}

Resource = dict[str, Any]


def bundle_of(case: Case) -> Resource:
    """The Bundle of a case. Holds PHI where the case does."""
    writer = _Writer(case)
    resources = [resource for resource in writer.resources() if resource is not None]
    return {
        "resourceType": "Bundle",
        "id": _short(case.case_id),
        "type": "collection",
        "entry": [{"fullUrl": writer.url(str(one["id"])), "resource": one} for one in resources],
    }


@dataclass(frozen=True, slots=True, repr=False)
class _Writer:
    """Makes the resources of one case."""

    case: Case

    def url(self, id: str) -> str:
        """A URL that names a resource of this Bundle."""
        hex_ = digest_bytes(f"{self.case.case_id}/{id}".encode())
        return f"urn:uuid:{hex_[:8]}-{hex_[8:12]}-4{hex_[13:16]}-8{hex_[17:20]}-{hex_[20:32]}"

    def pointer(self, id: str) -> dict[str, str]:
        return {"reference": self.url(id)}

    def resources(self) -> Iterator[Resource | None]:
        yield self.person("Patient", "patient", "patient")
        yield self.relative()
        yield self.practitioner()
        yield {"resourceType": "Organization", "id": "payer", "active": True, "name": PAYER}
        yield self.coverage()
        yield from self.documents()
        yield self.claim()
        yield self.form()

    def values(self, subject: Subject, *categories: Category) -> list[str]:
        """The planted values of one subject, each once, in the order of the case."""
        known = (one.value for one in self.case.identifiers if one.subject == subject and one.category in categories)
        return list(dict.fromkeys(known))

    def named(self, needle_id: str) -> str | None:
        return next((one.value for one in self.case.identifiers if one.needle_id == needle_id), None)

    def person(self, type_: str, id: str, subject: Subject) -> Resource:
        """Whatever of a person was planted."""
        person: Resource = {"resourceType": type_, "id": id}
        numbers = [{"type": {"coding": [{"system": NUMBERS, "code": code}]}, "value": value}
                   for category, code in _NUMBERED.items() for value in self.values(subject, category)]  # fmt: skip
        name = self.name_of(subject)
        telecom = [{"system": system, "value": value}
                   for category, system in _TELECOM.items() for value in self.values(subject, category)]  # fmt: skip
        born = self.named(f"{subject}.dob")
        address = {
            "line": [value for value in [self.named(f"{subject}.street")] if value],
            "city": self.named(f"{subject}.city"),
            "postalCode": self.named(f"{subject}.zip"),
        }
        person |= {
            "identifier": numbers if subject == "patient" else [],
            "name": [name] if name else [],
            "telecom": telecom,
            "birthDate": born if valid_date(born) else None,
            "address": [_filled(address)] if _filled(address) else [],
        }
        return _filled(person)

    def name_of(self, subject: Subject) -> Resource:
        whole = self.named(f"{subject}.name") or next(iter(self.values(subject, "name")), None)
        first, last = self.named(f"{subject}.first"), self.named(f"{subject}.last")
        return _filled({"text": whole, "family": last, "given": [first] if first else []})

    def relative(self) -> Resource | None:
        if not self.values("relative", "name", "phone"):
            return None
        return {**self.person("RelatedPerson", "relative", "relative"), "patient": self.pointer("patient")}

    def practitioner(self) -> Resource:
        npi = next((self.case.input[name] for name in NPI_FIELDS if name in self.case.input), None)
        name = self.name_of("provider")
        number = {"system": NPI_SYSTEM, "value": npi}
        return _filled({"resourceType": "Practitioner", "id": "provider", "identifier": [number] if npi else [],
                        "name": [name] if name else []})  # fmt: skip

    def coverage(self) -> Resource:
        number = self.case.input.get("member_id") or next(iter(self.values("patient", "plan")), None)
        return _filled({"resourceType": "Coverage", "id": "coverage", "status": "active", "subscriberId": number,
                        "beneficiary": self.pointer("patient"), "payor": [self.pointer("payer")]})  # fmt: skip

    def documents(self) -> Iterator[Resource]:
        for name, value in self.case.input.items():
            if _is_document(value):
                yield self.document(name.replace("_", "-"), {"text": value, "type": name})
            for place, note in enumerate(value if _is_chart(value) else (), start=1):
                yield self.document(str(note.get("doc_id") or f"{name.replace('_', '-')}-{place}"), note)

    def document(self, id: str, note: Mapping[str, Any]) -> Resource:
        attachment = {
            "contentType": "text/plain; charset=utf-8",
            "data": base64.b64encode(note["text"].encode()).decode(),
        }
        return _filled({
            "resourceType": "DocumentReference", "id": _short(id), "status": "current",
            "identifier": [{"type": {"coding": [{"system": NUMBERS, "code": "MR"}]}, "value": note["mrn"]}]
            if "mrn" in note else [],
            "type": {"text": note.get("type") or "note"}, "subject": self.pointer("patient"),
            "date": f"{note['date']}T00:00:00Z" if "date" in note else None,
            "content": [{"attachment": attachment}],
        })  # fmt: skip

    def claim(self) -> Resource | None:
        """The request for prior authorization, where the case is one."""
        request = self.case.input
        if "service_code" not in request or "request_date" not in request:
            return None
        diagnoses = [{"sequence": number, "diagnosisCodeableConcept": _coded(ICD_SYSTEM, code)}
                     for number, code in enumerate(request.get("diagnosis_codes", ()), start=1)]  # fmt: skip
        side = request.get("side")
        item = {"sequence": 1, "productOrService": _coded(CODES, request["service_code"]),
                "bodySite": {"text": side} if side not in {None, "none"} else None}  # fmt: skip
        return _filled({
            "resourceType": "Claim", "id": "claim", "status": "active", "use": "preauthorization",
            "type": {"coding": [{"code": "professional"}]}, "patient": self.pointer("patient"),
            "created": request["request_date"], "provider": self.pointer("provider"),
            "priority": {"coding": [{"code": PRIORITIES.get(str(request.get("urgency")), "normal")}]},
            "diagnosis": diagnoses,
            "insurance": [{"sequence": 1, "focal": True, "coverage": self.pointer("coverage")}],
            "item": [_filled(item)],
        })  # fmt: skip

    def form(self) -> Resource:
        """Every field that is no document, and every flag, as the answers of a form."""
        fields = [answer for name, value in self.case.input.items() if (answer := _answer(name, value))]
        flags = [{"linkId": f"flags.{name}", "answer": [{"valueBoolean": value}]}
                 for name, value in self.case.flags.items()]  # fmt: skip
        return _filled({
            "resourceType": "QuestionnaireResponse", "id": "request", "questionnaire": FORM, "status": "completed",
            "subject": self.pointer("patient"), "item": [*fields, *flags],
        })  # fmt: skip


def _coded(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def _answer(name: str, value: Any) -> Resource | None:
    if _is_document(value) or _is_chart(value):
        return None
    several = isinstance(value, (list, tuple))
    answers = [{kind: one} for one in (value if several else [value]) if (kind := _kind(one))]
    if not several and not answers:
        return None
    return _filled({"linkId": f"{name}{LIST_MARK}" if several else name, "answer": answers})


def _kind(value: Any) -> str | None:
    if isinstance(value, bool):
        return "valueBoolean"
    if isinstance(value, int):
        return "valueInteger"
    if isinstance(value, float):
        return "valueDecimal"
    if not isinstance(value, str) or not value.strip():
        return None
    return "valueDate" if valid_date(value) else "valueString"


def _is_document(value: Any) -> bool:
    return isinstance(value, str) and (len(value) > LONG_TEXT or "\n" in value)


def _is_chart(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and any(isinstance(note, Mapping) and "text" in note for note in value)


def _filled(resource: Mapping[str, Any]) -> Resource:
    """Without what is empty: FHIR knows no null and no empty list."""
    return {name: value for name, value in resource.items() if value is not None and value != [] and value != {}}


def _short(id: str) -> str:
    """An id as FHIR takes it: letters, digits, ``-`` and ``.``, at most 64."""
    plain = "".join(char if char.isascii() and (char.isalnum() or char in "-.") else "-" for char in id)
    return plain if len(plain) <= 64 else digest_bytes(id.encode())[:64]
