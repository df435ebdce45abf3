"""The inventory: what a spec and its agent touch, and where protected information may be.

90 FR 898 (proposed) asks for a list of technology assets and a map of the network, reviewed every year. One is written
here from the spec, the route under its agreements, and what a watched agent was seen to do. It holds names of fields,
hops, models and hosts and no value of a case; a name that nobody declared and in which an identifier stands is
withheld. What was seen is said by kind and not counted, so that the same agent has the same inventory on any cases.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import PurePath
from typing import Any

from evalkit.agents.guard import covers
from evalkit.agents.routing import ANSWERING, Deployment, Hop, gaps, host_of
from evalkit.boundary.channels import kind_of_file, lines_of
from evalkit.boundary.sinks import needles_of
from evalkit.cards import Grid, card
from evalkit.cases.case import Case
from evalkit.errors import EvalkitError
from evalkit.executions.execution import Execution
from evalkit.spec.schema import Spec
from evalkit.visible import visible

FORMAT = "evalkit-inventory/1"
LONGEST = timedelta(days=365)
"""How old an inventory may be (90 FR 898, proposed)."""
WITHHELD = "<withheld>"
"""Stands for a name that may be somebody's."""
_IN_FORCE = "in force"


@dataclass(frozen=True, slots=True, repr=False)
class Inventory:
    """What a spec and an agent touch. `take_inventory` makes one; ``str`` is a map for a terminal."""

    taken: date
    spec: Mapping[str, Any]
    """Reference and digest, and by field what it may hold and how far it goes."""
    agent: str
    route: tuple[Mapping[str, Any], ...]
    """Each hop with its provider, host, region, model, agreement and subcontractors, and whether it was reached."""
    models: tuple[Mapping[str, Any], ...]
    """Every model that answered and whether the spec allows it."""
    beyond: tuple[str, ...]
    """Hosts that were reached and are on no route."""
    sinks: tuple[str, ...]
    """Where else something came out: ``file``, ``log``, ``tool find_slots``, ``program mail``."""
    watched: tuple[str, ...]
    """What was under watch; nothing else is known not to be there."""

    @property
    def problems(self) -> tuple[str, ...]:
        """What was seen or is routed, and is not covered."""
        hops = [f"{hop['name']}: {hop['agreement']}" for hop in self.route if hop["agreement"] != _IN_FORCE]
        models = [
            f"{model['id']}: a model that the spec does not allow" for model in self.models if not model["allowed"]
        ]
        return (*hops, *models, *(f"{host}: a host of no route" for host in self.beyond))

    def document(self) -> dict[str, Any]:
        """The inventory as JSON values, in a fixed order."""
        return {
            "format": FORMAT, "taken": self.taken.isoformat(), "spec": dict(self.spec), "agent": self.agent,
            "route": [dict(hop) for hop in self.route], "models": [dict(model) for model in self.models],
            "beyond_the_route": list(self.beyond), "sinks": list(self.sinks), "watched": list(self.watched),
        }  # fmt: skip

    def changes_since(self, old: Mapping[str, Any]) -> tuple[str, ...]:
        """One line for all that is another than in an earlier document, and one for its age. The day is no change."""
        before, after = dict(_flat(old)), dict(_flat(self.document()))
        whole = tuple(f"{name}." for name in before.keys() ^ after.keys() if name.endswith("]"))
        lines = [
            f"{name}: {_step(before.get(name), after.get(name))}"
            for name in {**before, **after}
            if name != "taken" and before.get(name) != after.get(name) and not name.startswith(whole)
        ]
        return (*lines, *_age(old, self.taken))

    def __str__(self) -> str:
        lines = [f"{self.spec['ref']} by {self.agent}, {self.taken.isoformat()}"]
        for hop in self.route:
            said = (hop["role"], hop["provider"], hop["model"], hop["host"], hop["region"], hop["agreement"])
            lines.append(
                f"  -> {hop['name']}: " + ", ".join(filter(None, said)) + ("" if hop["reached"] else ", not reached")
            )
            lines += [f"      -> {name}: subcontractor" for name in hop["subcontractors"]]
        lines += [f"  -> {host}: on no route" for host in self.beyond]
        lines += [f"  model {model['id']}" for model in self.models]
        lines += [f"  sink  {sink}" for sink in self.sinks]
        lines += [f"  field {name}: {field}" for name, field in self.spec["fields"].items()]
        lines.append(f"  under watch: {', '.join(self.watched) or 'nothing'}")
        return "\n".join(visible(line, most=400) for line in lines)

    def __repr__(self) -> str:
        return f"Inventory({self.spec['ref']}, {len(self.route)} hops, {len(self.beyond)} hosts beyond the route)"

    def _repr_html_(self) -> str:
        names = ("name", "role", "provider", "model", "host", "region", "agreement")
        hops = [[*(hop[name] for name in names), "yes" if hop["reached"] else "no"] for hop in self.route]
        seen = [("host of no route", host) for host in self.beyond]
        seen += [("model", model["id"]) for model in self.models] + [("sink", sink) for sink in self.sinks]
        grids = [Grid([*names, "reached"], hops), Grid(["seen", "what"], seen),
                 Grid(["field", "what it holds and how far it goes"], list(self.spec["fields"].items()))]  # fmt: skip
        lead = f"Taken {self.taken.isoformat()}; under watch: {', '.join(self.watched) or 'nothing'}."
        return card(f"What {self.spec['ref']} by {self.agent} touches", lead=lead, grids=grids)


