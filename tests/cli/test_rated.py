"""Ratings by people on the command line: `gate` and `report` of a run with a judge."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit.cases.case import Case
from evalkit.evaluation.pipeline import evaluate
from evalkit.executions.execution import Execution
from evalkit.metrics.ratings import as_judge
from evalkit.tasks import load_spec, offline_agent, synthesize

Say = Callable[..., tuple[int, str, str]]


@as_judge
def complete(case: Case, execution: Execution) -> bool | None:
    """A proxy of what people would say, that is wrong for some cases."""
    return None if execution.output is None else int(case.case_id[-1]) != 3


@pytest.fixture
def made(say: Say, workspace: Path) -> Say:
    """A run with a judge, and ratings of sixty of its cases under a name and in a file."""
    spec = load_spec("billing_codes@1.0.0")
    cases = synthesize(spec, n=100, seed=7)
    evaluate(spec, cases, offline_agent(spec), metrics=[complete])
    lines = ["case_id,value,criterion"]
    lines += [f"{case.case_id},{'yes' if place % 7 else 'no'},complete" for place, case in enumerate(cases.cases[:60])]
    Path("ratings.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert say("import", "ratings", "ratings.csv", "--name", "nurses")[0] == 0
    assert workspace.is_dir()
    return say


def test_a_report_shows_a_judge_without_an_interval_until_people_have_rated(made: Say) -> None:
    assert made("report", "billing_codes@1.0.0", "-o", "alone.html")[0] == 0
    assert "judge alone: no interval" in Path("alone.html").read_text(encoding="utf-8")
    words = ("report", "billing_codes@1.0.0", "--rated", "complete=nurses:complete", "-o", "rated.html")
    assert made(*words)[0] == 0
    page = Path("rated.html").read_text(encoding="utf-8")
    assert "prediction-powered" in page
    assert "judge alone: no interval" not in page.split("Words</h2>")[0].split("By tag")[0]


def test_a_gate_takes_ratings_by_name_and_by_file(made: Say) -> None:
    for ratings in ("nurses", "ratings.csv"):
        code, out, _ = made("gate", "billing_codes@1.0.0", "--rated", f"complete={ratings}", "--json")
        assert code in {0, 1, 3}
        assert json.loads(out)["results"]


@pytest.mark.parametrize(
    ("text", "what"),
    [("complete", "METRIC=RATINGS"), ("=nurses", "METRIC=RATINGS"), ("case_exact=nurses", "the metric is no judge"),
     ("complete=nobody", "no ratings 'nobody'"), ("complete=nurses:tone", "no such criterion")],
)  # fmt: skip
def test_ratings_that_say_nothing_are_refused_in_one_line(made: Say, text: str, what: str) -> None:
    code, _, err = made("gate", "billing_codes@1.0.0", "--rated", text)
    assert code == 2
    assert what in err
    assert "Traceback" not in err
