from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

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
