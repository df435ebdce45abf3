"""Runs made elsewhere: files of outputs in, executions out. All of a file or nothing.

An imported run answers for its system as if it had just been run: it is replayed, scored and compared like any
other. What the file does not say stays unknown: nobody watched what such a system was sent, so `received` is None.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from evalkit.agents.agent import Refusal, Reply
from evalkit.cases.case import Case, GoldSet
from evalkit.cases.corpora import aci_bench_case_id
from evalkit.cases.tabular import Problems, Row, Sheet, read_sheet, refuse
from evalkit.digests import canonical_json
from evalkit.errors import RecordedError
from evalkit.executions.execution import Execution, ExecutionStatus, Failure

ACI_BENCH_SYSTEMS: Mapping[str, str] = {
    "GPT-4": "test1GPT-4_.csv",
    "ChatGPT": "test1ChatGPT_.csv",
    "Davinci-003": "test1Text-Davinci-003_.csv",
    "BART": "BART_large_clinicalnlp_taskB_test1_full.csv",
    "LED": "LED_clinicalnlp_taskB_test1_division_combined.csv",
    "longest-turn": "longest_doctor_turn_clinicalnlp_taskB_test1.csv",
    "transcript": "transcript_clinicalnlp_taskB_test1.csv",
}
"""Name of the recorded run -> file in ``predictions``. Both layouts of these files keep the system's answer in
``note``; what three of them call ``Reference Summaries`` is the clinician's note."""

SINGLE_TARGETS = ("case_id", "trial", "status", "confidence", "refusal", "error", "cluster")
NAMED_TARGETS = ("output", "input", "gold", "flags")
_STATUSES = get_args(ExecutionStatus)
_CASE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}")
_REFUSAL = re.compile(r"[A-Z][A-Z0-9_]{2,40}")
_TARGET = re.compile(r"([a-z_]+)(?:\.([A-Za-z_][A-Za-z0-9_]*))?(:json)?")
_FORMS = "case_id=COLUMN,output.FIELD=COLUMN"

DataClass = Literal["synthetic", "deidentified", "phi"]


@dataclass(frozen=True, slots=True, repr=False)
class ImportedRuns:
    """What one file held: its executions, case-major then by trial, and the cases where it holds those too."""

    executions: tuple[Execution, ...]
    cases: tuple[Case, ...]
    """One a case id, in the order of the file; empty unless an ``input`` or ``gold`` column was named."""
    source_sha: str
    """SHA-256 of the file."""

    def gold_set(self, name: str) -> GoldSet:
        """The cases as a gold set. Raises RecordedError where the file gave none."""
        if not self.cases:
            raise RecordedError(
                "no column of the file was mapped to an input or gold field",
                where="--map",
                next_step="add input.FIELD=COLUMN and gold.FIELD=COLUMN",
            )
        return GoldSet(name, self.cases)

    def __repr__(self) -> str:
        return f"ImportedRuns({len(self.executions)} executions, {len(self.cases)} cases)"


def parse_mapping(text: str) -> dict[str, str]:
    """``case_id=id,output.note=summary`` as target -> column.

    Targets: ``case_id`` and at least one ``output.FIELD``; ``trial``, ``status``, ``confidence``, ``refusal``,
    ``error`` and ``cluster``; ``input.FIELD``, ``gold.FIELD`` and ``flags.NAME`` where the file holds the cases too.
    ``output.FIELD:json`` reads the cells as JSON. A column whose name has a comma in it is written with its target
    in double quotes: ``case_id=id,"output.note=summary, final"``. Raises RecordedError.
    """
    mapping: dict[str, str] = {}
    try:
        parts = next(csv.reader([text], strict=True, skipinitialspace=True), [])
    except csv.Error:
        raise RecordedError("a double quote is not closed", where="--map", next_step=f"write {_FORMS}") from None
    for position, part in enumerate(parts, start=1):
        where = f"--map, part {position}"
        target, sign, column = (piece.strip() for piece in part.partition("="))
        if not (target and sign and column):
            raise RecordedError("a part is not TARGET=COLUMN", where=where, next_step=f"write {_FORMS}")
        _check_target(target, where)
        if target.removesuffix(":json") in {known.removesuffix(":json") for known in mapping}:
            raise RecordedError(f"{target} is given twice", where=where, next_step="keep one of the two")
        mapping[target] = column
    _check_mapping(mapping)
    return mapping


