"""`evalkit review` and `evalkit promote`, as their user sees them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evalkit.cases.goldset import load_gold
from evalkit.evaluation.pipeline import evaluate
from evalkit.evaluation.safekeeping import open_ledger
from evalkit.tasks import load_spec, offline_agent, synthesize

SPEC = "billing_codes@1.0.0"


@pytest.fixture
def ran(workspace: Path) -> tuple[str, list[int]]:
    """A run of twelve cases on record: its id, and the records of its answered cases."""
    spec = load_spec(SPEC)
    run = evaluate(spec, synthesize(spec, n=12, seed=31), offline_agent(spec))
    with open_ledger() as ledger:
        found = [one.seq for one in ledger.records("action = 'execute' AND outcome = 'ok' AND instr(target, '~') = 0")]
    return run.header.run_id, found


def laid_ids(say) -> list[str]:
    return [line.split()[0] for line in say("review", "list", SPEC)[1].splitlines()[:-1]]


def test_from_the_record_to_a_signed_version(ran, say, workspace, monkeypatch):
    _, numbers = ran
    code, out, _ = say("review", "lay", SPEC, *(word for number in numbers[:4] for word in ("--record", str(number))))
    assert (code, out.splitlines()[-1]) == (0, "laid 4 on the desk; 0 lay there already, 0 could not be de-identified")
    ids = laid_ids(say)
    shown = say("review", "show", SPEC, ids[0])[1]
    assert "[[" in shown
    assert "answer: " in shown
    answer = json.dumps({"lines": [], "diagnoses": []})
    assert say("review", "decide", SPEC, ids[0], "accept")[1] == f"{ids[0]}: accepted\n"
    assert say("review", "decide", SPEC, ids[1], "correct", "--reason", "nothing done", "--answer", answer)[0] == 0
    assert say("review", "decide", SPEC, ids[2], "reject", "--reason", "cut short")[1].endswith(": rejected\n")
    code, out, _ = say("promote", SPEC, "--into", "billing", "--note", "first")
    assert (code, out.split(";")[0]) == (0, "billing@1: 2 added, 0 as before")
    assert [case.case_id for case in load_gold(workspace.parent / "datasets", "billing")] == ids[:2]
    assert say("promote", SPEC, "--into", "billing")[0] == 2
    assert say("evaluate", SPEC, "--gold", "billing")[0] == 0
    assert (
        say("promote", SPEC, "--into", "billing", "--reopen", ids[0], "--note", "doubt")[1]
        == "laid 1 stored cases on the desk\n"
    )


def test_the_flagged_of_a_run_are_laid_with_their_reasons(ran, say):
    run, _ = ran
    code, out, _ = say("review", "lay", SPEC, "--run", run, "--most", "3")
    assert (code, out.splitlines()[-1].split(";")[0]) == (0, "laid 3 on the desk")
    assert "  why: " in say("review", "show", SPEC, laid_ids(say)[0])[1]


def test_going_through_the_desk_asks_and_records(ran, say, monkeypatch):
    import click

    _, numbers = ran
    say("review", "lay", SPEC, *(word for number in numbers[:2] for word in ("--record", str(number))))
    answers = iter(["a", "q"])
    monkeypatch.setattr(click, "prompt", lambda _: next(answers))
    code, out, _ = say("review", "start", SPEC)
    assert (code, out.splitlines()[-1]) == (0, "1 decided")
    assert "recorded: accepted" in out


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["review", "lay", SPEC], "neither, or both"),
        (["review", "lay", SPEC, "--record", "1"], "no execution"),
        (["review", "lay", "billing_codes@2.0.0", "--record", "{}"], "another version"),
        (["review", "show", SPEC, "billing_codes-p-0"], "no such candidate"),
        (["review", "decide", SPEC, "x", "accept", "--answer", "{"], "neither a JSON object"),
        (["promote", SPEC, "--into", "billing"], "no reviewed candidate"),
        (["promote", SPEC, "--into", "../out"], "id is made of"),
        (["promote", SPEC, "--into", "billing", "--reopen", "x"], "no such case"),
    ],
)
def test_a_wrong_word_is_one_line_and_code_2(words, what, ran, say):
    code, _, err = say(*(str(ran[1][0]) if word == "{}" else word for word in words))
    assert code == 2
    assert what in err
    assert err.count("\n") == 1


def test_nothing_is_reviewed_where_nothing_is_on_record(workspace, say):
    assert say("review", "list", SPEC)[0] == 2
