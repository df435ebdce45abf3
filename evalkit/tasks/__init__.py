"""Clinical families, and where spec and family meet: loading specs, making cases, running the offline agent.

Adding a family is adding one folder and one line in `FAMILIES`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.cases.people import STRESS, People
from evalkit.errors import AgentError, CaseError, SpecError
from evalkit.spec.document import parse_spec
from evalkit.spec.examples import read_examples
from evalkit.spec.registry import Registry
from evalkit.spec.schema import Spec
from evalkit.tasks.families import Families, Schemas

if TYPE_CHECKING:
    from evalkit.agents.agent import Agent
    from evalkit.agents.conversation import Converser
    from evalkit.cases.case import GoldSet

FAMILIES = Families({
    "billing_codes": "evalkit.tasks.billing_codes",
    "note_summary": "evalkit.tasks.note_summary",
    "patient_conversation": "evalkit.tasks.patient_conversation",
    "prior_authorization": "evalkit.tasks.prior_authorization",
})  # fmt: skip
"""Every clinical family by the name that a spec's ``family:`` says, imported when it is first asked for; any other
name gives an open family."""

PRODUCTION = "production"
_PACKAGE = Path(__file__).resolve().parents[1]


def load_spec(ref: str | Path) -> Spec:
    """A spec by reference, or from a file.

    ``billing_codes@2.0.0`` is that version, ``billing_codes@production`` the one an alias points at,
    ``billing_codes`` the production version or, where none is, the highest. The registry in ./specs is asked first,
    then the shipped one; what they give is checked against its registered digest. A path (``drafts/3.0.0.md``) is
    read as it is.

    Raises SpecError where the document does not load, RegistryError where a registered file was changed.
    """
    if isinstance(ref, Path) or ref.endswith(".md"):
        return read_spec(_read_file(Path(ref)), path=str(ref))
    name, _, wanted = ref.partition("@")
    known: list[str] = []
    for registry in _registries():
        versions, aliases = registry.versions(name), registry.aliases(name)
        known += versions
        chosen = wanted or (PRODUCTION if PRODUCTION in aliases else next(reversed(versions), ""))
        if chosen in versions or chosen in aliases:
            text, path = registry.read(name, chosen)
            return read_spec(text, path=str(path))
    raise SpecError(
        "no such version" if known else "no spec of this name",
        where=f"spec {ref!r}",
        next_step=f"registered: {', '.join(dict.fromkeys(known))}" if known else "give a path that ends in .md",
    )


def read_spec(text: str | bytes, *, path: str) -> Spec:
    """A spec from its text; ``path`` is its name in messages.

    Raises SpecError with file and line where it does not load, or where the family's offline agent could not
    execute it. A family that nobody knows is an open one (`openfamily`): its body is prose.
    """
    spec = reread_spec(text, path=path)
    _check_gates(spec)
    read_examples(spec)
    family = FAMILIES[spec.family]
    execute = family.rules or family.converser
    if execute is not None:
        execute(spec)
    return spec


def reread_spec(text: str | bytes, *, path: str) -> Spec:
    """A spec that a run was made with: parsed again, and not tried again on metrics and offline agent."""
    return parse_spec(text, path=path, schemas=Schemas(FAMILIES), open_families=True)


def _check_gates(spec: Spec) -> None:
    """Refuse a gate on a metric that the family does not have: it would never be judged."""
    known = FAMILIES[spec.family].metrics
    for gate in spec.gates:
        if gate.metric not in known:
            line = next((n for n, text in enumerate(spec.source.split("\n"), 1) if f"metric: {gate.metric}" in text), 1)
            raise SpecError(
                f"{spec.family} has no metric {gate.metric}",
                where=f"{spec.path}:{line}",
                next_step=f"metrics: {', '.join(known)}",
            )


def synthesize(spec: Spec, *, n: int, seed: int, people: People = STRESS) -> GoldSet:
    """``n`` synthetic cases for the spec's family, cases 0 to n - 1 of a seed.

    Their truth is the family's, not the spec's: every version gets the same cases and the same answers. A spec of no
    known family gets those of its contract (`contractcases`), ``n`` to answer and some more. Raises CaseError for a
    family whose cases are only imported, and for n < 1.
    """
    from evalkit.cases.case import GoldSet
    from evalkit.tasks.contractcases import contract_cases

    if spec.family not in FAMILIES:
        return contract_cases(spec, n=n, seed=seed, people=people)
    make_case = FAMILIES[spec.family].make_case
    if make_case is None:
        raise CaseError(
            "no cases can be made up for this family",
            where=spec.family,
            next_step="import a gold set: evalkit import",
        )
    if n < 1:
        raise CaseError("at least one case is needed", where="n")
    cases = tuple(make_case(seed, index, people=people) for index in range(n))
    return GoldSet(f"{spec.family} synthetic seed {seed}", cases)


def offline_agent(spec: Spec) -> Agent:
    """The agent that executes the spec's tables, behind the guard. No model, no network.

    Raises AgentError for a family without one.
    """
    from evalkit.agents.conversation import guarded
    from evalkit.agents.guard import guard
    from evalkit.executions.talks import seated

    family = FAMILIES[spec.family]
    rules = family.rules
    if family.converser is not None and family.stage is not None:
        return seated(guarded(spec, family.converser(spec)), family.stage)
    if rules is None:
        raise AgentError(
            "this family has no offline agent", where=spec.family, next_step="give the address of an agent"
        )
    return guard(spec, rules(spec))


def seat(spec: Spec, agent: Agent | Converser) -> Agent:
    """The agent as the spec's family asks it: on its stage where cases are conversations, as it is elsewhere.

    A recording answers as it was recorded.
    """
    from evalkit.executions.talks import seated

    stage = FAMILIES[spec.family].stage
    if stage is None or getattr(agent, "recorded", False):
        return agent  # type: ignore[return-value]  # elsewhere an agent takes a request
    return seated(agent, stage)


def shipped_root() -> Path:
    """The folder with the shipped ``specs`` and ``datasets``: in the installed package, or the checkout."""
    installed = _PACKAGE / "shipped"
    return installed if installed.is_dir() else _PACKAGE.parent


def _registries() -> Iterator[Registry]:
    for root in (Path("specs"), shipped_root() / "specs"):
        if (root / "registry.jsonl").is_file():
            yield Registry(root)


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise SpecError("the file cannot be read", where=str(path), next_step="check the path") from None
