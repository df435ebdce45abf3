"""Texts that hold no identifier stay silent, for many patients at once: one alarm fails."""

from __future__ import annotations

import csv
import re

import pytest

from evalkit.cases.patients import make_patient
from evalkit.phi.leaks import Needles

CLEAN = [
    "Dx M17.11, E10.65, C34.91, Z96.651",
    "00041-25, 00072-LT-59, J1885 x 2 units",
    "NDC 0093-7214-56, NDC 68180-720-09",
    "LOINC 4548-4 A1c; 777-3 platelets",
    "SNOMED 38341003 and 195967001",
    "RxCUI 197361; RxCUI 314076",
    "WBC 6.2 RBC 4.51 Hgb 12.9 Plt 244 Na 138 K 4.4 Cr 1.03 Glu 101",
    "BP 128/81 HR 72 RR 16 T 98.4 SpO2 98% wt 81.2 kg",
    "lisinopril 20 mg daily; enoxaparin 40 mg q24h; insulin 70/30 18 units",
    "taper 50-40-30-20-10 mg over 15 days",
    "Parkinson disease, Graves disease, Crohn disease, Addison crisis, Bell palsy",
    "Murphy sign negative, Babinski downgoing, Foley in place, Kerley B lines, Homans negative",
    "Allegra, Yasmin, Ambien, Viola, Jantoven",
    "Hickman line, Jackson-Pratt drain, Bovie, Medtronic device",
    "Glasgow 14, Wells 3, Child-Pugh A, Gleason 4+3, Apgar 8/9",
    "stroke in 2014; in remission since 2020",
    "2 weeks ago, on day 5, q4 weeks, for 6 weeks",
    "A 71-year-old man; age 89",
    "age category 90+",
    "ZIP3 334; ZIP3 000",
    "resides in Minnesota",
    "L3-L4, C6-7, T11-L2 stenosis",
    "pain 6/10; SLR 30/80; strength 4/5",
    "1.8 x 2.2 x 3.1 cm nodule; 7 mm",
    "FEV1/FVC 0.68; ABI 0.88; 1:320 ANA",
    "LCD L33831; NCD 150.3; policy SURG.00055",
    "$4,213.00 allowed; units 17",
    "score 3318 points on the composite",
    "spec_version 9a1b7c33de0f4471; run 019c2d7a-1f0e-7aa1-8b3c-55d0e9f1a2b3",
    "2026-05-02T14:07:59Z",
    "QTc 431, PR 158, QRS 88",
    "1850 mL total, 3.5 mL/h",
    "BRCA2 c.5946delT; rs80357906; HLA-DRB1*15:01",
    "NCT03891537",
    "mari, sol, nueva, villa, son, and",
    "[NAME] [REDACTED] ***-**-**** XXX-XX-XXXX",
    "the patient, the spouse, Dr. on call, Mr. and Mrs.",
    "three views, two weeks, four of six criteria, one or two",
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ",
    "Observation/obs-204 Patient/case-00017",
    "fax the form to the plan; phone support is on the card; the address line",
    "within 21 days; 60-day supply; 30-day refill",
    "units 1234567893 allowed field?",
    "PMID 31415926; doi:10.1056/NEJMoa1911303; guideline of 2021-06-15",
    '{"decision": "approve", "lines": [{"code": "00010", "units": 1, "start": 120, "end": 164}]}',
    "May be repeated in March; April was fine; in the rose garden, a stone, a young king",
    "SGVsbG8sIHdvcmxkISBUaGlzIGlzIG5vdGhpbmc=",
    "c2hvcnQ= 68656c6c6f20776f726c64",
]
PATIENTS = 60


@pytest.fixture(scope="module")
def searchers():
    return [(index, Needles(make_patient(23, index).identifiers)) for index in range(PATIENTS)]


@pytest.mark.parametrize("text", CLEAN)
def test_a_clean_text_stays_silent(text, searchers):
    alarms = [(index, leaks) for index, needles in searchers if (leaks := needles.search(text, place="output"))]
    assert alarms == []


def test_a_clean_structured_output_stays_silent(searchers):
    lines = [{"code": f"{code:05d}", "units": code % 7, "note": text} for code, text in enumerate(CLEAN, start=10)]
    alarms = [
        (index, leaks) for index, needles in searchers[:60] if (leaks := needles.search({"lines": lines}, place="o"))
    ]
    assert alarms == []


CORPORA = {
    "aci_bench": (("clinicalnlp_taskB_test1.csv", "valid.csv"), ("dialogue", "note")),
    "mts_dialog": (("MTS-Dialog-TrainingSet.csv", "MTS-Dialog-ValidationSet.csv"), ("section_text", "dialogue")),
}


@pytest.mark.parametrize("corpus", CORPORA)
def test_real_visits_raise_no_alarm_but_for_namesakes(corpus, shared_data):
    """A name that really is said in a role-played visit may fire; nothing else may, in 10,000 pairs."""
    names, columns = CORPORA[corpus]
    texts = {}
    for name in names:
        with (shared_data / corpus / name).open(encoding="utf-8", newline="") as file:
            texts |= {row[column]: None for row in csv.DictReader(file) for column in columns}
    alarms, pairs = [], 0
    said = {text: set(re.findall(r"\w+", text.casefold())) for text in texts}
    for index in range(5):
        known = make_patient(29, index).identifiers
        needles = Needles(known)
        own = set(re.findall(r"\w{2,}", " ".join(one.value.casefold() for one in known if one.category == "name")))
        for text, tokens in said.items():
            if not own & tokens:
                pairs += 1
                alarms += [(index, leak) for leak in needles.search(text, place="output")]
    assert pairs > (500 if corpus == "aci_bench" else 9_500)
    assert alarms == []
