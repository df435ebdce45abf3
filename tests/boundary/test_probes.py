from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from evalkit.agents.agent import Reply, Request
from evalkit.agents.guard import Guard
from evalkit.agents.refusals import Refusals
from evalkit.boundary.envelopes import PURPOSES
from evalkit.boundary.probes import make_probes, unprobed
from evalkit.cases.case import Case
from evalkit.spec.contract import ContractBreach, read_request
from evalkit.spec.schema import InputField, RefusalRule, Spec


@pytest.fixture(scope="module")
def probes(spec: Spec, cases: tuple[Case, ...]) -> tuple[Case, ...]:
    return make_probes(spec, cases)


def test_every_refuse_rule_has_probes(spec: Spec, probes: tuple[Case, ...]) -> None:
    assert unprobed(spec, probes) == ()
    counts = Counter(probe.refusal for probe in probes)
    assert all(counts[rule.code] >= 3 for rule in spec.refuse)
    assert counts["SCHEMA_INVALID"] >= 3


def test_a_good_agent_refuses_every_probe_for_the_reason_meant(good: Guard, probes: tuple[Case, ...]) -> None:
    for probe in probes:
        reply = good(
            Request(
                probe.case_id,
                "reviews@1.0.0",
                probe.input,
                probe.flags,
                purpose_of_use=probe.purpose_of_use,
                body=probe.body,
            )
        )
        assert isinstance(reply, Reply)
        assert (probe.case_id, reply.refusal and reply.refusal.code) == (probe.case_id, probe.refusal)


def test_probes_are_named_tagged_and_tied_to_their_base(cases: tuple[Case, ...], probes: tuple[Case, ...]) -> None:
    bases = {case.case_id: case for case in cases}
    for probe in probes:
        base, _, name = probe.case_id.partition("~")
        assert name
        assert probe.tags == ("probe", f"probe:{probe.refusal}")
        assert probe.gold == {}
        assert probe.cluster_id == bases[base].cluster_id
        assert probe.identifiers == bases[base].identifiers
    assert len({probe.case_id for probe in probes}) == len(probes)


def test_probes_are_the_same_every_time_and_on_every_day(spec: Spec, cases: tuple[Case, ...]) -> None:
    assert [one.digest for one in make_probes(spec, cases)] == [one.digest for one in make_probes(spec, cases)]


def test_a_probe_differs_from_its_base_in_the_request(cases: tuple[Case, ...], probes: tuple[Case, ...]) -> None:
    bases = {case.case_id: case for case in cases}
    for probe in probes:
        base = bases[probe.case_id.partition("~")[0]]
        assert (probe.input, probe.flags, probe.purpose_of_use, probe.body) != (
            base.input, base.flags, base.purpose_of_use, base.body,
        )  # fmt: skip


@pytest.mark.parametrize(
    "change", ["repeated_flag", "repeated_flag_escaped", "flag_as_text", "flag_as_number", "trailing_document"]
)
def test_consent_smuggled_by_bytes_is_probed(spec: Spec, probes: tuple[Case, ...], change: str) -> None:
    found = [probe for probe in probes if probe.case_id.endswith(f"~schema_invalid.{change}")]
    assert len(found) == 3
    for probe in found:
        assert probe.body is not None
        assert probe.flags == {"payment_ack": True}, "what a lenient parser reads"
        with pytest.raises(ContractBreach):
            read_request(spec, probe.body)


@pytest.mark.parametrize("own", ["HPAYMT", "HMARKT", "TREAT"])
def test_another_purpose_is_asked_for_and_smuggled_by_bytes(spec: Spec, cases: tuple[Case, ...], own: str) -> None:
    for_own = replace(spec, purpose_of_use=own, content_sha="7" * 64)
    found = make_probes(for_own, [replace(case, purpose_of_use=own) for case in cases])
    asked = [probe for probe in found if probe.refusal == "PURPOSE_NOT_PERMITTED"]
    assert len(asked) == 3
    assert all(probe.purpose_of_use in PURPOSES - {own} and probe.body is None for probe in asked)
    for change, said in (("repeated_purpose", own), ("purpose_in_words", "for the usual purpose")):
        bodies = [probe.body for probe in found if probe.case_id.endswith(f"~schema_invalid.{change}")]
        assert len(bodies) == 3
        for body in bodies:
            assert body is not None
            assert json.loads(body)["purpose_of_use"] == said
            with pytest.raises(ContractBreach):
                read_request(for_own, body)


