"""Ratings kept in the workspace: whole or not at all, under a name, and read again to the byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.errors import JournalError, MetricError
from evalkit.evaluation.ratings import load_ratings, save_ratings
from evalkit.metrics.ratings import Rating, Ratings, collect_ratings

ROWS = [
    Rating("b", 0, "acceptable", 1.0, "r1"),
    Rating("a", 1, "acceptable", 0.25, "r2"),
    Rating("a", 0, "omission_rate", 0.0, "r1"),
]


def ratings(*rows: Rating) -> Ratings:
    return collect_ratings(rows or ROWS)


@pytest.mark.usefixtures("workspace")
def test_ratings_come_back_whatever_order_they_came_in() -> None:
    first, again = save_ratings("one", ratings()), save_ratings("two", ratings(*ROWS[::-1]))
    assert first.read_bytes() == again.read_bytes()
    assert set(load_ratings("one").rows) == set(ROWS)
    assert load_ratings("one").digest == ratings().digest


def test_a_second_set_of_a_name_replaces_the_first_and_leaves_no_file_beside_it(workspace: Path) -> None:
    save_ratings("people", ratings())
    save_ratings("people", ratings(ROWS[0]))
    assert load_ratings("people").rows == (ROWS[0],)
    assert [path.name for path in (workspace / "ratings").iterdir()] == ["people.jsonl"]


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "..", "x" * 122, "a\n"])
def test_a_name_that_is_no_file_name_is_refused_before_anything_is_written(workspace: Path, name: str) -> None:
    with pytest.raises(JournalError, match="the name of a set of ratings is 1 to 121"):
        save_ratings(name, ratings())
    assert list((workspace / "ratings").iterdir()) == []
    with pytest.raises(JournalError, match="set of ratings"):
        load_ratings(name)


def test_a_name_that_is_not_there_lists_those_that_are_in_order(workspace: Path) -> None:
    with pytest.raises(MetricError, match="there are: none yet"):
        load_ratings("nobody")
    for name in ("second", "first"):
        save_ratings(name, ratings())
    with pytest.raises(MetricError, match="there are: first, second; `evalkit import ratings`"):
        load_ratings("nobody")
    assert not (workspace / "ratings" / "nobody.jsonl").exists()


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_file_is_read_where_it_lies_and_not_by_its_name(tmp_path: Path, suffix: str) -> None:
    save_ratings("mine", ratings(ROWS[0]))
    path = tmp_path / f"mine{suffix}"
    path.write_text(
        "case_id,value\na,yes\n" if suffix == ".csv" else '{"case_id": "a", "value": 1}\n', encoding="utf-8"
    )
    for ref in (path, str(path)):
        assert [(row.case_id, row.value) for row in load_ratings(ref).rows] == [("a", 1.0)]
