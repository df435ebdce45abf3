from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from types import SimpleNamespace

import pytest

from evalkit.evaluation.gates import GateResult
from evalkit.report.junit import render_checks, render_junit


@pytest.fixture
def suite(records: SimpleNamespace) -> ET.Element:
    root = ET.fromstring(render_junit(records.leaky, gate=records.gate).encode())
    found = root.find("testsuite")
    assert found is not None
    return found


def test_the_suite_is_named_by_spec_and_behaviour(suite: ET.Element) -> None:
    assert suite.get("name") == "billing_codes@2.0.0 bebebebebebe"


def test_every_check_and_every_gate_of_the_spec_is_a_test_case(suite: ET.Element) -> None:
    names = [(case.get("classname"), case.get("name")) for case in suite.findall("testcase")]
    assert len(names) == 4 + 3
    assert ("boundary", "consent") in names
    assert ("gate", "line_exact >= 0.85") in names
    assert ("gate", "boundary: consent") not in names


def test_totals_agree_with_what_stands_in_the_suite(suite: ET.Element) -> None:
    totals = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert totals == {"tests": "7", "failures": "2", "errors": "0", "skipped": "2"}


def test_what_nobody_saw_or_decided_is_skipped_and_never_passed(suite: ET.Element) -> None:
    skipped = [case.get("name") for case in suite.findall("testcase") if case.find("skipped") is not None]
    assert skipped == ["provider_baa", "line_exact on modifiers >= 0.80"]


def test_a_failure_text_is_ids_and_counts(suite: ET.Element) -> None:
    failure = suite.find("testcase[@name='no_identifier_in_output']/failure")
    assert failure is not None
    assert failure.get("message") == "1 finding in 1 execution"
    assert failure.text == "billing-7-000000000004 trial 0 patient.mrn"


def test_a_check_that_raised_is_an_error(records: SimpleNamespace) -> None:
    root = ET.fromstring(render_checks("billing_codes@2.0.0", [records.check_result(error="KeyError")]).encode())
    error = root.find(".//error")
    assert error is not None
    assert error.get("type") == "KeyError"
    assert root.get("errors") == "1"


def test_an_incomplete_run_is_an_error_of_its_gate(records: SimpleNamespace) -> None:
    gate = replace(records.gate, results=(GateResult("run complete", "incomplete", "7 executions were left undone"),))
    root = ET.fromstring(render_junit(records.run, gate=gate).encode())
    assert root.find(".//testcase[@name='run complete']/error") is not None


def test_a_check_with_nothing_to_check_is_skipped_with_that_reason(records: SimpleNamespace) -> None:
    xml = render_checks("x", [records.check_result(passed=0, not_applicable=9)])
    assert '<skipped message="nothing here that it applies to" />' in xml


def test_hostile_names_stay_valid_xml(records: SimpleNamespace) -> None:
    hostile = 'a\x00\x0b"<&\ud800]]>'
    found = replace(records.finding, case_id=hostile)
    xml = render_checks(hostile, [records.check_result(hostile, findings=(found,))])
    root = ET.fromstring(xml.encode())
    assert root.find("testsuite").get("name") == 'a\\x00 "<&\\ud800]]>'


def test_the_same_records_give_the_same_bytes_and_no_clock(records: SimpleNamespace) -> None:
    first = render_junit(records.run, gate=records.gate)
    assert first == render_junit(records.run, gate=records.gate)
    assert "timestamp" not in first


