"""Routing under agreements: every place that a request may reach, and the written terms that cover it.

A deployment names its hops (the model, its fallbacks, embeddings, gateways, log sinks, tracking servers) and the
agreements that are on file. 45 CFR 164.502(e)(1)(ii) and 164.308(b) ask for a business associate agreement all the way
down; `gaps` says what is missing for one hop on one day. Nothing is assumed: what no agreement names is not covered, an
availability is no signature, and a term that is not written down counts against the hop.

`route` is the same at run time: a model that asks its hops in order and passes over what is not covered.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, ValidationError

from evalkit.agents.agent import Model, Reply
from evalkit.errors import AgentError, SpecError
from evalkit.spec.frontmatter import parse_head
from evalkit.spec.schema import SpecPart

Role = Literal[
    "model", "fallback", "embedding", "speech", "telephony", "gateway", "store", "log_sink", "tracking", "notebook"
]
ANSWERING: tuple[Role, ...] = ("model", "fallback")
"""Hops that a request may be answered by; the others are passed on the way."""


def _read_day(value: Any) -> Any:
    return date.fromisoformat(value) if isinstance(value, str) else value


Day = Annotated[date, BeforeValidator(_read_day)]


class Hop(SpecPart):
    """One place that a request may reach."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")
    role: Role
    provider: str
    url: str
    region: str
    model: str = ""
    """The exact model id; empty for what is no model."""


class Agreement(SpecPart):
    """One signed paper, as far as it can be checked. What is left out was not agreed."""

    provider: str
    models: tuple[str, ...] = ()
    """Exact ids, or with ``*`` for any run of characters except ``/``: ``large-2*`` does not cover ``large-3``."""
    hosts: tuple[str, ...] = ()
    """Exact host names, with ``:port`` where it is not 443."""
    regions: tuple[str, ...] = ()
    signed: bool = False
    effective: Day | None = None
    expires: Day | None = None
    """The last day it holds; None for no end."""
    document_sha256: str = ""
    """Digest of the signed document, so that it is this one and no other."""
    training_use: bool = True
    """Whether the provider may train on what it is sent; only a written no is a no."""
    breach_notice_days: int | None = Field(default=None, ge=0)
    cache_days: int | None = Field(default=None, ge=0)
    """How long the provider's caches may keep what they were sent."""
    log_days: int | None = Field(default=None, ge=0)
    """How long the provider's logs may."""
    no_store: str = ""
    """What a request must hold so that the provider keeps nothing of it, such as ``"store": false``; white space does
    not matter."""
    subcontractors: tuple[str, ...] = ()
    """Providers that it passes data on to; each needs an agreement of its own on file (164.504(e)(2)(ii)(D))."""


class Limits(SpecPart):
    """What an agreement must keep to. The law allows 60 days for a breach notice; contracts usually ask for less."""

    breach_notice_days: int = Field(default=10, ge=0, le=60)
    cache_days: int = Field(default=0, ge=0)
    log_days: int = Field(default=30, ge=0)


class Operations(SpecPart):
    """Dates and lists of an operator, for the rules that are about more than one request."""

    inventory_reviewed: Day | None = None
    agreements_verified: Day | None = None
    vulnerability_scan: Day | None = None
    penetration_test: Day | None = None
    restore_hours: float | None = Field(default=None, ge=0)
    ports_declared: tuple[int, ...] | None = None
    ports_listening: tuple[int, ...] | None = None
    grants: Mapping[str, tuple[str, ...]] | None = None
    """Role -> the actions that it may take."""


class Deployment(SpecPart):
    """Where an agent's requests may go, and under which terms. `read_deployment` reads one."""

    route: tuple[Hop, ...] = Field(min_length=1)
    agreements: tuple[Agreement, ...] = ()
    limits: Limits = Limits()
    operations: Operations = Operations()

    @property
    def hosts(self) -> frozenset[str]:
        """``host:port`` of every hop whose address can be read."""
        return frozenset(filter(None, map(host_of, (hop.url for hop in self.route))))

    @property
    def no_store(self) -> dict[str, str]:
        """``host:port`` of answering hops -> what a request to them must hold so that nothing of it is kept."""
        asked = {paper.provider: paper.no_store for paper in self.agreements if paper.no_store}
        hops = [hop for hop in self.route if hop.role in ANSWERING and hop.provider in asked]
        return {host: asked[hop.provider] for hop in hops if (host := host_of(hop.url)) is not None}

    @property
    def model_hosts(self) -> frozenset[str]:
        """``host:port`` of the hops that answer."""
        return frozenset(filter(None, (host_of(hop.url) for hop in self.route if hop.role in ANSWERING)))


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is not covered: a stable code, and one line for a person. Fixed words, no names."""

    code: str
    what: str


def read_deployment(path: Path) -> Deployment:
    """A deployment from a YAML file. Raises SpecError with the field that is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise SpecError("the deployment cannot be read", where=path.name, next_step="give a YAML file") from None
    value = parse_head(text, path=path.name).plain_value()
    try:
        return Deployment.model_validate(_tuples(value))
    except ValidationError as broken:
        first = broken.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise SpecError(f"{where or 'the deployment'} is wrong ({first['type']})", where=path.name) from None


def _tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _tuples(entry) for name, entry in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