def take_inventory(
    spec: Spec, agent: str, pairs: Iterable[tuple[Case, Execution]], *, deployment: Deployment | None, today: date
) -> Inventory:
    """The inventory of a spec, of what an agent did on cases, and of its route. The same input, the same inventory."""
    seen = list(pairs)
    names = _Names([case for case, _ in seen])
    lines = [line for _, done in seen for line in lines_of(done) if line.kind not in {"dns", "unix"}]
    reached = {line.host for line in lines}
    routed = deployment.hosts if deployment is not None else frozenset()
    hops = deployment.route if deployment is not None else ()
    watched = {sink for _, done in seen for one in done.seen or () if one.sink == "watch" for sink in one.text.split()}
    return Inventory(
        taken=today,
        spec={"ref": spec.ref, "content_sha": spec.content_sha, "data_class": spec.data_class, "fields": _fields(spec)},
        agent=agent,
        route=tuple(_hop(hop, deployment, today, reached) for hop in hops if deployment is not None),
        models=tuple(_models(spec, {done.reply.model_id for _, done in seen if done.reply is not None}, names)),
        beyond=tuple(sorted({names.show(host) for host in reached - routed})),
        sinks=tuple(sorted({sink for _, done in seen for sink in _sinks(done, names)})),
        watched=tuple(sorted(watched)),
    )


def read_inventory(text: bytes, *, where: str) -> dict[str, Any]:
    """An earlier document. Raises EvalkitError where it is none."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise EvalkitError(
            "the file is no inventory", where=where, next_step="write one with evalkit inventory -o FILE"
        )
    return document


def _fields(spec: Spec) -> dict[str, str]:
    """What each input field may hold, and how far it goes; what the output may repeat."""
    reach = {
        "send": "reaches the model",
        "derive": "only what is derived reaches the model",
        "validate_only": "stays here",
    }
    fields = {
        name: f"{', '.join(field.phi) or 'nothing protected'}; {reach[field.use]}" for name, field in spec.input.items()
    }
    echoes = {f"output.{echo.field}": f"may repeat {echo.needle}" for echo in spec.minimum_necessary.echo}
    return {**fields, **echoes}


def _hop(hop: Hop, deployment: Deployment, today: date, reached: set[str]) -> dict[str, Any]:
    missing = gaps(hop, deployment, today=today)
    papers = [paper for paper in deployment.agreements if paper.provider == hop.provider]
    host = host_of(hop.url)
    return {
        "name": hop.name, "role": hop.role, "provider": hop.provider, "model": hop.model, "host": host or "unclear",
        "region": hop.region, "answers": hop.role in ANSWERING, "reached": host in reached,
        "agreement": "; ".join(gap.what for gap in missing) or _IN_FORCE,
        "documents": sorted({paper.document_sha256 for paper in papers if paper.document_sha256}),
        "subcontractors": sorted({name for paper in papers for name in paper.subcontractors}),
    }  # fmt: skip


def _models(spec: Spec, ids: Iterable[str | None], names: _Names) -> Iterator[dict[str, Any]]:
    """An id that the spec does not allow may be anything, and is not shown; of others the version may be."""
    known = {one: covers(spec.models, one) for one in ids if one is not None}
    yield from ({"id": one, "allowed": True} for one in sorted({names.show(one) for one in known if known[one]}))
    if not all(known.values()):
        yield {"id": WITHHELD, "allowed": False}


def _sinks(done: Execution, names: _Names) -> Iterator[str]:
    if done.logs:
        yield "log"
    for one in done.seen or ():
        if one.sink in {"stdout", "stderr", "environment", "listen"}:
            yield one.sink
        elif one.sink == "file":
            yield {"tracking": "tracking store"}.get(kind := kind_of_file(one.place), kind)
        elif one.sink == "process":
            yield f"program {names.show(PurePath(one.place).name)}"
        elif one.sink == "tool":
            yield f"tool {names.show(one.place)}"


class _Names:
    """Names that nobody declared, shown where no identifier of any case stands in them."""

    def __init__(self, cases: Iterable[Case]) -> None:
        self._planted = list(dict.fromkeys(case.identifiers for case in cases if case.identifiers))
        self._shown: dict[str, str] = {}

    def show(self, name: str) -> str:
        """The name, or `WITHHELD`."""
        if name not in self._shown:
            leaks = any(needles_of(known).search(name, place="name") for known in self._planted)
            self._shown[name] = WITHHELD if leaks else name
        return self._shown[name]


def _flat(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Place -> scalar. Entries of lists stand under their name or id, so that one more moves no other."""
    if isinstance(value, Mapping):
        for name, entry in value.items():
            yield from _flat(entry, f"{place}.{name}" if place else str(name))
    elif isinstance(value, list):
        for entry in value:
            named = isinstance(entry, Mapping) and (entry.get("name") or entry.get("id"))
            yield f"{place}[{named or entry}]", True
            yield from _flat(entry, f"{place}[{named}]") if named else ()
    else:
        yield place, value


def _step(old: Any, new: Any) -> str:
    if old is None:
        return "new" if new is True else f"new, {new}"
    return "gone" if new is None else f"{old} -> {new}"


def _age(old: Mapping[str, Any], today: date) -> Iterator[str]:
    try:
        taken = date.fromisoformat(str(old.get("taken")))
    except ValueError:
        yield "taken: no day"
        return
    if taken > today:
        yield "taken: a day that has not come yet"
    elif today - taken > LONGEST:
        yield f"taken: {(today - taken).days} days ago, and {LONGEST.days} are the most"
