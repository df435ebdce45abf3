"""Routes and agreements on days that a test chooses."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.agents.agent import Reply
from evalkit.agents.guard import guard
from evalkit.agents.routing import (
    Agreement,
    Deployment,
    Hop,
    Limits,
    covers_model,
    gaps,
    host_of,
    is_encrypted,
    read_deployment,
    route,
)  # fmt: skip
from evalkit.errors import AgentError, SpecError

TODAY = date(2026, 6, 1)
HOP = Hop(
    name="primary",
    role="model",
    provider="acme",
    model="acme-large-2",
    url="https://api.acme.example/v1",
    region="us-east-1",
)
PAPER = Agreement(
    provider="acme", models=("acme-large-2*",), hosts=("api.acme.example",), regions=("us-east-1",), signed=True,
    effective=date(2026, 1, 1), expires=date(2026, 12, 31), document_sha256="ab" * 32, training_use=False,
    breach_notice_days=5, cache_days=0, log_days=30,
)  # fmt: skip


def missing(hop: dict[str, Any] | None = None, paper: dict[str, Any] | None = None, today: date = TODAY) -> list[str]:
    """The codes of the gaps after a change to the hop or the agreement."""
    changed = HOP.model_copy(update=hop or {})
    deployment = Deployment(route=(changed,), agreements=(PAPER.model_copy(update=paper or {}),))
    return [gap.code for gap in gaps(changed, deployment, today=today)]


def test_a_hop_under_an_agreement_that_names_all_of_it_has_no_gap() -> None:
    assert missing() == []


@pytest.mark.parametrize(("today", "codes"), [
    (date(2025, 12, 31), ["not_effective"]), (date(2026, 1, 1), []), (date(2026, 12, 31), []),
    (date(2027, 1, 1), ["expired"]),
])  # fmt: skip
def test_an_agreement_holds_from_its_first_day_to_its_last(today: date, codes: list[str]) -> None:
    assert missing(today=today) == codes


def test_an_agreement_that_expired_yesterday_covers_nothing() -> None:
    assert missing(paper={"expires": TODAY - timedelta(days=1)}) == ["expired"]
    assert missing(paper={"expires": TODAY}) == []
    assert missing(paper={"expires": None}) == []


@pytest.mark.parametrize(("hop", "paper", "codes"), [
    ({"model": "acme-large-3"}, {}, ["model"]),
    ({"model": "acme-large-2.1"}, {}, []),
    ({"model": ""}, {}, ["model"]),
    ({"model": "other/acme-large-2"}, {}, ["model"]),
    ({"model": "acme-large-2/evil"}, {}, ["model"]),
    ({"model": "ACME-LARGE-2"}, {}, ["model"]),
    ({"region": "eu-west-1"}, {}, ["region"]),
    ({"region": ""}, {}, ["region"]),
    ({"url": "https://api.acme.example:8443/"}, {}, ["host"]),
    ({"url": "https://API.ACME.example/"}, {}, []),
    ({"url": "https://eu.api.acme.example/"}, {}, ["host"]),
    ({"url": "https://api.acme.example.evil.example/"}, {}, ["host"]),
    ({"provider": "other"}, {}, ["no_agreement"]),
    ({"role": "log_sink", "model": ""}, {}, []),
    ({}, {"signed": False}, ["not_signed"]),
    ({}, {"effective": None}, ["not_effective"]),
    ({}, {"document_sha256": ""}, ["document"]),
    ({}, {"training_use": True}, ["training_use"]),
    ({}, {"breach_notice_days": None}, ["breach_notice_days"]),
    ({}, {"breach_notice_days": 11}, ["breach_notice_days"]),
    ({}, {"cache_days": None}, ["cache_days"]),
    ({}, {"cache_days": 1}, ["cache_days"]),
    ({}, {"log_days": 31}, ["log_days"]),
    ({}, {"log_days": None, "training_use": True}, ["training_use", "log_days"]),
    ({}, {"subcontractors": ("cloud",)}, ["subcontractor"]),
    ({}, {"subcontractors": ("acme",)}, []),
])  # fmt: skip
def test_whatever_an_agreement_does_not_say_is_a_gap(
    hop: dict[str, Any], paper: dict[str, Any], codes: list[str]
) -> None:
    assert missing(hop, paper) == codes


def test_an_agreement_says_nothing_unless_it_is_written_down() -> None:
    bare = Agreement(provider="acme")
    found = {gap.code for gap in gaps(HOP, Deployment(route=(HOP,), agreements=(bare,)), today=TODAY)}
    assert found == {"model", "host", "region", "not_signed", "not_effective", "document", "training_use",
                     "breach_notice_days", "cache_days", "log_days"}  # fmt: skip


def test_of_several_agreements_the_closest_counts() -> None:
    old = PAPER.model_copy(update={"expires": date(2026, 3, 1)})
    other = Agreement(provider="acme")
    for papers in ((old, other, PAPER), (PAPER, old)):
        assert gaps(HOP, Deployment(route=(HOP,), agreements=papers), today=TODAY) == ()
    (gap,) = gaps(HOP, Deployment(route=(HOP,), agreements=(other, old)), today=TODAY)
    assert gap.code == "expired"


def test_a_subcontractor_whose_own_agreement_expired_is_a_gap() -> None:
    cloud = PAPER.model_copy(update={"provider": "cloud", "expires": date(2026, 5, 31)})
    paper = PAPER.model_copy(update={"subcontractors": ("cloud",)})
    deployment = Deployment(route=(HOP,), agreements=(paper, cloud))
    assert [gap.code for gap in gaps(HOP, deployment, today=date(2026, 5, 31))] == []
    assert [gap.code for gap in gaps(HOP, deployment, today=TODAY)] == ["subcontractor"]


def test_limits_are_the_houses_own() -> None:
    deployment = Deployment(route=(HOP,), agreements=(PAPER,), limits=Limits(breach_notice_days=2, log_days=7))
    assert [gap.code for gap in gaps(HOP, deployment, today=TODAY)] == ["breach_notice_days", "log_days"]


@pytest.mark.parametrize("url", [
    "https://api.acme.example@evil.example/", "https://evil.example\\@api.acme.example/",
    "https://api.acme.example%2eevil.example/", "https://api.acme.example./", "https://api.аcme.example/",
    "https:///api.acme.example/", "https://api.acme.example:port/", "https://0x7f.1/", "https://2130706433/",
    "https://0177.0.0.1/", "https://127.1/", "ftp://api.acme.example/", "api.acme.example", "",
    "https://api.acme.example/\nHost: evil.example", "https:// api.acme.example/", "https://[::1/",
    "https://-acme.example/", "https://api..example/", "https://api.acme.example:99999/",
])  # fmt: skip
def test_an_address_that_reads_two_ways_is_never_covered(url: str) -> None:
    assert host_of(url) is None
    assert missing({"url": url}) == ["address_unclear"]


@pytest.mark.parametrize(("url", "host"), [
    ("https://api.acme.example", "api.acme.example:443"), ("HTTPS://API.acme.example/x?y#z", "api.acme.example:443"),
    ("http://localhost:8080/", "localhost:8080"), ("https://[2001:db8::1]/", "[2001:db8::1]:443"),
    ("https://192.0.2.7:444/", "192.0.2.7:444"), ("http://a.example/", "a.example:80"),
    ("https://xn--acme-1na.example/", "xn--acme-1na.example:443"),
])  # fmt: skip
def test_an_address_leads_to_one_host(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(("url", "encrypted"), [
    ("https://a.example/", True), ("http://a.example/", False), ("http://localhost:1/", True), ("http://127.0.0.1/", True),
    ("http://[::1]/", True), ("http://localhost.evil.example/", False), ("http://127.0.0.2/", False),
])  # fmt: skip
def test_plain_http_stays_on_the_machine(url: str, encrypted: bool) -> None:
    assert is_encrypted(url) == encrypted


@given(st.text(max_size=60))
def test_no_address_makes_the_reading_of_hosts_fail(url: str) -> None:
    host = host_of(url)
    assert host is None or ":" in host


@given(st.text("abc-./*", max_size=12))
def test_a_pattern_without_a_star_names_one_model_only(name: str) -> None:
    if "*" not in name:
        assert covers_model(name, name)
        assert not covers_model(name, name + "x")


def reply(text: str) -> Reply:
    return Reply("ok", {"letter": text, "lines": []}, confidence=0.9)


def spare(name: str, **changes: Any) -> Hop:
    return HOP.model_copy(update={"name": name, "role": "fallback", **changes})


def test_a_route_asks_its_first_hop_and_no_other() -> None:
    deployment = Deployment(route=(HOP, spare("second")), agreements=(PAPER,))
    routed = route({"primary": lambda values: reply("first"), "second": lambda values: reply("second")}, deployment,
                   today=lambda: TODAY)  # fmt: skip
    assert asyncio.run(routed({})).output == {"letter": "first", "lines": []}
    assert routed.taken == {"primary": 1}


def test_when_the_first_model_fails_only_covered_fallbacks_are_asked() -> None:
    def fail(values: Any) -> Reply:
        raise ConnectionError("Quillan Ostrander")

    async def third(values: Any) -> Reply:
        return reply("third")

    deployment = Deployment(
        route=(HOP, spare("second", model="acme-large-3"), spare("third"), spare("logs", role="log_sink")),
        agreements=(PAPER,),
    )
    models = {"primary": fail, "second": lambda values: reply("second"), "third": third}
    routed = route(models, deployment, today=lambda: TODAY)
    assert asyncio.run(routed({})).output == {"letter": "third", "lines": []}
    assert routed.taken == {"primary": 1, "third": 1}, "the second has no agreement for its model"


def test_where_no_covered_hop_answers_there_is_an_error_and_no_call_to_another() -> None:
    def fail(values: Any) -> Reply:
        raise ConnectionError("Quillan Ostrander")

    deployment = Deployment(route=(HOP, spare("second", region="eu-west-1")), agreements=(PAPER,))
    routed = route({"primary": fail, "second": lambda values: reply("second")}, deployment, today=lambda: TODAY)
    with pytest.raises(AgentError, match="no covered hop of the route answered") as caught:
        asyncio.run(routed({}))
    assert "Quillan" not in str(caught.value)
    assert routed.taken == {"primary": 1}


def test_the_day_on_which_an_agreement_ends_is_the_last_one_that_is_routed() -> None:
    days = iter([date(2026, 12, 31), date(2027, 1, 1)])
    deployment = Deployment(route=(HOP,), agreements=(PAPER,))
    routed = route({"primary": lambda values: reply("first")}, deployment, today=lambda: next(days))
    assert asyncio.run(routed({})).status == "ok"
    with pytest.raises(AgentError, match="no hop of the route is covered"):
        asyncio.run(routed({}))


def test_a_hop_without_a_model_cannot_be_routed() -> None:
    with pytest.raises(AgentError, match="a hop of the route has no model"):
        route({}, Deployment(route=(HOP,)))


def test_a_routed_model_can_be_guarded(spec: Any, request_: Any) -> None:
    deployment = Deployment(route=(HOP,), agreements=(PAPER,))
    routed = route({"primary": lambda values: reply("first")}, deployment, today=lambda: TODAY)
    answer = guard(spec, routed, today=lambda: TODAY)(request_)
    assert asyncio.run(answer).output == {"letter": "first", "lines": []}  # type: ignore[arg-type]


GOOD = """
route:
  - {name: primary, role: model, provider: acme, model: acme-large-2, url: "https://api.acme.example/v1", region: us-east-1}
