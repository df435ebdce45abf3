"""Results as JUnit XML, for the test view of a CI server.

A suite is a spec version; a test case is one boundary check or one gate. What could not be observed or decided is
skipped, never passed. Failure texts are ids and counts. No time stamp: the same records give the same bytes.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import Final

from evalkit.boundary.finding import NON_GOALS, CheckResult
from evalkit.evaluation.gates import GateReport, GateResult
from evalkit.evaluation.run import Run
from evalkit.figures import count, mark
from evalkit.visible import visible

_MOST_FINDINGS: Final = 100
_LONGEST: Final = 2_000
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(run: Run, *, gate: GateReport | None = None) -> str:
    """Boundary checks and gates of a run. The suite is named by spec reference and behaviour digest."""
    header = run.header
    suite = _suite(f"{header.spec_ref} {mark(header.behaviour_sha)}")
    properties = ET.SubElement(suite, "properties")
    for name in ("content_sha", "behaviour_sha", "dataset_digest", "agent_id", "evalkit_version"):
        ET.SubElement(properties, "property", name=name, value=_clean(str(getattr(header, name))))
    ET.SubElement(properties, "property", name="not looked for", value=", ".join(NON_GOALS))
    for result in run.checks:
        _add_check(suite, result)
    for judged in gate.results if gate else ():
        # The boundary stands in the suite already, with its findings.
        if not judged.name.startswith("boundary: "):
            _add_gate(suite, judged)
    return _document(suite)


def render_checks(name: str, results: Sequence[CheckResult]) -> str:
    """Boundary checks alone, in a suite of this name."""
    suite = _suite(name)
    properties = ET.SubElement(suite, "properties")
    ET.SubElement(properties, "property", name="not looked for", value=", ".join(NON_GOALS))
    for result in results:
        _add_check(suite, result)
    return _document(suite)


def _suite(name: str) -> ET.Element:
    return ET.Element("testsuite", name=_clean(name))


def _add_check(suite: ET.Element, result: CheckResult) -> None:
    case = ET.SubElement(suite, "testcase", classname="boundary", name=_clean(result.check_id), time="0")
    said = {
        "citation": result.citation,
        "basis": result.basis,
        "evidence": result.evidence,
        "possible": result.possible,
    }
    about = ET.SubElement(case, "properties")
    for name, value in said.items():
        if value:
            ET.SubElement(about, "property", name=name, value=_clean(value))
    if result.verdict == "error":
        ET.SubElement(case, "error", message="the check itself raised", type=_clean(result.error or "error"))
    elif result.verdict == "fail":
        seen = f"{count(len(result.findings), 'finding')} in {count(result.failed, 'execution')}"
        failure = ET.SubElement(case, "failure", message=seen, type="breach")
        lines = [f"{found.case_id} trial {found.trial} {found.needle_id}".rstrip() for found in result.findings]
        failure.text = _clean("\n".join(lines[:_MOST_FINDINGS]))
    elif result.verdict == "not_observed":
        unseen = count(result.not_observed, "execution")
        why = f"not observed in {unseen}" if result.not_observed else "nothing here that it applies to"
        ET.SubElement(case, "skipped", message=why)


def _add_gate(suite: ET.Element, judged: GateResult) -> None:
    case = ET.SubElement(suite, "testcase", classname="gate", name=_clean(judged.name), time="0")
    if judged.verdict == "fail":
        ET.SubElement(case, "failure", message=_clean(judged.what), type="gate")
    elif judged.verdict == "incomplete":
        ET.SubElement(case, "error", message=_clean(judged.what), type="incomplete")
    elif judged.verdict == "undecided":
        ET.SubElement(case, "skipped", message=_clean(f"undecided: {judged.what}"))


def _document(suite: ET.Element) -> str:
    totals = {
        "tests": str(len(suite.findall("testcase"))),
        "failures": str(len(suite.findall("testcase/failure"))),
        "errors": str(len(suite.findall("testcase/error"))),
        "skipped": str(len(suite.findall("testcase/skipped"))),
    }
    for name, number in totals.items():
        suite.set(name, number)
    suite.set("time", "0")
    suites = ET.Element("testsuites", totals)
    suites.append(suite)
    ET.indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(suites, encoding="unicode")}\n'


def _clean(text: str) -> str:
    """Text in which nothing acts or hides, and no character that XML may not hold; its own line breaks stay."""
    return "\n".join(_NOT_XML.sub("?", visible(line, most=_LONGEST)) for line in text.split("\n"))
