"""Standing rules over a deployment, on days that a test chooses."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from evalkit.agents.routing import Agreement, Deployment, Hop, Operations
from evalkit.boundary import agreements
from evalkit.boundary.finding import CheckResult
from evalkit.boundary.standing import Standing, check_standing
from evalkit.spec.schema import InputField, MinimumNecessary, ModelPolicy, Spec

TODAY = date(2026, 6, 1)
PAPER = Agreement(
    provider="acme", models=("large-2",), hosts=("api.acme.example",), regions=("us",), signed=True,
    effective=date(2026, 1, 1), expires=date(2026, 12, 31), document_sha256="ab" * 32, training_use=False,
    breach_notice_days=5, cache_days=0, log_days=30,
)  # fmt: skip
PRIMARY = Hop(
    name="primary", role="model", provider="acme", model="large-2", url="https://api.acme.example/", region="us"
)
SPARE = Hop(
    name="spare", role="fallback", provider="acme", model="large-3", url="https://api.acme.example/", region="us"
)
LOGS = Hop(name="logs", role="log_sink", provider="logco", url="http://logs.example/", region="us")


def results(spec: Spec, deployment: Deployment | None, today: date = TODAY) -> dict[str, CheckResult]:
    return {one.check_id: one for one in check_standing(Standing(spec, today, deployment), agreements.RULES)}


def told(result: CheckResult) -> list[tuple[str, str]]:
    return [(found.case_id, found.what) for found in result.findings]


@pytest.fixture
def routed(spec: Spec) -> Spec:
    """The small spec, with the models of the route."""
    from dataclasses import replace

    return replace(spec, models=ModelPolicy(policy="baa_only", allow=("large-2", "large-3")), content_sha="2" * 64)


def test_a_route_of_one_covered_hop_passes(routed: Spec) -> None:
    seen = results(routed, Deployment(route=(PRIMARY,), agreements=(PAPER,)))
    assert {name for name, one in seen.items() if one.verdict == "fail"} == set()
    assert seen["agreements"].passed == 1
    assert seen["agreements"].possible == "", "the hops of a route are all there are: no share stays possible"


def test_every_hop_counts_fallbacks_and_log_sinks_too(routed: Spec) -> None:
    seen = results(routed, Deployment(route=(PRIMARY, SPARE, LOGS), agreements=(PAPER,)))
    assert told(seen["agreements"]) == [
        ("spare", "the agreement does not name this model"), ("logs", "no agreement with the provider is on file"),
    ]  # fmt: skip
    assert told(seen["fallbacks"]) == [("spare", "the agreement does not name this model")]
    assert told(seen["encrypted_hops"]) == [("logs", "an address that is not https")]
    assert seen["agreements"].failed == 2


def test_an_agreement_that_expired_yesterday_fails_today(routed: Spec) -> None:
    deployment = Deployment(route=(PRIMARY,), agreements=(PAPER,))
    assert results(routed, deployment, today=date(2026, 12, 31))["agreements"].verdict == "pass"
    gone = results(routed, deployment, today=date(2027, 1, 1))["agreements"]
    assert told(gone) == [("primary", "the agreement has expired")]


@pytest.mark.parametrize(("change", "what"), [
    ({"training_use": True}, "the provider may train on what it is sent"),
    ({"breach_notice_days": None}, "the notice of a breach is not agreed"),
    ({"breach_notice_days": 60}, "the notice of a breach is longer than the limit"),
    ({"cache_days": 30}, "how long caches keep it is longer than the limit"),
    ({"log_days": None}, "how long logs keep it is not agreed"),
])  # fmt: skip
def test_terms_are_judged_apart_from_cover(routed: Spec, change: dict[str, Any], what: str) -> None:
    seen = results(routed, Deployment(route=(PRIMARY,), agreements=(PAPER.model_copy(update=change),)))
    assert told(seen["agreement_terms"]) == [("primary", what)]
    assert seen["agreements"].verdict == "pass"


def test_a_routed_model_that_the_spec_does_not_allow_fails(spec: Spec) -> None:
    seen = results(spec, Deployment(route=(PRIMARY, LOGS), agreements=(PAPER,)))
    assert told(seen["routed_models"]) == [("primary", "a model that the spec does not allow")]


def test_an_address_that_reads_two_ways_fails_twice(routed: Spec) -> None:
    tricky = PRIMARY.model_copy(update={"url": "https://api.acme.example@evil.example/"})
    seen = results(routed, Deployment(route=(tricky,), agreements=(PAPER,)))
    assert told(seen["agreements"]) == [("primary", "the address can be read two ways")]
    assert told(seen["encrypted_hops"]) == [("primary", "an address that can be read two ways")]
    assert "evil" not in str(seen)


def test_without_a_deployment_nothing_but_the_spec_is_judged(spec: Spec) -> None:
    seen = results(spec, None)
    assert {name for name, one in seen.items() if one.verdict != "not_observed"} == {"field_reasons"}
    assert seen["field_reasons"].passed == len(spec.input)


def test_a_field_without_a_reason_fails(spec: Spec) -> None:
    from dataclasses import replace

    bare = replace(
        spec, minimum_necessary=MinimumNecessary(allow={"note_text": " "}),
        input={**spec.input, "chart_notes": InputField(type="list[note]")},
    )  # fmt: skip
    assert told(results(bare, None)["field_reasons"]) == [
        ("note_text", "reaches a model for no reason"),
        ("chart_notes", "holds notes, and does not say that they may hold anything protected"),
    ]


@pytest.mark.parametrize(("days", "passed"), [(0, True), (365, True), (366, False)])
def test_the_inventory_is_of_this_year(spec: Spec, days: int, passed: bool) -> None:
    operations = Operations(inventory_reviewed=TODAY - timedelta(days=days))
    one = results(spec, Deployment(route=(PRIMARY,), operations=operations))["inventory"]
    assert (one.verdict == "pass") == passed
    assert one.basis == "proposed"


def test_a_calendar_with_a_hole_in_it_fails_and_none_at_all_is_not_observed(spec: Spec) -> None:
    def told_of(**dates: Any) -> list[tuple[str, str]] | str:
        one = results(spec, Deployment(route=(PRIMARY,), operations=Operations(**dates)))["calendar"]
        return told(one) if one.verdict != "not_observed" else "not observed"

    assert told_of() == "not observed"
    assert told_of(agreements_verified=TODAY, penetration_test=TODAY, vulnerability_scan=TODAY) == []
    assert told_of(agreements_verified=TODAY, penetration_test=TODAY) == [("vulnerability_scan", "no date on file")]
    late = TODAY - timedelta(days=184)
    assert told_of(agreements_verified=late, penetration_test=late, vulnerability_scan=late) == [
        ("vulnerability_scan", "overdue")
    ]
    future = TODAY + timedelta(days=1)
    assert ("penetration_test", "a date that has not come yet") in told_of(penetration_test=future)


@pytest.mark.parametrize(("hours", "verdict"), [(None, "not_observed"), (0.5, "pass"), (72.0, "pass"), (72.1, "fail")])
def test_a_restore_takes_three_days_at_most(spec: Spec, hours: float | None, verdict: str) -> None:
    operations = Operations(restore_hours=hours)
    assert results(spec, Deployment(route=(PRIMARY,), operations=operations))["restore"].verdict == verdict


def test_what_listens_was_declared(spec: Spec) -> None:
    operations = Operations(ports_declared=(443, 8443), ports_listening=(443, 22))
    one = results(spec, Deployment(route=(PRIMARY,), operations=operations))["ports"]
    assert told(one) == [("port 22", "listens and was not declared")]
    assert one.passed == 2


def test_the_same_evidence_has_the_same_digest_and_other_evidence_another(routed: Spec) -> None:
    good, gone = (Deployment(route=(PRIMARY,), agreements=papers) for papers in ((PAPER,), ()))
    first, again, other = (results(routed, one)["agreements"].evidence for one in (good, good, gone))
    assert first == again != other


def test_every_rule_cites_its_law_and_says_whether_it_is_only_proposed() -> None:
    ids = [rule.check_id for rule in agreements.RULES]
    assert len(set(ids)) == len(ids)
    for rule in agreements.RULES:
        assert rule.check.__doc__
        assert rule.basis == ("proposed" if "90 FR" in rule.citation else "current")
        assert "compliant" not in f"{rule.title}{rule.check.__doc__}".lower()