def test_the_consent_that_is_smuggled_is_one_that_the_spec_asks_for(spec: Spec, cases: tuple[Case, ...]) -> None:
    bases = [replace(case, flags={"a_flag": True, **case.flags}) for case in cases]
    (probe,) = [p for p in make_probes(spec, bases) if p.case_id.endswith("000~schema_invalid.flag_as_text")]
    assert json.loads(probe.body or b"")["flags"] == {"a_flag": True, "payment_ack": "true"}


def test_a_repeated_flag_is_really_read_as_consent_by_a_lenient_parser(probes: tuple[Case, ...]) -> None:
    (body,) = {p.body for p in probes if p.case_id.endswith("000~schema_invalid.repeated_flag_escaped")}
    assert body is not None
    assert b"false" in body
    assert json.loads(body)["flags"] == {"payment_ack": True}


def test_a_good_body_is_answered_so_that_it_is_the_change_which_is_refused(
    spec: Spec, cases: tuple[Case, ...], probes: tuple[Case, ...]
) -> None:
    (probe,) = [p for p in probes if p.case_id.endswith("000~schema_invalid.trailing_document")]
    assert probe.body is not None
    assert read_request(spec, probe.body.removesuffix(b"{}")).input == cases[0].input


def test_every_change_of_an_identifier_is_tried(probes: tuple[Case, ...]) -> None:
    changes = {probe.case_id.partition("~mrn_invalid.patient_mrn_")[2] for probe in probes} - {""}
    assert changes >= {"wrong_check_digit", "transposed", "full_width_digit", "trailing_newline", "shortened"}


def test_a_rule_that_no_change_triggers_is_reported(spec: Spec, cases: tuple[Case, ...]) -> None:
    odd = RefusalRule(code="NEVER_SEEN", when="input.note_text == 'a text that nobody sends'")
    strict = replace(spec, refuse=(*spec.refuse, odd))
    assert unprobed(strict, make_probes(strict, cases)) == ("NEVER_SEEN",)


def test_a_rule_behind_another_is_not_probed_by_the_other(spec: Spec, cases: tuple[Case, ...]) -> None:
    shadowed = replace(spec, refuse=(*spec.refuse, RefusalRule(code="TOO_LATE", when="not flags.payment_ack")))
    assert unprobed(shadowed, make_probes(shadowed, cases)) == ("TOO_LATE",)


def test_without_answerable_cases_there_are_no_probes(spec: Spec, cases: tuple[Case, ...]) -> None:
    refused = [replace(case, refusal="NO_CHART") for case in cases]
    assert make_probes(spec, refused) == ()
    assert unprobed(spec, ()) == tuple(rule.code for rule in spec.refuse)


def test_one_base_is_enough(spec: Spec, cases: tuple[Case, ...]) -> None:
    assert unprobed(spec, make_probes(spec, cases[:1])) == ()


def test_more_probes_come_from_more_bases(spec: Spec, cases: tuple[Case, ...]) -> None:
    few, many = make_probes(spec, cases, per_rule=1), make_probes(spec, cases, per_rule=5)
    assert len(few) < len(many)
    assert sum(probe.refusal == "PART2_NO_CONSENT" for probe in many) >= 5


@pytest.mark.parametrize("code", ["CONSENT_MISSING", "NPI_INVALID", "DOS_IN_FUTURE", "PART2_NO_CONSENT", "NO_CHART"])
def test_without_its_rule_a_probe_would_be_answered(spec: Spec, probes: tuple[Case, ...], code: str) -> None:
    without = Refusals(replace(spec, refuse=tuple(rule for rule in spec.refuse if rule.code != code)))
    found = [probe for probe in probes if probe.refusal == code]
    assert found
    assert all(without.first(probe.input, probe.flags, today=date(2026, 6, 1)) is None for probe in found)


def test_an_authorization_that_has_expired_is_asked_for(spec: Spec, cases: tuple[Case, ...]) -> None:
    ends = InputField(type="date", required=True)
    rule = RefusalRule(code="AUTHORIZATION_EXPIRED", when="input.authorization_ends < today")
    timed = replace(
        spec, input={**spec.input, "authorization_ends": ends}, refuse=(*spec.refuse, rule), content_sha="3" * 64,
    )  # fmt: skip
    bases = [replace(case, input={**case.input, "authorization_ends": "2026-12-31"}) for case in cases]
    expired = [probe for probe in make_probes(timed, bases) if probe.refusal == "AUTHORIZATION_EXPIRED"]
    assert {probe.input["authorization_ends"] for probe in expired} == {"1999-12-31", "1900-01-01"}
    assert unprobed(timed, make_probes(timed, bases)) == ()
