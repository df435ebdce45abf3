"""Importer of PriMock57: mock consultations in UK primary care, transcribed by people, with the clinician's own note.

Papadopoulos Korfiatis et al. 2022, CC BY 4.0; role-play. Read is one JSON line a consultation: ``id``, ``note`` (with
the clinician's ``note``) and ``turns`` (``speaker``, ``start`` in seconds, ``text``), as its files hold it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evalkit.cases.case import Case, GoldSet
from evalkit.cases.corpora import ACI_BENCH_FLAGS
from evalkit.cases.tabular import Problems, refuse
from evalkit.digests import digest_bytes
from evalkit.errors import CaseError

NAME = "primock57"
MOST_BYTES = 64 * 1024 * 1024
"""A file beyond this is refused unread."""
_ID = re.compile(r"day\d{1,2}_consultation\d{2}")
_MARKS = re.compile(r"<[/A-Z_]{1,24}>")
"""What the transcribers put where they were unsure or heard nothing."""
_SPEAKERS = frozenset({"doctor", "patient"})


def read_primock57(path: Path) -> GoldSet:
    """The consultations of a file as note_summary cases, in its order.

    The input is the dialogue, turns in the order in which they begin (people talk over one another), marks of the
    transcribers taken out; the gold answer is the clinician's note. Raises CaseError with line and reason for anything
    else, and never with a word of a consultation.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise CaseError("the file is larger than any PriMock57", where=path.name, next_step="name the .jsonl file")
        data = path.read_bytes()
    except OSError as error:
        raise CaseError(
            f"the file cannot be read ({type(error).__name__})", where=path.name, next_step="name the .jsonl file"
        ) from None
    problems, cases = Problems(), []
    seen: set[str] = set()
    for number, line in enumerate(data.splitlines(), start=1):
        found = _consultation(line)
        if isinstance(found, str):
            problems.add(f"line {number}", found)
        elif found["id"] in seen:
            problems.add(f"line {number}", "this id stands twice")
        else:
            seen.add(found["id"])
            cases.append(_case(found, digest_bytes(data)))
    if not cases and not problems:
        problems.add("line 1", "the file is empty")
    refuse(problems, path.name, CaseError)
    return GoldSet(NAME, tuple(cases))


def _consultation(line: bytes) -> Mapping[str, Any] | str:
    """One line as a consultation, or what is wrong with it."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return "not JSON"
    if not isinstance(found, dict) or not _ID.fullmatch(str(found.get("id"))):
        return "id is not of the form day1_consultation01"
    note, turns = found.get("note"), found.get("turns")
    if not isinstance(note, dict) or not isinstance(note.get("note"), str) or not note["note"].strip():
        return "the clinician's note is missing"
    if not isinstance(turns, list) or not turns or not all(map(_is_turn, turns)):
        return "turns are not a list of speaker (doctor, patient), start and text"
    return found


def _is_turn(turn: object) -> bool:
    if not isinstance(turn, dict):
        return False
    start = turn.get("start")
    timed = isinstance(start, int | float) and not isinstance(start, bool)
    return timed and turn.get("speaker") in _SPEAKERS and isinstance(turn.get("text"), str)


def _case(found: Mapping[str, Any], source: str) -> Case:
    turns = [
        (turn["speaker"], " ".join(_MARKS.sub(" ", turn["text"]).split()))
        for turn in sorted(found["turns"], key=lambda turn: turn["start"])
    ]
    return Case(
        case_id=f"primock57-{found['id'].replace('_', '-')}",
        family="note_summary",
        input={"dialogue": "\n".join(f"[{speaker}] {said}" for speaker, said in turns if said)},
        flags=dict(ACI_BENCH_FLAGS),
        gold={"note": found["note"]["note"].strip()},
        tags=(f"source-{found['id'].partition('_')[0]}",),
        cluster=found["id"],
        data_class="deidentified",
        purpose_of_use="TREAT",
        provenance={"source": NAME, "licence": "CC BY 4.0", "file_sha256": source},
    )
