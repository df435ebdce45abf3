"""A spec of a family that nobody knows: everything in it is put to the test from its contract alone."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from evalkit.agents.agent import Reply
from evalkit.agents.guard import guard
from evalkit.cases.case import Case, GoldSet
from evalkit.cases.goldset import case_from_json, case_to_json
from evalkit.cases.people import People
from evalkit.cases.scan import scan_value
from evalkit.errors import CaseError, SpecError
from evalkit.evaluation.pipeline import evaluate
from evalkit.phi.identifiers import CATEGORIES
from evalkit.spec.schema import Spec
from evalkit.tasks import FAMILIES, load_spec, read_spec, shipped_root, synthesize
from evalkit.tasks.contractcases import contract_cases

TEXT = (Path(__file__).parent / "refill_requests.md").read_text(encoding="utf-8")


def reading(*changes: tuple[str, str]) -> Spec:
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return read_spec(text, path="refill_requests.md")


@pytest.fixture(scope="module")
def spec() -> Spec:
    return reading()


@pytest.fixture(scope="module")
def gold(spec) -> GoldSet:
    return synthesize(spec, n=40, seed=7)


def find(gold: GoldSet, end: str) -> Case:
    (found,) = [case for case in gold if case.case_id.endswith(end)]
    return found


def test_a_spec_of_no_known_family_loads_and_its_body_is_prose(spec):
    assert spec.family not in FAMILIES
    assert spec.tables == {}
    assert set(spec.prose) == {"Purpose", "House rules", "Examples"}


def test_a_family_that_is_nearly_a_known_one_is_a_slip():
    with pytest.raises(SpecError, match="did you mean billing_codes"):
        reading(("family: refill_requests", "family: biling_codes"))


def test_every_refuse_rule_has_a_case(spec, gold):
    assert {rule.code for rule in spec.refuse} <= {case.refusal for case in gold}


def test_every_forbidden_field_has_a_case(spec, gold):
    for name in spec.minimum_necessary.forbid:
        assert find(gold, f"+{name}.forbidden").refusal == "FIELD_NOT_PERMITTED"
    assert find(gold, "+unrequested_field.undeclared").refusal == "FIELD_NOT_PERMITTED"


@pytest.mark.parametrize(
    ("end", "refusal"),
    [
        ("days_left.89", None), ("days_left.90", None), ("days_left.91", "TOO_EARLY"),
        ("message.at_limit", None), ("message.over_limit", "SCHEMA_INVALID"), ("message.injection", None),
        ("channel.value_phone", None), ("channel.value_fax", None), ("channel.beyond", "SCHEMA_INVALID"),
        ("last_visit.absent", None), ("last_visit.no_such_day", "SCHEMA_INVALID"), ("last_visit.future", "TOO_LONG_AGO"),
        ("allergies.length_3", None), ("allergies.length_4", "TOO_MANY"), ("allergies.empty", None),
        ("chart.undeclared_key", "FIELD_NOT_PERMITTED"), ("chart.hundred", None), ("dose.text", "SCHEMA_INVALID"),
        ("drug.absent", "SCHEMA_INVALID"), ("controlled.text", "SCHEMA_INVALID"), ("days_left.half", "SCHEMA_INVALID"),
    ],
)  # fmt: skip
def test_values_at_an_edge_are_judged_as_the_spec_says(gold, end, refusal):
    assert find(gold, f"+{end}").refusal == refusal


def test_the_first_cases_keep_the_contract_and_are_about_different_people(gold):
    bases = gold.cases[:40]
    assert all(case.refusal is None for case in bases)
    assert len({case.cluster for case in bases}) == 40
    assert {case.input["channel"] for case in bases} == {"phone", "portal", "fax"}


def test_identifiers_of_all_categories_are_planted_and_stand_at_their_spans(gold):
    seen = Counter()
    for case in gold:
        labels = case.labels
        known = {one.needle_id: one.value for one in case.identifiers}
        for field, start, end, needle, category in zip(
            labels.field, labels.start, labels.end, labels.needle_id, labels.category, strict=True
        ):
            shown = case.text_of(field)[start:end]
            assert shown == known[needle] or (category == "date" and "/" in shown)
            seen[category] += 1
    assert set(seen) == set(CATEGORIES)


def test_every_case_reads_back_and_holds_nothing_that_can_belong_to_somebody(gold):
    rows = [case_to_json(case) for case in gold]
    assert [case_from_json(row).digest for row in rows] == [case.digest for case in gold]
    assert scan_value([json.loads(row) for row in rows]).count(strict=True) == 0


def test_case_ids_are_their_own_and_the_set_is_the_same_again(spec, gold):
    assert len({case.case_id for case in gold}) == len(gold)
    assert synthesize(spec, n=40, seed=7).digest == gold.digest
    assert synthesize(spec, n=3, seed=7)[2].digest == gold[2].digest
    assert synthesize(spec, n=3, seed=8)[2].digest != gold[2].digest


def test_realistic_people_can_be_asked_for(spec):
    tags = {
        tag for case in synthesize(spec, n=60, seed=7, people=People("population", "realistic")) for tag in case.tags
    }
    assert "name:one-word" in tags


SHIPPED = sorted((shipped_root() / "specs").glob("*/*.md"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}@{path.stem}")
def test_every_shipped_spec_can_be_tested_from_its_contract_too(path):
    spec = load_spec(path)
    gold = contract_cases(spec, n=20, seed=7)
    assert {rule.code for rule in spec.refuse} <= {case.refusal for case in gold}
    assert sum(case.refusal is None for case in gold) >= 20
    assert all(case_from_json(case_to_json(case)).digest == case.digest for case in gold)


def test_rows_of_the_examples_become_cases_as_they_stand(gold):
    first, second, third = gold.cases[-3:]
    assert (first.refusal, first.flags["consent"]) == ("NO_CONSENT", False)
    assert (second.refusal, second.input["days_left"]) == ("TOO_EARLY", 91)
    assert (third.refusal, third.gold, third.input["drug"]) == (None, {"decision": "approve"}, "metformin")
    assert all("example" in case.tags for case in (first, second, third))


def test_an_example_that_the_rules_contradict_is_refused_with_its_line():
    wrong = reading(("days_left: 91  ", "days_left: 90  "))
    line = next(n for n, text in enumerate(wrong.source.split("\n"), 1) if text.startswith("| early"))
    with pytest.raises(SpecError, match=rf"refill_requests.md:{line}: this example expects TOO_EARLY.*an answer"):
        synthesize(wrong, n=1, seed=7)


def test_a_contract_that_refuses_everything_is_an_error():
    with pytest.raises(CaseError, match="that NO_CONSENT does not refuse"):
        synthesize(reading(('"not flags.consent"', '"not flags.consent or flags.consent"')), n=1, seed=7)


@pytest.mark.parametrize(
    "rule",
    [
        "flags.minor and not flags.guardian",
        "flags.restricted",
        "input.channel == 'phone' or input.channel == 'portal'",
        "input.drug not in ['metformin', 'lisinopril']",
        "input.dose is None or input.dose < 60 or input.dose > 62",
        "input.last_visit is None or input.last_visit < '2025-11-20'",
        "input.controlled",
        "input.allergies is None or 'none' not in input.allergies",
    ],
)  # fmt: skip
def test_a_request_is_found_that_a_rule_about_values_or_flags_does_not_refuse(rule):
    spec = reading(("  - {code: TOO_MANY,", f'  - {{code: OURS, when: "{rule}"}}\n  - {{code: TOO_MANY,'))
    gold = synthesize(spec, n=5, seed=7)
    assert all(case.refusal is None for case in gold.cases[:5])
    assert "OURS" in {case.refusal for case in gold}
    assert all(case_from_json(case_to_json(case)).digest == case.digest for case in gold)


def test_a_guarded_agent_passes_and_a_careless_one_is_caught(spec, gold, workspace):
    def careful(sent):
        return Reply("ok", output={"decision": "approve"}, confidence=0.9, model_id="rules/offline")

    def careless(sent):
        return Reply("ok", output={"decision": "ask", "note": str(sent)}, confidence=0.9, model_id="rules/offline")

    good = evaluate(spec, gold, guard(spec, careful))
    assert good.findings == ()
    assert good.estimate("refusal_accuracy").value == 1.0
    frame = good.frame()
    assert frame[frame.metric == "fields_exact"]["value"].dropna().tolist() == [1.0]
    bad = evaluate(spec, gold, guard(spec, careless))
    assert {finding.check_id for finding in bad.findings} >= {"leak_output"}
