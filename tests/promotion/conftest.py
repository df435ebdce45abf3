"""Twenty recorded executions of the billing agent, and a desk at which to review them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from evalkit.cases.case import Case, GoldSet
from evalkit.cases.randomness import stream
from evalkit.evaluation.safekeeping import open_ledger
from evalkit.executions.execution import Execution
from evalkit.executions.runner import execute
from evalkit.promotion.candidates import Candidate, Room, Source, make_candidate
from evalkit.promotion.gate import Shelf
from evalkit.promotion.review import Desk
from evalkit.spec.schema import Spec
from evalkit.tasks import load_spec, offline_agent, synthesize
from evalkit.vault.access import Access
from evalkit.vault.audit import Audit
from evalkit.vault.ledger import Ledger

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="session")
def spec() -> Spec:
    return load_spec("billing_codes@1.0.0")


@pytest.fixture(scope="session")
def patients(spec: Spec) -> GoldSet:
    """Whose requests production answered: synthetic, and treated as real here."""
    return synthesize(spec, n=20, seed=21)


@pytest.fixture(scope="session")
def ran(spec: Spec, patients: GoldSet) -> tuple[tuple[Case, Execution], ...]:
    done = execute(patients.cases, offline_agent(spec), spec_ref=spec.ref)
    return tuple(zip(patients, done, strict=True))


def new_room(seed: int = 5) -> Room:
    return Room.of(TODAY, stream(seed, "promotion").at(0).draw)


@pytest.fixture
def room() -> Room:
    return new_room()


def source_of(spec: Spec, case: Case, done: Execution, number: int = 1, **changes: object) -> Source:
    given = Source(
        name=f"evalkit/log/test#{number}", spec=spec, input=case.input, flags=case.flags, execution=done,
        known=case.identifiers,
    )  # fmt: skip
    return replace(given, **changes)


@pytest.fixture(scope="session")
def candidates(spec: Spec, ran: tuple[tuple[Case, Execution], ...]) -> tuple[Candidate, ...]:
    room = new_room()
    return tuple(make_candidate(source_of(spec, case, done, n), room) for n, (case, done) in enumerate(ran))


@pytest.fixture
def ledger(workspace: Path) -> Iterator[Ledger]:
    with open_ledger() as opened:
        yield opened


def desk_of(ledger: Ledger, spec: Spec, name: str = "alice", role: str = "custodian") -> Desk:
    return Desk(Audit(ledger, Access(f"user:{name}", role)), spec)


@pytest.fixture
def desk(ledger: Ledger, spec: Spec) -> Desk:
    return desk_of(ledger, spec)


@pytest.fixture
def shelf(tmp_path: Path, ledger: Ledger) -> Shelf:
    return Shelf(root=tmp_path / "datasets", id="billing", signer=ledger.keyring.signer(), at="2026-11-24T10:00:00Z")
