"""Rules about agreements and operations: who may be sent anything at all, and whether the house is in order.

One function a rule, over a deployment (`evalkit.agents.routing`). Nothing here is legal advice or a certificate: a
check says what is on file and what is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta

from evalkit.agents.guard import covers
from evalkit.agents.routing import ANSWERING, Gap, Hop, gaps, host_of, is_encrypted
from evalkit.boundary.standing import Judged, Standing, StandingRule

_TERMS = frozenset({"training_use", "breach_notice_days", "cache_days", "log_days"})
RESTORE_HOURS = 72.0
_YEAR, _HALF_YEAR = timedelta(days=365), timedelta(days=183)


def cover_every_hop(standing: Standing) -> Judged | None:
    """Every hop of the route has a written agreement in force for its host, model and region.

    45 CFR 164.308(b)(1)-(3), 164.314(a)(2), 164.502(e), 164.504(e)(1), (2), (5): all the way down, log sinks and
    subcontractors too.
    """
    return _hops(standing, lambda gap: gap.code not in _TERMS)


def agree_on_terms(standing: Standing) -> Judged | None:
    """No training on what is sent; notice of a breach, and the keeping of caches and logs, within the limits.

    45 CFR 164.504(e)(2)(ii)(C), (D), 164.410.
    """
    return _hops(standing, lambda gap: gap.code in _TERMS)


def cover_fallbacks(standing: Standing) -> Judged | None:
    """When the first model fails, the next one that may be asked is covered as well (45 CFR 164.502(e)(1)(ii))."""
    return _hops(standing, lambda _: True, roles=("fallback",))


def allow_routed_models(standing: Standing) -> Judged | None:
    """Every model of the route is one that the spec allows (45 CFR 164.308(b)(1))."""
    if standing.deployment is None:
        return None
    return {
        hop.name: [] if covers(standing.spec.models, hop.model) else ["a model that the spec does not allow"]
        for hop in standing.deployment.route
        if hop.role in ANSWERING
    }


def encrypt_every_hop(standing: Standing) -> Judged | None:
    """Every address is https and can be read one way only (45 CFR 164.312(e)(2)(ii))."""
    if standing.deployment is None:
        return None
    return {
        hop.name: [
            *(["an address that can be read two ways"] if host_of(hop.url) is None else []),
            *(["an address that is not https"] if not is_encrypted(hop.url) else []),
        ]
        for hop in standing.deployment.route
    }


def give_every_field_a_reason(standing: Standing) -> Judged | None:
    """Every field that reaches a model has a reason, and every field says what it may hold (164.514(d)(2)(i)).

    A text or list that is said to hold nothing protected is taken at its word; one that is free is not.
    """
    spec = standing.spec
    judged: dict[str, list[str]] = {}
    for name, field in spec.input.items():
        problems = []
        if name in spec.minimum_necessary.allow and not spec.minimum_necessary.allow[name].strip():
            problems.append("reaches a model for no reason")
        if not field.phi and field.type == "list[note]":
            problems.append("holds notes, and does not say that they may hold anything protected")
        judged[name] = problems
    return judged


def review_the_inventory(standing: Standing) -> Judged | None:
    """The list of assets and the map of the network are not older than a year (90 FR 898, proposed)."""
    return _dates(standing, (("inventory_reviewed", _YEAR),))


def keep_the_calendar(standing: Standing) -> Judged | None:
    """Agreements verified and systems tested within a year, scanned within six months (90 FR 898, proposed)."""
    return _dates(
        standing,
        (("agreements_verified", _YEAR), ("penetration_test", _YEAR), ("vulnerability_scan", _HALF_YEAR)),
    )


def restore_in_time(standing: Standing) -> Judged | None:
    """A restore was measured, and took at most 72 hours (90 FR 898, proposed; 45 CFR 164.308(a)(7)(ii)(B))."""
    if standing.deployment is None:
        return None
    hours = standing.deployment.operations.restore_hours
    if hours is None:
        return None
    return {"restore_hours": [] if hours <= RESTORE_HOURS else ["a restore takes more than 72 hours"]}


def open_declared_ports(standing: Standing) -> Judged | None:
    """What listens is what was declared (90 FR 898, proposed configuration management)."""
    operations = standing.deployment.operations if standing.deployment is not None else None
    if operations is None or operations.ports_declared is None or operations.ports_listening is None:
        return None
    declared, listening = set(operations.ports_declared), set(operations.ports_listening)
    return {
        f"port {port}": [] if port in declared else ["listens and was not declared"]
        for port in sorted(declared | listening)
    }


def _hops(standing: Standing, about: Callable[[Gap], bool], *, roles: Iterable[str] = ()) -> Judged | None:
    """The gaps of every hop that a rule is about."""
    deployment = standing.deployment
    if deployment is None:
        return None
    wanted = tuple(roles)
    return {
        hop.name: [gap.what for gap in _gaps(hop, standing) if about(gap)]
        for hop in deployment.route
        if not wanted or hop.role in wanted
    }


def _gaps(hop: Hop, standing: Standing) -> tuple[Gap, ...]:
    assert standing.deployment is not None
    return gaps(hop, standing.deployment, today=standing.today)


def _dates(standing: Standing, due: Iterable[tuple[str, timedelta]]) -> Judged | None:
    if standing.deployment is None:
        return None
    dates: dict[str, date | None] = {name: getattr(standing.deployment.operations, name) for name, _ in due}
    if not any(dates.values()):  # an operator who says nothing is not watched; one who leaves one out has forgotten it
        return None
    judged: dict[str, list[str]] = {}
    for name, within in due:
        done = dates[name]
        if done is None:
            judged[name] = ["no date on file"]
        elif done > standing.today:
            judged[name] = ["a date that has not come yet"]
        else:
            judged[name] = [] if standing.today - done <= within else ["overdue"]
    return judged


RULES = (
    StandingRule("field_reasons", "Every field has a reason", "45 CFR 164.514(d)(2)(i)", give_every_field_a_reason),
    StandingRule("agreements", "Every hop is under an agreement",
                 "45 CFR 164.308(b)(1)-(3), 164.314(a)(2), 164.502(e), 164.504(e)", cover_every_hop),
    StandingRule("agreement_terms", "Agreements have the terms", "45 CFR 164.504(e)(2)(ii), 164.410", agree_on_terms),
    StandingRule("fallbacks", "Fallbacks are covered", "45 CFR 164.502(e)(1)(ii)", cover_fallbacks),
    StandingRule("routed_models", "The route asks allowed models", "45 CFR 164.308(b)(1)", allow_routed_models),
    StandingRule("encrypted_hops", "Every hop is reached over https", "45 CFR 164.312(e)(2)(ii)", encrypt_every_hop),
    StandingRule("inventory", "The inventory is of this year", "90 FR 898", review_the_inventory, "proposed"),
    StandingRule("calendar", "Verifications and tests are not overdue", "90 FR 898", keep_the_calendar,
                 "proposed"),
    StandingRule("restore", "A restore takes 72 hours at most", "90 FR 898; 45 CFR 164.308(a)(7)(ii)(B)",
                 restore_in_time, "proposed"),
    StandingRule("ports", "Only declared ports listen", "90 FR 898", open_declared_ports, "proposed"),
)  # fmt: skip
