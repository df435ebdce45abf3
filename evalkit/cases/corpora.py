"""Importers of public case sets: files of somebody else's making in, gold sets out.

None of these sets comes with evalkit: users point an importer at their own copy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from evalkit.cases.case import Case, GoldSet
from evalkit.cases.tabular import Problems, Sheet, read_sheet, refuse
from evalkit.errors import CaseError

ACI_BENCH_VISITS = "clinicalnlp_taskB_test1.csv"
ACI_BENCH_METADATA = "clinicalnlp_taskB_test1_metadata.csv"
ACI_BENCH_FLAGS = {
    "treatment_payment_operations_ack": True,
    "recording_consent": True,
    "psychotherapy_session": False,
    "patient_authorization": False,
    "sud_record": False,
    "part2_consent": False,
    "several_patients": False,
    "minor_confidential": False,
}
"""Role-play with everybody's consent; a case that must be refused is made from these by changing one flag."""

_ACI_BENCH_SOURCES = ("aci", "virtassist", "virtscribe")
_ACI_BENCH_ID = re.compile(r"D2N\d{3}")
_OLDEST_STATED_AGE = 89
"""Ages over 89 are a Safe Harbor identifier (45 CFR 164.514(b)(2)(i)(C)), also where the patient is played."""
_SHORT_TALK, _LONG_TALK = 900, 1500
"""Words of dialogue below which a talk is short, and from which it is long."""


def aci_bench_case_id(encounter_id: str) -> str:
    """``aci-bench-D2N088``: how the visit is called in gold sets and recorded runs."""
    return f"aci-bench-{encounter_id}"


def read_aci_bench(path: Path) -> GoldSet:
    """The 40 visits of ACI-Bench test1 as note_summary cases, in the order of the file.

    ``path`` is the folder that holds clinicalnlp_taskB_test1.csv and its metadata (Yim et al. 2023, CC BY 4.0). The
    input is the dialogue, with the patient's sex and age in years where the metadata have them (ages over 89 are left
    out); the gold answer is the clinician's note. Tags: ``source-aci``, ``age-40-64``, ``talk-long``.
    Raises CaseError for a missing file or column, or a visit that cannot be used.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise CaseError(
            "no such folder",
            where=folder.name,
            next_step=f"name the folder of ACI-Bench that holds {ACI_BENCH_VISITS}",
        )
    visits = read_sheet(
        _find(folder, ACI_BENCH_VISITS), wanted=("dataset", "encounter_id", "dialogue", "note"), error=CaseError
    )
    metadata = read_sheet(
        _find(folder, ACI_BENCH_METADATA),
        wanted=("encounter_id", "patient_gender", "patient_age"),
        error=CaseError,
    )
    patients = {row.cells["encounter_id"]: row.cells for row in metadata.rows}
    _check_visits(visits, patients)
    return GoldSet(
        "aci-bench-test1",
        tuple(_visit_case(row.cells, patients[row.cells["encounter_id"]], visits.digest) for row in visits.rows),
    )


def _find(folder: Path, name: str) -> Path:
    """The file in the folder or in its ``data/challenge_data``, where the repository of ACI-Bench keeps it."""
    for place in (folder / name, folder / "data" / "challenge_data" / name):
        if place.is_file():
            return place
    raise CaseError(
        f"no file {name} in the folder",
        where=folder.name,
        next_step="clone github.com/wyim/aci-bench and name the folder with its challenge_data",
    )


def _check_visits(visits: Sheet, patients: Mapping[str, Mapping[str, str]]) -> None:
    problems = Problems()
    seen: set[str] = set()
    for row in visits.rows:
        encounter = row.cells["encounter_id"]
        if not _ACI_BENCH_ID.fullmatch(encounter):
            problems.add(row.place, "encounter_id is not of the form D2N000")
        elif encounter in seen:
            problems.add(row.place, "this encounter_id stands twice")
        elif encounter not in patients:
            problems.add(row.place, f"{ACI_BENCH_METADATA} does not know this encounter_id")
        elif row.cells["dataset"] not in _ACI_BENCH_SOURCES:
            problems.add(row.place, f"dataset is none of {', '.join(_ACI_BENCH_SOURCES)}")
        elif not row.cells["dialogue"].strip() or not row.cells["note"].strip():
            problems.add(row.place, "the dialogue or the note is empty")
        seen.add(encounter)
    refuse(problems, visits.name, CaseError)


def _visit_case(visit: Mapping[str, str], patient: Mapping[str, str], source_digest: str) -> Case:
    encounter, dialogue = visit["encounter_id"], visit["dialogue"]
    age = _read_age(patient["patient_age"])
    sex = patient["patient_gender"].strip()
    request: dict[str, str | int] = {"dialogue": dialogue}
    if sex in {"female", "male"}:
        request["sex"] = sex
    if age is not None and 0 < age <= _OLDEST_STATED_AGE:
        request["age_years"] = age
    return Case(
        case_id=aci_bench_case_id(encounter),
        family="note_summary",
        input=request,
        flags=dict(ACI_BENCH_FLAGS),
        gold={"note": visit["note"].strip()},
        tags=(f"source-{visit['dataset']}", f"age-{_age_band(age)}", f"talk-{_length_band(dialogue)}"),
        cluster=encounter,
        data_class="deidentified",
        purpose_of_use="TREAT",
        provenance={"source": "aci-bench test1", "licence": "CC BY 4.0", "file_sha256": source_digest},
    )


def _read_age(text: str) -> int | None:
    """Whole years: "59", "45.0", "9-month" (0); None where the metadata say nothing."""
    if "month" in text:
        return 0
    digits = re.match(r"\d+", text.strip())
    return int(digits[0]) if digits else None


def _age_band(age: int | None) -> str:
    if age is None:
        return "unknown"
    for first, last in ((0, 17), (18, 39), (40, 64), (65, _OLDEST_STATED_AGE)):
        if first <= age <= last:
            return f"{first}-{last}"
    return "90-up"


def _length_band(dialogue: str) -> str:
    words = len(dialogue.split())
    if words < _SHORT_TALK:
        return "short"
    return "long" if words >= _LONG_TALK else "medium"
