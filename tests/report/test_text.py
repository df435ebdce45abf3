from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from evalkit.evaluation.comparison import Comparison, RowEffect
from evalkit.evaluation.gates import GateReport, GateResult
from evalkit.evaluation.run import Run
from evalkit.report.text import grid, plain_checks, plain_comparison, plain_gate, plain_run


def test_a_run_reads_as_header_verdict_scores_and_checks(records: SimpleNamespace) -> None:
    assert (
        plain_run(records.run)
        == """\
billing_codes@2.0.0 by offline:billing_codes@2.0.0 on billing_codes synthetic seed 7, 300 cases x 1 trial
line_exact 89.0 % (95 % interval 85.0 to 92.1 %), 300 cases.
2 of 3 boundary checks passed; 1 check could not observe anything.

metric         score   95 % interval  cases  errors  majority  refuse-all
line_exact    89.0 %  85.0 to 92.1 %    300       0    21.0 %       8.0 %
code_f1       94.3 %  92.0 to 96.7 %    299       1    30.0 %       0.0 %
needs_review     n/a             n/a      0       0       n/a         n/a

boundary check     verdict       passed  failed  not observed  possible  citation
consent            passed           300       0             0     1.0 %  45 CFR 164.508
minimum_necessary  passed           300       0             0     1.0 %  45 CFR 164.502(b)
provider_baa       not observed       0       0           312            45 CFR 164.504(e)
possible: the share of breaches that nothing found leaves possible at 95 % (rule of three, 3 / passed)
not looked for: paraphrase, translation, encryption under a key, salted hashes, images and sound"""
    )


def test_text_holds_no_run_id_and_no_clock(records: SimpleNamespace) -> None:
    told = plain_run(records.run) + plain_comparison(records.comparison) + plain_gate(records.gate)
    assert records.run.header.run_id not in told
    assert "2026" not in told


def test_a_finding_is_told_by_place_and_name(records: SimpleNamespace) -> None:
    last = plain_checks(records.leaky.checks).splitlines()[-1]
    assert last == (
        "  billing-7-000000000004 trial 0: an identifier of the case stands in the output "
        "(output.lines[0].evidence patient.mrn digits)"
    )


def test_many_findings_are_counted_and_not_all_told(records: SimpleNamespace) -> None:
    flood = records.check_result(findings=(records.finding,) * 25)
    assert plain_checks([flood]).splitlines()[-1] == "  and 5 findings more"


def test_a_comparison_begins_with_its_sentence_and_the_edited_rows(records: SimpleNamespace) -> None:
    lines = plain_comparison(records.comparison).splitlines()
    assert lines[1] == records.comparison.sentence()
    assert lines[2] == "Edited row Modifiers/25 broke 14 cases and fixed 0: applies to: 00031, 00032 -> 00031"
    assert lines[4] == "Read with care: 1 case stands in the baseline only."


def test_every_difference_has_a_line(records: SimpleNamespace) -> None:
    lines = plain_comparison(records.comparison).splitlines()[6:]
    assert lines[:2] == [
        "metric      slice        verdict     points  95 % interval  p (Holm)  cases  visible drop",
        "line_exact  all          regressed     -5.0   -8.1 to -1.7     0.013    300           4.1",
    ]
    assert len(lines) == 1 + len(records.comparison.differences)


def test_gates_read_as_verdict_and_a_line_each(records: SimpleNamespace) -> None:
    lines = plain_gate(records.gate).splitlines()
    assert lines[0] == (
        "billing_codes@2.0.0 against billing_codes@1.0.0: failed. 2 of 4 gates passed (1 failed, 1 undecided)."
    )
    assert lines[3].startswith("failed     line_exact drop <= 2 points versus production  -5.0 points")


def test_gates_without_a_baseline_name_none(records: SimpleNamespace) -> None:
    assert " against " not in plain_gate(replace(records.gate, baseline=None)).splitlines()[0]


def test_a_line_break_in_a_name_does_not_break_the_table() -> None:
    assert grid(["a", "b"], [["one\ntwo", "3"]]) == ["a        b", "one two  3"]


ACTING = "name\x1b[2J\u202e"
SHOWN = "name\\x1b[2J\\u202e"


