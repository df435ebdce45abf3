"""MTS-Dialog: 400 short visits, a system's summaries of them, and what people found in each.

The data do not come with evalkit (Ben Abacha et al. 2023, CC BY 4.0): name the folder of your own copy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from evalkit.agents.agent import Reply
from evalkit.cases.case import Case, GoldSet
from evalkit.cases.corpora import ACI_BENCH_FLAGS
from evalkit.cases.tabular import Problems, read_sheet, refuse
from evalkit.errors import CaseError
from evalkit.executions.execution import Execution
from evalkit.metrics.ratings import Rating, Ratings, collect_ratings

SUMMARIES = "MTS-Dialog-Automatic-Summaries-ValidationSet.csv"
SCORES = "MTS-Dialog-Manual-Scores4CorrelationStudy.csv"
CRITERIA = {
    "FactualPrecision": "factual_precision",
    "FactualRecall": "factual_recall",
    "FactualF1": "factual_f1",
    "HallucinationRate": "hallucination_rate",
    "OmissionRate": "omission_rate",
}
NOT_GIVEN = -1.0


@dataclass(frozen=True, repr=False)
class Rated:
    """A gold set, one system's answers to it, and what people said of them."""

    gold: GoldSet
    executions: tuple[Execution, ...]
    ratings: Ratings

    def __repr__(self) -> str:
        return f"Rated({len(self.gold)} cases, {len(self.executions)} executions, {len(self.ratings)} ratings)"


def read_mts_dialog(path: Path) -> Rated:
    """The 400 dialogues with reference summaries, the automatic summaries, and the human scores, joined by row.

    A score of -1 was not given and is left out. Raises CaseError for a missing file or column, for files of two
    lengths, and for a row that cannot be used.
    """
    sheet = read_sheet(Path(path) / SUMMARIES, wanted=("Dialogue", "Reference Summary", "Automatic Summary"),
                       error=CaseError)  # fmt: skip
    scores = read_sheet(Path(path) / SCORES, wanted=tuple(CRITERIA), error=CaseError)
    if len(sheet.rows) != len(scores.rows):
        raise CaseError(
            f"{len(sheet.rows)} summaries stand beside {len(scores.rows)} rows of scores",
            where=SCORES,
            next_step="use both files of one copy of MTS-Dialog",
        )
    problems, cases, executions, ratings = Problems(), [], [], []
    for index, (row, said) in enumerate(zip(sheet.rows, scores.rows, strict=True)):
        case_id = f"mts-dialog-{index:03d}"
        if not row.cells["Dialogue"].strip() or not row.cells["Reference Summary"].strip():
            problems.add(row.place, "the dialogue or the reference summary is empty")
            continue
        cases.append(
            Case(
                case_id=case_id,
                family="note_summary",
                input={"dialogue": row.cells["Dialogue"]},
                flags=ACI_BENCH_FLAGS,
                gold={"note": row.cells["Reference Summary"]},
                data_class="deidentified",
                provenance={"source": "MTS-Dialog validation set", "file_sha256": sheet.digest},
            )
        )
        executions.append(Execution(case_id, 0, Reply("ok", {"note": row.cells["Automatic Summary"]})))
        for column, criterion in CRITERIA.items():
            try:
                value = float(said.cells[column])
            except ValueError:
                value = math.nan
            if value == NOT_GIVEN:
                continue
            if not 0 <= value <= 1:
                problems.add(said.place, f"{column} is not a number from 0 to 1")
                continue
            ratings.append(Rating(case_id, 0, criterion, value, "annotators"))
    refuse(problems, sheet.name, CaseError)
    return Rated(GoldSet("mts-dialog-validation", tuple(cases)), tuple(executions), collect_ratings(ratings))
