"""`evalkit compare` and `gate` with other units, levels and tests: what they answer, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Say = Callable[..., tuple[int, str, str]]
pytestmark = pytest.mark.usefixtures("workspace")
BOTH = ("billing_codes@1.0.0", "billing_codes@2.0.0")
AGENT = """
import evalkit as ek

inner, asked = ek.offline_agent(ek.load_spec("billing_codes@2.0.0")), []


def answer(request):
    asked.append(1)
    if len(asked) % 10 == 0:
        raise RuntimeError
    return inner(request)
"""


@pytest.fixture
def judged(say: Say) -> Say:
    for version in BOTH:
        assert say("evaluate", version, "--synthesize", "60", "--trials", "2")[0] == 0
    return say


def test_clusters_and_trials_are_options_and_are_named_in_the_answer(judged: Say) -> None:
    code, out, _ = judged("compare", *BOTH, "--cluster", "template", "--trials", "pass^2")
    assert code in {0, 1, 3}
    assert "judged with clusters by template, right or wrong as pass^2" in out
    assert "clusters: p-value and intervals rest on few independent units" in out
    head = json.loads(judged("compare", *BOTH, "--cluster", "template", "--json")[1])["differences"][0]
    alone = json.loads(judged("compare", *BOTH, "--cluster", "case", "--json")[1])["differences"][0]
    assert head["n_clusters"] < 20 < alone["n_clusters"] == alone["n"]
    assert head["effect"] == alone["effect"]
    assert judged("compare", *BOTH, "--cluster", "tag:lines")[1].count("clusters by tag:lines") == 1


def test_level_test_interval_and_adjustment_are_those_of_the_plan(judged: Say) -> None:
    assert judged("compare", *BOTH)[0] == 1
    assert judged("compare", *BOTH, "--alpha", "1e-12")[0] == 3

    def accuracy(*words: str) -> dict[str, float]:
        told = json.loads(judged("compare", *BOTH, "--cluster", "case", "--trials", "pass^2", *words, "--json")[1])
        return next(one for one in told["differences"] if one["metric"] == "case_exact" and one["scope"] == "all")

    plain, exact = accuracy(), accuracy("--test", "exact", "--interval", "bonett-price", "--adjust", "bh")
    assert (plain["test"], exact["test"]) == ("McNemar mid-p", "McNemar exact")
    assert exact["p_value"] > plain["p_value"]
    assert exact["lo"] != plain["lo"]
    drawn = json.loads(judged("compare", *BOTH, "--resamples", "2000", "--json")[1])["differences"][0]
    assert drawn["lo"] != json.loads(judged("compare", *BOTH, "--json")[1])["differences"][0]["lo"]


def test_a_gate_is_judged_with_the_clusters_that_are_asked_for(judged: Say) -> None:
    code, out, _ = judged("gate", BOTH[1], "--baseline", BOTH[0], "--cluster", "template")
    assert code == 1
    assert "clusters: few independent units" in out
    assert "cluster" not in judged("gate", BOTH[1], "--baseline", BOTH[0])[1]


def test_units_that_are_not_there_are_usage(judged: Say) -> None:
    for words, said in (
        (("--cluster", "ward"), "no case has the field"),
        (("--cluster", "tag:ward"), "no case carries a tag"),
        (("--trials", "pass^3"), "no case has 3 trials"),
        (("--trials", "best"), "mean, pass@K or pass^K"),
        (("--cluster", "template", "--gold", "billing-codes-synthetic"), "not to be found"),
        (("--alpha", "0"), "alpha"),
        (("--test", "t"), "test"),
    ):
        code, _, err = judged("compare", *BOTH, *words)
        assert code == 2, words
        assert said in err


def test_a_verdict_in_other_units_is_not_put_on_record(judged: Say, tmp_path: Path) -> None:
    code, _, err = judged("gate", BOTH[0], "--record", str(tmp_path / "specs"), "--cluster", "case")
    assert code == 2
    assert "not put on record" in err


def test_a_baseline_on_other_data_is_refused_by_both(judged: Say) -> None:
    assert judged("evaluate", BOTH[1], "--synthesize", "60", "--seed", "8")[0] == 0
    for words in (("compare", *BOTH), ("gate", BOTH[1], "--baseline", BOTH[0])):
        code, _, err = judged(*words)
        assert code == 2
        assert "made on different cases" in err


def test_missing_pairs_are_said_and_leave_no_verdict(say: Say) -> None:
    Path("half.py").write_text(AGENT, encoding="utf-8")
    assert say("evaluate", BOTH[0], "--synthesize", "60")[0] == 0
    say("evaluate", BOTH[1], "--synthesize", "60", "--agent", "python:half:answer")
    code, out, _ = say("compare", *BOTH)
    assert code == 3
    assert "more than 2%: no verdict" in out
    code, out, _ = say("gate", BOTH[1], "--baseline", BOTH[0])
    assert code == 1
    assert "executions could not be scored" in out