def import_runs(
    path: Path,
    *,
    columns: Mapping[str, str],
    known: Collection[str] | None = None,
    family: str | None = None,
    data_class: DataClass = "deidentified",
) -> ImportedRuns:
    """The runs of one system in a CSV or JSON-lines file.

    ``columns`` maps targets to columns, as `parse_mapping` gives it. ``known`` are the case ids of the gold set that
    the runs are for; others are refused. ``family`` and ``data_class`` go into the cases, where the file holds them.

    Every row is judged before anything is given back. Raises RecordedError for what `read_sheet` refuses, a column
    that is not there, a case id that is unusable or unknown, a status, confidence, trial or refusal code that is none,
    a (case, trial) that stands twice, and trials that do not run from 0 in every case. No cell is ever shown.
    """
    for target in columns:
        _check_target(target, "columns")
    _check_mapping(columns)
    with_cases = any(target.startswith(("input.", "gold.")) for target in columns)
    if with_cases and family is None:
        raise RecordedError("cases need a family", where="--family", next_step="name the family of the spec")
    sheet = read_sheet(Path(path), wanted=tuple(dict.fromkeys(columns.values())), error=RecordedError)
    records = _read_records(sheet, columns, known)
    _check_trials(records, sheet.name)
    by_case: dict[str, list[_Record]] = {}
    for record in records:
        by_case.setdefault(record.execution.case_id, []).append(record)
    ordered = (record for group in by_case.values() for record in sorted(group, key=lambda each: each.execution.trial))
    executions = tuple(record.execution for record in ordered)
    cases: tuple[Case, ...] = ()
    if with_cases and family is not None:
        cases = tuple(
            _make_case(group[0], family, data_class=data_class, source_sha=sheet.digest) for group in by_case.values()
        )
    return ImportedRuns(executions, cases, sheet.digest)


def read_aci_bench_runs(path: Path, gold: GoldSet) -> dict[str, tuple[Execution, ...]]:
    """The seven systems whose outputs on test1 ACI-Bench keeps, by name, each in the order of the gold set.

    ``path`` is the folder that holds ``predictions``. Raises RecordedError for a missing file or column, and where
    a system has not answered exactly the visits of the gold set.
    """
    folder = next((place for place in (Path(path) / "predictions", Path(path)) if place.is_dir()), Path(path))
    order = {case.case_id: position for position, case in enumerate(gold)}
    runs: dict[str, tuple[Execution, ...]] = {}
    for name, file_name in ACI_BENCH_SYSTEMS.items():
        sheet = read_sheet(folder / file_name, wanted=("encounter_id", "note"), error=RecordedError)
        answers = [(aci_bench_case_id(row.cells["encounter_id"]), row.cells["note"]) for row in sheet.rows]
        if sorted(case_id for case_id, _ in answers) != sorted(order):
            raise RecordedError(
                f"the {len(answers)} answers are not one for each of the {len(order)} visits",
                where=file_name,
                next_step="use the predictions and the visits of one and the same copy of ACI-Bench",
            )
        answers.sort(key=lambda answer: order[answer[0]])
        runs[name] = tuple(Execution(case_id, 0, Reply("ok", {"note": note})) for case_id, note in answers)
    return runs


@dataclass(frozen=True, slots=True, repr=False)
class _Record:
    """One row, read."""

    place: str
    execution: Execution
    fields: Mapping[str, Mapping[str, Any]]
    """``input``, ``gold`` and ``flags``, as far as they are mapped."""
    cluster: str


class _Unusable(Exception):
    """A row that cannot be read; its message is made of fixed words and names of targets."""


def _check_target(target: str, where: str) -> None:
    shape = _TARGET.fullmatch(target)
    kind, field, as_json = shape.groups() if shape else (None, None, None)
    if kind in NAMED_TARGETS and field and not (kind == "flags" and as_json):
        return
    if kind in SINGLE_TARGETS and not field and not as_json:
        return
    raise RecordedError(
        "a target that is none",
        where=where,
        next_step=f"use {', '.join(SINGLE_TARGETS)}, or {', '.join(f'{kind}.FIELD' for kind in NAMED_TARGETS)}",
    )


def _check_mapping(columns: Mapping[str, str]) -> None:
    for needed, there in (
        ("case_id", "case_id" in columns),
        ("output.FIELD", any(target.startswith("output.") for target in columns)),
    ):
        if not there:
            raise RecordedError(f"{needed} is not mapped", where="--map", next_step=f"write {_FORMS}")


def _read_records(sheet: Sheet, columns: Mapping[str, str], known: Collection[str] | None) -> list[_Record]:
    problems, records = Problems(), []
    first_places: dict[tuple[str, int], str] = {}
    first_records: dict[str, _Record] = {}
    for row in sheet.rows:
        try:
            record = _read_row(row, columns)
        except _Unusable as unusable:
            problems.add(row.place, str(unusable))
            continue
        run = record.execution
        earlier = first_records.setdefault(run.case_id, record)
        place = first_places.setdefault((run.case_id, run.trial), row.place)
        if known is not None and run.case_id not in known:
            problems.add(row.place, "the gold set has no such case")
        elif place != row.place:
            problems.add(row.place, f"the same case and trial as {place}")
        elif (earlier.fields, earlier.cluster) != (record.fields, record.cluster):
            problems.add(row.place, f"another input, gold answer, flag or cluster for the case of {earlier.place}")
        else:
            records.append(record)
    refuse(problems, sheet.name, RecordedError)
    return records


