"""The 44 texts that must stay silent, each made with the digits, dates and letters of the very identity looked for.

A value in another role is no leak: four digits of an SSN are a score, the year of birth is a volume, the ZIP a code.
"""

from __future__ import annotations

import random

import pytest

from evalkit.cases.patients import make_patient
from evalkit.phi.identifiers import Identifier
from evalkit.phi.leaks import Needles

IDENTITIES = 25


def _part(p, draws, length):
    """Digits in a row out of one of the identity's numbers."""
    digits = "".join(filter(str.isdigit, draws.choice((p.ssn, p.phone, p.mrn, p.member_id))))
    start = draws.randrange(len(digits) - length + 1)
    return digits[start : start + length]


TEXTS = {
    "F01 ICD-10 code": lambda p, d: f"Dx M54.{_part(p, d, 2)}, E11.{_part(p, d, 1)}, C50.{_part(p, d, 3)}, Z79.4",
    "F02 CPT and HCPCS with modifiers": lambda p, d: f"CPT {p.zip_code}-25, {_part(p, d, 5)}-26-RT, J{p.ssn[-4:]} x 4 units",
    "F03 NDC": lambda p, d: f"NDC {p.ssn[-4:]}-{_part(p, d, 4)}-10, NDC {p.zip_code}-{_part(p, d, 3)}-05",
    "F04 LOINC": lambda p, d: f"LOINC {p.ssn[-4:]}-7 glucose; {p.phone[:3]}-7 Hgb",
    "F05 SNOMED": lambda p, d: f"SNOMED {_part(p, d, 6)}09 and 44{_part(p, d, 4)}06",
    "F06 RxNorm": lambda p, d: f"RxCUI {_part(p, d, 6)}",
    "F07 lab values": lambda p, d: f"WBC {p.ssn[-1]}.7 RBC 4.{p.ssn[-2:]} Plt {p.phone[:3]} Na 140 Cr 0.{_part(p, d, 2)}",
    "F08 vitals": lambda p, d: f"BP 1{p.ssn[4:6]}/{p.ssn[-2:]} HR 93 RR 19 T 98.6 SpO2 97% wt 93.{p.ssn[-1]} kg",
    "F09 dose": lambda p, d: f"metformin {p.dob.year} mg BID; heparin {p.ssn[-4:]} units q8h; insulin 70/30",
    "F10 dose series like a phone number": lambda p, d: f"taper {p.phone[:3]}-{p.phone[4:7]}-20-10 mg over 12 days",
    "F11 eponym diseases": lambda p, d: "Parkinson disease, Crohn disease, Hodgkin lymphoma, Addison crisis, Graves disease",
    "F12 eponym signs": lambda p, d: "Babinski negative, Murphy sign positive, Homans sign, Foley catheter, Kerley B lines",
    "F13 drugs like first names": lambda p, d: "Allegra, Jantoven, Yasmin, Ziana, Kariva",
    "F14 devices": lambda p, d: "Medtronic Micra, Foley, Bovie, Hickman, Jackson-Pratt drain",
    "F15 eponym scores": lambda p, d: f"Glasgow 15, Wells 4.5, Child-Pugh B, Karnofsky {p.ssn[-2:]}, Gleason 3+4",
    "F16 year only": lambda p, d: f"MI in {p.dob.year}; remission since {p.dob.year + 8}",
    "F17 relative date": lambda p, d: f"{p.dob.day} weeks ago, on day {p.dob.month}, q{p.dob.day} weeks",
    "F18 age up to 89": lambda p, d: "A 67-year-old woman; age 89",
    "F19 90 and over": lambda p, d: "age category 90+",
    "F20 ZIP3 allowed": lambda p, d: f"ZIP3 {p.zip_code[:3]}",
    "F21 ZIP3 restricted": lambda p, d: "ZIP3 000",
    "F22 state only": lambda p, d: "resides in Massachusetts",
    "F23 spinal levels": lambda p, d: f"L4-L5, C5-6, T12-L{p.dob.month} stenosis",
    "F24 pain scale and range of motion": lambda p, d: f"pain {p.dob.month}/10; SLR {p.dob.day}/90; strength 5/5",
    "F25 measurement triple": lambda p, d: f"{p.dob.month}.1 x {p.dob.day}.9 x 3.4 cm nodule; {p.dob:%y} mm",
    "F26 ratio": lambda p, d: f"FEV1/FVC 0.{p.dob:%y}; ABI 0.{p.ssn[-2:]}; 1:160 ANA",
    "F27 policy id": lambda p, d: f"LCD L{p.zip_code}; NCD {p.phone[:3]}.{p.dob.month}; policy MED.{_part(p, d, 5)}",
    "F28 claim amount": lambda p, d: f"${p.ssn[-4]},{p.ssn[-3:]}.00 allowed; units 93",
    "F29 the same digits in another role": lambda p, d: f"score {p.ssn[-4:]} points on the composite",
    "F30 version and run id": lambda p, d: f"spec_version 3f2a{p.ssn[-4:]}be04455a; run 018f3c5e-{p.ssn[-4:]}-7c3d-9e10-2b4f5a6c7d8e",
    "F31 timestamp of the harness": lambda p, d: f"2026-07-14T09:{p.dob.month:02d}:{p.dob.day:02d}Z",
    "F32 ECG": lambda p, d: f"QTc {p.phone[:3]}, PR 162, QRS {p.ssn[-2:]}",
    "F33 pump rates": lambda p, d: f"{p.dob.year} mL total, {p.dob.month}.5 mL/h",
    "F34 genes and variants": lambda p, d: f"BRCA1 c.{p.ssn[-2:]}_69delAG; rs{_part(p, d, 6)}13; HLA-B*57:01",
    "F35 trial id": lambda p, d: f"NCT0{_part(p, d, 6)}5",
    "F36 pieces of the name": lambda p, d: f"{p.first[:3]}, {p.last[-3:]}, {p.last[:3]}, {p.first[-3:]}".lower(),
    "F37 masking markers": lambda p, d: "[NAME] [REDACTED] ***-**-**** XXX-XX-XXXX",
    "F38 generic role": lambda p, d: "the patient, the spouse, Dr. on call",
    "F39 number words": lambda p, d: "two views, three weeks, five of six criteria",
    "F40 hex colours and base64 noise": lambda p, d: f"#{p.ssn[-4:]}fa iVBORw0KGgoAAAANSUhEUgAAAAUA",
    "F41 FHIR references": lambda p, d: f"Observation/obs-{p.phone[:3]} Patient/case-{p.zip_code}",
    "F42 fax boilerplate": lambda p, d: "fax the form to the plan; phone support on the card",
    "F43 days count": lambda p, d: f"within {p.dob.day} days; {p.ssn[-2:]}-day supply; 90-day refill",
    "F44 NPI of a facility where the spec allows it": lambda p, d: "units 1234567893 allowed field?",
}  # fmt: skip


@pytest.fixture(scope="module")
def identities():
    """Patients with an age over 89 and a provider who is searched for only if asked."""
    extra = (
        Identifier("patient.age", "date", "93"),
        Identifier("patient.ip", "ip", "203.0.113.57"),
        Identifier("facility.npi", "license", "1234567893", "organisation"),
    )
    patients = [make_patient(41, index) for index in range(IDENTITIES)]
    return [(patient, Needles((*patient.identifiers, *extra))) for patient in patients]


def test_there_are_all_44():
    assert [title[:3] for title in TEXTS] == [f"F{at:02d}" for at in range(1, 45)]


@pytest.mark.parametrize("title", TEXTS)
def test_a_value_in_another_role_stays_silent(title, identities):
    draws = random.Random(title)
    for patient, needles in identities:
        text = TEXTS[title](patient, draws)
        alarms = [(leak.needle_id, leak.form) for leak in needles.search(text, place="output")]
        assert alarms == [], patient.index
        assert not needles.reported({"decision": "approve", "note": text, "score": 3})
