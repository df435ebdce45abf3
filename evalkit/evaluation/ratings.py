"""Ratings by people, kept in the workspace under a name: ids, numbers and pseudonyms, in clear."""

from __future__ import annotations

import os
from pathlib import Path

from evalkit.errors import MetricError
from evalkit.evaluation.workspace import check_name, open_workspace
from evalkit.metrics.ratings import Ratings, read_ratings


def save_ratings(name: str, ratings: Ratings) -> Path:
    """Keep ratings under a name: all of them or nothing. Earlier ones of that name are replaced."""
    folder = open_workspace().root / "ratings"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{check_name(name, what='set of ratings')}.jsonl"
    fresh = folder / f".{path.name}.{os.getpid()}"
    fresh.write_text(ratings.to_lines(), encoding="utf-8")
    fresh.replace(path)
    return path


def load_ratings(ref: str | Path) -> Ratings:
    """Ratings by the name they are kept under, or from a CSV or JSON-lines file. Raises MetricError where none are."""
    if isinstance(ref, Path) or Path(ref).suffix in {".csv", ".tsv", ".jsonl", ".ndjson"}:
        return read_ratings(Path(ref))
    folder = open_workspace().root / "ratings"
    path = folder / f"{check_name(ref, what='set of ratings')}.jsonl"
    if not path.is_file():
        known = ", ".join(sorted(other.stem for other in folder.glob("*.jsonl"))) or "none yet"
        raise MetricError(
            f"no ratings {ref!r}", next_step=f"there are: {known}; `evalkit import ratings` brings in more"
        )
    return read_ratings(path)