def hostile(records: SimpleNamespace) -> tuple[Run, Comparison, GateReport]:
    """A run, a comparison and gates in which every name and sentence from elsewhere carries commands."""
    header = replace(records.run.header, agent_id=ACTING, dataset_name=ACTING, spec_id=ACTING)
    found = replace(records.finding, what=ACTING, place=ACTING, case_id=ACTING)
    check = records.check_result(ACTING, citation=ACTING, findings=(found,))
    run = replace(records.run, header=header, head_metric=ACTING, baselines={ACTING: {}}, checks=(check,))
    run.__dict__["estimates"] = (replace(records.run.estimates[0], metric=ACTING),)
    comparison = replace(
        records.comparison, baseline=header, candidate=header, differences=(records.difference(ACTING, ACTING),),
        rows=(RowEffect(ACTING, ACTING, 1, 0),), warnings=(ACTING,),
    )  # fmt: skip
    return run, comparison, GateReport(header, header, (GateResult(ACTING, "fail", ACTING),))


def test_no_name_acts_on_a_terminal_wherever_it_stands(records: SimpleNamespace) -> None:
    run, comparison, gate = hostile(records)
    for told, names in ((plain_run(run), 12), (plain_comparison(comparison), 9), (plain_gate(gate), 4)):
        assert "\x1b" not in told
        assert "\u202e" not in told
        assert told.count(SHOWN) >= names


def test_a_line_break_in_a_name_makes_no_line_of_ours(records: SimpleNamespace) -> None:
    faked = replace(records.comparison, warnings=("first\nline_exact  all  improved",))
    lines, plain = plain_comparison(faked).splitlines(), plain_comparison(records.comparison).splitlines()
    assert len(lines) == len(plain)
    assert "Read with care: first line_exact  all  improved." in lines


def test_a_megabyte_in_a_name_stays_a_line_one_can_read(records: SimpleNamespace) -> None:
    run = replace(records.run, header=replace(records.run.header, agent_id="x" * 1_000_000))
    assert max(map(len, plain_run(run).splitlines())) < 2_100


def test_a_run_of_trials_says_how_it_answered_again(records: SimpleNamespace) -> None:
    again = replace(records.run, header=replace(records.run.header, trials=3))
    again.__dict__["estimates"] = records.run.estimates
    assert plain_run(again).splitlines()[2].startswith("Asked again: line_exact: ")
    assert "x 3 trials" in plain_run(again).splitlines()[0]
    assert "Asked again" not in plain_run(replace(again, head_metric="reason"))
    assert "Asked again" not in plain_run(records.run)


def test_a_run_without_checks_and_without_figures_ends_in_one_sentence(records: SimpleNamespace) -> None:
    empty = replace(records.run, checks=(), baselines={})
    empty.__dict__["estimates"] = ()
    lines = plain_run(empty).splitlines()
    assert lines[1:3] == ["line_exact: nothing could be judged in 300 cases.", "No boundary check was made."]
    assert not any("possible:" in line or "not looked for" in line for line in lines)
    assert plain_run(empty) == plain_run(empty).rstrip()


@pytest.mark.parametrize(("findings", "last"), [(20, "digits)"), (21, "  and 1 finding more"), (0, "images and sound")])
def test_the_twentieth_finding_is_told_and_the_twenty_first_counted(
    records: SimpleNamespace, findings: int, last: str
) -> None:
    found = tuple(replace(records.finding, case_id=f"case-{place}") for place in range(findings))
    lines = plain_checks([records.check_result(findings=found)]).splitlines()
    assert lines[-1].endswith(last)
    assert sum(line.startswith("  case-") for line in lines) == min(findings, 20)


def test_a_column_flush_right_keeps_its_end_and_a_line_has_no_trailing_blank() -> None:
    assert grid(["a", "long title", "c"], [["longer", "1", ""], ["b", "22", "z"]]) == [
        "a       long title  c",
        "longer           1",
        "b               22  z",
    ]
    assert grid(["a", "b"], [], left=(0, 1)) == ["a  b"]


def test_a_row_of_another_length_is_an_error_and_not_a_shorter_line() -> None:
    with pytest.raises((ValueError, IndexError)):
        grid(["a", "b"], [["1"]])
    with pytest.raises(ValueError, match="zip"):
        grid(["a"], [["1", "2"]])
