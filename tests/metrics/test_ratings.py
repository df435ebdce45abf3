"""Ratings: all rows of a file or none, never a cell in an error, and metrics that are judges by their name."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.errors import CaseError, MetricError
from evalkit.metrics.mtsdialog import SCORES, SUMMARIES, read_mts_dialog
from evalkit.metrics.ratings import Rating, collect_ratings, is_judge, read_ratings

SECRET = "123-45-6789"


def write(folder: Path, text: str, name: str = "ratings.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_of_ratings_is_read_whole(tmp_path: Path) -> None:
    text = "case_id,trial,criterion,value,rater\nv-1,0,ok,yes,r1\nv-1,0,ok,0.5,r2\nv-1,1,ok,no,r1\nv-2,,kind,1,\n"
    found = read_ratings(write(tmp_path, text))
    assert len(found) == 4
    assert found.criteria == ("kind", "ok")
    assert found.raters == ("r1", "r2", "rater")
    assert found.by_execution("ok") == {("v-1", 0): {"r1": 1.0, "r2": 0.5}, ("v-1", 1): {"r1": 0.0}}
    assert repr(found) == "Ratings(4 ratings of 2 criteria by 3 raters)"
    assert "0.500" in found._repr_html_()


def test_json_lines_are_read_and_written_with_the_same_bytes(tmp_path: Path) -> None:
    found = read_ratings(write(tmp_path, "case_id,value\nv-2,0.25\nv-1,true\n"))
    again = read_ratings(write(tmp_path, found.to_lines(), "kept.jsonl"))
    assert again.to_lines() == found.to_lines()
    assert again.digest == found.digest
    other = read_ratings(write(tmp_path, "case_id,value\nv-2,0.26\nv-1,true\n"))
    assert other.digest != found.digest


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (f"v-1,0,ok,{SECRET},r1", "value is neither a number"),
        ("v-1,0,ok,1.5,r1", "value is neither a number"),
        ("v-1,0,ok,nan,r1", "value is neither a number"),
        ("a name,0,ok,1,r1", "case_id is not"),
        ("v-1,first,ok,1,r1", "trial is not a whole number"),
        ("v-1,0,was it well said?,1,r1", "criterion or rater is not"),
        ("v-0,0,ok,1,r1", "same execution, criterion and rater as row 2"),
    ],
)
def test_a_bad_row_is_named_by_place_and_never_shown(tmp_path: Path, row: str, why: str) -> None:
    path = write(tmp_path, f"case_id,trial,criterion,value,rater\nv-0,0,ok,1,r1\n{row}\n")
    with pytest.raises(MetricError, match=why) as refused:
        read_ratings(path)
    assert "row 3" in str(refused.value)
    assert SECRET not in str(refused.value)


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MetricError, match="value"):
        read_ratings(write(tmp_path, "case_id,score\nv-1,1\n"))


def test_ratings_from_records_are_checked_too() -> None:
    good = Rating("v-1", 0, "ok", 1.0, "r1")
    assert len(collect_ratings([good])) == 1
    for rows, what in (
        ([good, good], "rated one execution twice"),
        ([Rating("v-1", 0, "ok", 2.0, "r1")], "value is neither"),
        ([], "there are no ratings"),
    ):
        with pytest.raises(MetricError, match=what):
            collect_ratings(rows)


def test_a_criterion_is_named_or_the_only_one() -> None:
    one = collect_ratings([Rating("v-1", 0, "ok", 1.0, "r1")])
    both = collect_ratings([Rating("v-1", 0, "ok", 1.0, "r1"), Rating("v-1", 0, "kind", 1.0, "r1")])
    assert one.choose(None) == "ok"
    assert both.choose("kind") == "kind"
    with pytest.raises(MetricError, match="several criteria"):
        both.choose(None)
    with pytest.raises(MetricError, match="no such criterion"):
        both.choose("fast")


def test_a_judge_is_one_by_its_name() -> None:
    assert is_judge("judge_faithful")
    assert not is_judge("fact_f1")
    assert not is_judge("judged")


def test_mts_dialog_is_read_with_its_ratings(shared_data: Path) -> None:
    found = read_mts_dialog(shared_data / "mts_dialog")
    assert len(found.gold) == len(found.executions) == 400
    assert repr(found) == "Rated(400 cases, 400 executions, 1998 ratings)"
    assert len(found.ratings.by_execution("omission_rate")) == 398  # two were not given
    assert {case.case_id for case in found.gold} == {done.case_id for done in found.executions}


def test_files_of_two_lengths_or_without_a_dialogue_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "ID,Dialogue,Reference Summary,Automatic Summary\n0,a,b,c\n1,,b,c\n", SUMMARIES)
    head = "FactualPrecision,FactualRecall,FactualF1,HallucinationRate,OmissionRate\n"
    write(tmp_path, head + "1,1,1,0,0\n", SCORES)
    with pytest.raises(CaseError, match="2 summaries stand beside 1 rows"):
        read_mts_dialog(tmp_path)
    write(tmp_path, head + "1,1,1,0,0\n1,1,1,0,much\n", SCORES)
    with pytest.raises(CaseError, match="dialogue or the reference summary is empty"):
        read_mts_dialog(tmp_path)