agreements:
  - {provider: acme, models: ["acme-*"], hosts: [api.acme.example], effective: "2026-01-01", signed: true}
operations: {inventory_reviewed: "2026-01-01", ports_declared: [443], grants: {coder: [execute, read]}}
"""


def test_a_deployment_is_read_from_yaml(tmp_path: Path) -> None:
    path = tmp_path / "route.yaml"
    path.write_text(GOOD, encoding="utf-8")
    deployment = read_deployment(path)
    assert deployment.hosts == deployment.model_hosts == {"api.acme.example:443"}
    assert deployment.agreements[0].effective == date(2026, 1, 1)
    assert deployment.operations.grants == {"coder": ("execute", "read")}
    assert deployment.limits.breach_notice_days == 10


@pytest.mark.parametrize(("change", "message"), [
    (("role: model", "role: oracle"), "route.0.role is wrong"), (("signed: true", "signed: maybe"), "agreements.0.signed"),
    (("2026-01-01", "1 Jan"), "effective is wrong"), (("region: us-east-1", "regoin: us-east-1"), "route.0"),
    (("route:\n", "rout:\n"), "route"), (("signed: true", "signed: yes"), "YAML readers disagree"),
    (("primary", "Marisol"), "route.0.name is wrong"),
])  # fmt: skip
def test_a_wrong_deployment_is_one_clear_line_without_the_value(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    path = tmp_path / "route.yaml"
    path.write_text(GOOD.replace(*change), encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        read_deployment(path)
    assert message in str(caught.value)
    assert "Marisol" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_deployment_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="the deployment cannot be read"):
        read_deployment(tmp_path / "none.yaml")