@pytest.mark.parametrize(
    ("verdict", "tag", "text"),
    [
        ("pass", None, None),
        ("fail", "failure", "seen & <measured>"),
        ("undecided", "skipped", "undecided: seen & <measured>"),
        ("incomplete", "error", "seen & <measured>"),
    ],
)
def test_each_verdict_of_a_gate_has_its_element_and_its_words(
    records: SimpleNamespace, verdict: str, tag: str | None, text: str | None
) -> None:
    gate = replace(records.gate, results=(GateResult("m >= 0.5", verdict, "seen & <measured>"),))
    suite = ET.fromstring(render_junit(replace(records.run, checks=()), gate=gate).encode()).find("testsuite")
    case = suite.find("testcase[@classname='gate']")
    assert [child.tag for child in case] == ([tag] if tag else [])
    assert [child.get("message") for child in case] == ([text] if text else [])
    counted = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    expected = {"failure": "failures", "error": "errors", "skipped": "skipped"}.get(tag or "", "")
    assert counted == {
        "tests": "1",
        "failures": "0",
        "errors": "0",
        "skipped": "0",
        **({expected: "1"} if expected else {}),
    }


def test_a_hundred_findings_are_listed_and_all_are_counted(records: SimpleNamespace) -> None:
    found = tuple(replace(records.finding, case_id=f"case-{at}", needle_id="") for at in range(101))
    root = ET.fromstring(render_checks("x", [records.check_result(findings=found)]).encode())
    failure = root.find(".//failure")
    assert failure.get("message") == "101 findings in 101 executions"
    assert failure.text.splitlines() == [f"case-{at} trial 0" for at in range(100)]


def test_findings_of_one_execution_fail_it_once(records: SimpleNamespace) -> None:
    twice = (records.finding, replace(records.finding, place="logs[2]"))
    root = ET.fromstring(render_checks("x", [records.check_result(findings=twice)]).encode())
    assert root.find(".//failure").get("message") == "2 findings in 1 execution"


def test_what_was_judged_and_what_a_pass_leaves_possible_stand_beside_a_check(records: SimpleNamespace) -> None:
    checks = [records.check_result("sampled", evidence="e" * 64), records.check_result("all", sampled=False)]
    root = ET.fromstring(render_checks("x", checks).encode())
    said = [
        {one.get("name"): one.get("value") for one in case.iterfind("properties/property")}
        for case in root.iterfind(".//testcase")
    ]
    assert said[0]["evidence"] == "e" * 64
    assert said[0]["possible"] == "1.0 %"
    assert said[1] == {"citation": "45 CFR 164.508", "basis": "current"}


def test_no_check_and_no_gate_are_an_empty_suite_and_no_pass(records: SimpleNamespace) -> None:
    root = ET.fromstring(render_junit(replace(records.run, checks=())).encode())
    assert root.get("tests") == "0"
    assert [one.get("name") for one in root.iterfind(".//property")][-1] == "not looked for"


def test_a_hostile_gate_stays_one_test_case_of_valid_xml(records: SimpleNamespace) -> None:
    hostile = 'm"/><testcase name="x\x1b'
    gate = replace(records.gate, results=(GateResult(hostile, "fail", hostile), GateResult("boundary: c", "fail", "x")))
    run = replace(records.run, checks=(), header=replace(records.run.header, agent_id=hostile, spec_id=hostile))
    root = ET.fromstring(render_junit(run, gate=gate).encode())
    (case,) = root.iterfind(".//testcase")
    assert case.get("name") == 'm"/><testcase name="x\\x1b'
    assert root.find(".//property[@name='agent_id']").get("value") == case.get("name")


ACTING = "\u202e\u2066\u200b\x1b[31m\x07\u2028"


def test_nothing_that_reorders_hides_or_acts_stands_in_a_result(records: SimpleNamespace) -> None:
    finding = replace(records.finding, case_id=f"case{ACTING}", needle_id=ACTING)
    breach = replace(records.run.checks[0], check_id=f"c{ACTING}", title=ACTING, citation=ACTING, findings=(finding,))
    run = replace(records.run, header=replace(records.run.header, agent_id=f"a{ACTING}"), checks=(breach,))
    gate = replace(
        records.gate, results=(GateResult(f"g{ACTING}", "fail", ACTING), GateResult("u", "undecided", ACTING))
    )
    text = render_junit(run, gate=gate) + render_checks(ACTING, (breach,))
    assert not set(ACTING) - set("[31m") & set(text)
    assert "\\u202e" in text