def _read_row(row: Row, columns: Mapping[str, str]) -> _Record:
    cells = {target: _cell(row, target, column) for target, column in columns.items()}
    case_id = str(cells["case_id"] if cells["case_id"] is not None else "")
    if not _CASE_ID.fullmatch(case_id):
        raise _Unusable("case_id is not 1 to 128 letters, digits, '.', '_', ':', '@' or '-'")
    fields: dict[str, dict[str, Any]] = {kind: {} for kind in NAMED_TARGETS}
    for target, value in cells.items():
        kind, _, name = target.removesuffix(":json").partition(".")
        if name:
            fields[kind][name] = value
    output = fields.pop("output")
    fields["flags"] = {name: _read_flag(value, name) for name, value in fields["flags"].items()}
    reply, failure = _read_reply(cells, output)
    trial = _read_trial(cells.get("trial", 0))
    return _Record(row.place, Execution(case_id, trial, reply, failure), fields, str(cells.get("cluster") or ""))


def _cell(row: Row, target: str, column: str) -> Any:
    """The value of one cell. A formula (``=1+1``) is text like any other."""
    if column not in row.cells:
        raise _Unusable(f"nothing for {target}")
    value = row.cells[column]
    if not target.endswith(":json") or not isinstance(value, str):
        return value
    try:
        parsed = json.loads(value)
        canonical_json(parsed)  # NaN and infinity are read without complaint
    except (ValueError, RecursionError):
        raise _Unusable(f"{target} is not JSON") from None
    return parsed


def _read_reply(cells: Mapping[str, Any], output: Mapping[str, Any]) -> tuple[Reply | None, Failure | None]:
    """The reply, or the failure, that a row tells of."""
    error = cells.get("error") or ""
    status = cells.get("status") or ("error" if error else "refused" if cells.get("refusal") else "ok")
    if status not in _STATUSES:
        raise _Unusable(f"status is none of {', '.join(_STATUSES)}")
    if status == "error":
        return None, Failure("Recorded", str(error))
    if error:
        raise _Unusable(f"an error, and the status {status}")
    confidence = _read_confidence(cells.get("confidence"))
    if status == "refused":
        code = str(cells.get("refusal") or "")
        if not _REFUSAL.fullmatch(code):
            raise _Unusable("a refusal without a code such as CONSENT_MISSING")
        return Reply("refused", refusal=Refusal(code), confidence=confidence), None
    if cells.get("refusal"):
        raise _Unusable(f"a refusal code, and the status {status}")
    return Reply("needs_review" if status == "needs_review" else "ok", dict(output), confidence=confidence), None


def _read_confidence(value: Any) -> float | None:
    if value is None or value == "":
        return None
    try:
        # float() reads the digits of every script
        number = float(value) if not isinstance(value, bool) and str(value).isascii() else -1.0
    except (TypeError, ValueError, OverflowError):
        number = -1.0
    if not 0.0 <= number <= 1.0:
        raise _Unusable("confidence is not a number from 0 to 1")
    return number


def _read_trial(value: Any) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,6}", str(value)):
        raise _Unusable("trial is not a whole number from 0")
    return int(value)


def _read_flag(value: Any, name: str) -> bool:
    word = str(value).strip().lower()
    if word not in {"true", "false", "1", "0"}:
        raise _Unusable(f"flags.{name} is neither true nor false")
    return word in {"true", "1"}


def _check_trials(records: Iterable[_Record], where: str) -> None:
    """Every case has trials 0 to k - 1, with one k for all: pass^k over holes would be a wrong number."""
    trials: dict[str, set[int]] = {}
    for record in records:
        trials.setdefault(record.execution.case_id, set()).add(record.execution.trial)
    most = max(len(found) for found in trials.values())
    short = sum(found != set(range(most)) for found in trials.values())
    if short:
        raise RecordedError(
            f"{short} of {len(trials)} cases do not have the trials 0 to {most - 1}",
            where=where,
            next_step="give a failed trial its row, with an error in it",
        )


def _make_case(record: _Record, family: str, *, data_class: DataClass, source_sha: str) -> Case:
    return Case(
        case_id=record.execution.case_id,
        family=family,
        input=dict(record.fields["input"]),
        flags=dict(record.fields["flags"]),
        gold=dict(record.fields["gold"]),
        cluster=record.cluster,
        data_class=data_class,
        provenance={"source": "imported runs", "file_sha256": source_sha},
    )