_HOST = re.compile(r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def host_of(url: str) -> str | None:
    """``host:port`` that an address really leads to, or None for one that reads two ways.

    A user before the host (``https://good.example@evil.example``), a backslash, a percent sign, a dot at the end, a
    letter beyond ASCII, a number that is an address in disguise (``0x7f.1``) and the like are never covered: readers
    disagree on them. Capital letters are the same host.
    """
    if not url.isascii() or not url.isprintable() or re.search(r"[\s\\@%]", url):
        return None
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return None
    if parts.scheme not in {"https", "http"} or not host:
        return None
    try:
        shown = ipaddress.ip_address(host)
        host = f"[{shown}]" if shown.version == 6 else str(shown)
    except ValueError:
        if not _HOST.fullmatch(host) or re.fullmatch(r"(?:0x[0-9a-f]*|[0-9]+)", host.rsplit(".", 1)[-1]):
            return None
    return f"{host}:{port or (443 if parts.scheme == 'https' else 80)}"


def is_encrypted(url: str) -> bool:
    """Whether an address is https, or plain http on the machine itself."""
    host = host_of(url)
    local = host is not None and host.rsplit(":", 1)[0] in {"localhost", "127.0.0.1", "[::1]"}
    return url.lower().startswith("https:") or local


def covers_model(pattern: str, model: str) -> bool:
    """Whether an entry of an agreement names a model: letter by letter, ``*`` for any characters but ``/``."""
    expression = "[^/]*".join(map(re.escape, pattern.split("*")))
    return re.fullmatch(expression, model) is not None


def gaps(hop: Hop, deployment: Deployment, *, today: date) -> tuple[Gap, ...]:
    """What is missing for a hop on a day: an empty tuple where one agreement covers all of it.

    Where several agreements of the provider are on file, the gaps of the one that comes closest.
    """
    if host_of(hop.url) is None:
        return (Gap("address_unclear", "the address can be read two ways"),)
    papers = [paper for paper in deployment.agreements if paper.provider == hop.provider]
    if not papers:
        return (Gap("no_agreement", "no agreement with the provider is on file"),)
    return min((tuple(_find_gaps(hop, paper, deployment, today)) for paper in papers), key=len)


def _find_gaps(hop: Hop, paper: Agreement, deployment: Deployment, today: date) -> Iterable[Gap]:
    yield from _scope_gaps(hop, paper)
    yield from _date_gaps(paper, today)
    yield from _term_gaps(paper, deployment.limits)
    held = {other.provider for other in deployment.agreements if not list(_date_gaps(other, today))}
    if set(paper.subcontractors) - held:
        yield Gap("subcontractor", "a subcontractor has no agreement in force on file")


def _scope_gaps(hop: Hop, paper: Agreement) -> Iterable[Gap]:
    named = bool(hop.model) and any(covers_model(pattern, hop.model) for pattern in paper.models)
    if not named and (hop.model or hop.role in ANSWERING):
        yield Gap("model", "the agreement does not name this model")
    allowed = {host if ":" in host else f"{host}:443" for host in paper.hosts}
    if host_of(hop.url) not in {host.lower() for host in allowed}:
        yield Gap("host", "the agreement does not name this host")
    if hop.region not in paper.regions:
        yield Gap("region", "the agreement does not name this region")


def _date_gaps(paper: Agreement, today: date) -> Iterable[Gap]:
    if not paper.signed:
        yield Gap("not_signed", "the agreement is not signed")
    if paper.effective is None or today < paper.effective:
        yield Gap("not_effective", "the agreement is not in force yet")
    if paper.expires is not None and today > paper.expires:
        yield Gap("expired", "the agreement has expired")
    if not re.fullmatch(r"[0-9a-f]{64}", paper.document_sha256):
        yield Gap("document", "the signed document has no digest on file")


def _term_gaps(paper: Agreement, limits: Limits) -> Iterable[Gap]:
    if paper.training_use:
        yield Gap("training_use", "the provider may train on what it is sent")
    for name, what in (
        ("breach_notice_days", "the notice of a breach"), ("cache_days", "how long caches keep it"),
        ("log_days", "how long logs keep it"),
    ):  # fmt: skip
        term, limit = getattr(paper, name), getattr(limits, name)
        if term is None:
            yield Gap(name, f"{what} is not agreed")
        elif term > limit:
            yield Gap(name, f"{what} is longer than the limit")


def route(models: Mapping[str, Model], deployment: Deployment, *, today: Callable[[], date] = date.today) -> Route:
    """A model that asks the answering hops in order; ``models`` are the callables behind them, by hop name.

    A hop that is not covered on the day is passed over, and so is one that fails. Raises AgentError where a hop has no
    callable.
    """
    missing = [hop.name for hop in deployment.route if hop.role in ANSWERING and hop.name not in models]
    if missing:
        raise AgentError("a hop of the route has no model", where=missing[0], next_step="give every answering hop one")
    return Route(models, deployment, today)


class Route:
    """A routed model. Made by `route`. ``taken`` counts by hop name; it holds nothing of the requests."""

    def __init__(self, models: Mapping[str, Model], deployment: Deployment, today: Callable[[], date]) -> None:
        self.deployment = deployment
        self.taken: dict[str, int] = {}
        self._models = models
        self._today = today

    async def __call__(self, values: Mapping[str, Any]) -> Reply:
        """The reply of the first covered hop that gives one. Raises AgentError where none does."""
        failed = 0
        for hop in self.covered():
            self.taken[hop.name] = self.taken.get(hop.name, 0) + 1
            try:
                answer = self._models[hop.name](values)
                return await answer if isinstance(answer, Awaitable) else answer
            except Exception:  # noqa: BLE001 - a provider's failure is why there are fallbacks; its text may hold PHI
                failed += 1
        raise AgentError(
            "no covered hop of the route answered" if failed else "no hop of the route is covered by an agreement",
            next_step="see which agreements are missing: evalkit check --deployment",
        )

    def covered(self) -> Sequence[Hop]:
        """The answering hops that may be asked today, in order."""
        today = self._today()
        return [
            hop
            for hop in self.deployment.route
            if hop.role in ANSWERING and not gaps(hop, self.deployment, today=today)
        ]
