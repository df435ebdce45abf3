"""A small clinical family of our own, one document of it, and ways to edit and load that document."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import pytest

from evalkit.spec.document import parse_spec
from evalkit.spec.schema import Column, Spec, TableSchema

DOCUMENT = """\
---
spec: evalkit/1
id: wound_care
version: 1.2.0
title: Dressings for a wound care visit
family: dressings
owner: wound-care@example.org
status: candidate
effective: 2026-07-01
supersedes: 1.1.0
change_note: A cue for foam.          # a comment in the head
data_class: phi
purpose_of_use: TREAT
legal_basis: 45 CFR 164.506(c) treatment
input:
  note_text:       {type: string, required: true, phi: [free_text], max_chars: 5000}
  visit_date:      {type: date, required: true, phi: [date]}
  patient_dob:     {type: date, required: true, phi: [date], use: derive, derive: age_years}
  patient_mrn:     {type: string, required: true, phi: [mrn], use: validate_only}
  setting:         {type: enum, required: true, values: [clinic, home]}
  photos:          {type: integer}
  codes:           {type: 'list[string]', required: false}
  chart_notes:     {type: 'list[note]', required: false, phi: [free_text, date]}
minimum_necessary:
  allow:
    note_text: the wound is described here
    visit_date: dressings are dated
    age_years: skin thins with age
    setting: some dressings are for the clinic only
    photos: says whether the wound was measured
    codes: the diagnosis
    chart_notes: earlier dressings
  forbid: [patient_name, ssn, employer]
  chart_window_days: 90
refuse:
  - {code: CONSENT_MISSING, when: "not flags.consent"}
  - {code: MRN_INVALID, when: "not valid.mrn(input.patient_mrn)"}
  - {code: VISIT_IN_FUTURE, when: "input.visit_date > today"}
  - {code: CODE_UNKNOWN, when: "input.codes is not None and len(input.codes) > 9", field: codes}
  - {code: WRONG_PATIENT, when: "any_note_mrn_differs(input)"}
  - {code: FIELD_NOT_PERMITTED, when: "any_forbidden(input)"}
output:
  lines: {type: list, item: {dressing: string, size: 'small|large', count: integer, evidence: 'list[span]'}}
  summary: {type: string, required: false}
  confidence: {type: number, min: 0, max: 1}
review: {threshold: 0.8, band: 0.05}
models: {policy: baa_only, allow: [rules/offline]}
gates:
  - {metric: line_exact, min: 0.9}
  - {metric: line_exact, max_drop: 0.02, versus: production}
  - {metric: phi_leak_count, equals: 0, scope: 'tag:home'}
---

# Purpose
Read one note and list the dressings.

A second paragraph, with *emphasis*.

# Dressings
| dressing | cues (any)          | layers | goes with |
|----------|---------------------|--------|-----------|
| foam     | foam; foam pad      | 2      | -         |
| gauze    | gauze               | 3      | foam      |
| film     | film \\| clear film | 1      | -         |

# Counting
rule: each   <!-- each = one by one;
                  all = together -->

# Leave out
- planned, declined
- last visit

# Order
1. foam before gauze, always
2. otherwise as written

# Change log
1.2.0 a cue for foam
"""


def parse_layers(cell: str) -> int:
    if not re.fullmatch(r"[1-9]", cell):
        raise ValueError("a digit from 1 to 9 is needed")
    return int(cell)


def parse_cues(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";"))


def parse_rule(cell: str) -> str:
    if cell not in {"each", "all"}:
        raise ValueError("rule is each or all")
    return cell


@pytest.fixture(scope="session")
def schemas() -> Mapping[str, Sequence[TableSchema]]:
    return {
        "dressings": (
            TableSchema(
                "Dressings",
                "table",
                (
                    Column("dressing"),
                    Column("cues (any)", parse_cues),
                    Column("layers", parse_layers),
                    Column("goes with", optional=True, refers_to="Dressings.dressing"),
                ),
                key=("dressing",),
            ),
            TableSchema("Counting", "settings", (Column("rule", parse_rule), Column("limit", int, optional=True))),
            TableSchema("Leave out", "list"),
            TableSchema("Order", "list", required=False),
            TableSchema("Pairs", "table", (Column("one"), Column("other")), key=("one", "other"), required=False),
        )
    }


@pytest.fixture(scope="session")
def text() -> str:
    return DOCUMENT


@pytest.fixture(scope="session")
def change() -> Callable[..., str]:
    """The document with the first ``old`` replaced by ``new``; pairs may follow one another."""

    def edit(*pairs: str) -> str:
        edited = DOCUMENT
        for old, new in zip(pairs[::2], pairs[1::2], strict=True):
            assert old in edited, old
            edited = edited.replace(old, new, 1)
        return edited

    return edit


@pytest.fixture(scope="session")
def load(schemas: Mapping[str, Sequence[TableSchema]]) -> Callable[..., Spec]:
    def parse(text: str | bytes = DOCUMENT, path: str = "wound_care/1.2.0.md") -> Spec:
        return parse_spec(text, path=path, schemas=schemas)

    return parse


@pytest.fixture(scope="session")
def spec(load: Callable[..., Spec]) -> Spec:
    return load()
