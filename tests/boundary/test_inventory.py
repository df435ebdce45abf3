"""What a spec and an agent touch, as a list that can be compared."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from evalkit.agents.agent import Reply, Request
from evalkit.agents.guard import Guard
from evalkit.agents.routing import Agreement, Deployment, Hop
from evalkit.boundary.examination import Terms, observe
from evalkit.boundary.inventory import WITHHELD, Inventory, read_inventory, take_inventory
from evalkit.cases.case import Case
from evalkit.errors import EvalkitError
from evalkit.executions.execution import Execution, Sighting
from evalkit.executions.tools import watched_tool
from evalkit.executions.watched import can_watch
from evalkit.spec.schema import Echo, Spec

NAME = "Quillan Ostrander"
TODAY = date(2026, 6, 1)
WATCH = Sighting("watch", "child", "file network tool")
PAPER = Agreement(
    provider="acme", models=("rules/*",), hosts=("api.acme.example",), regions=("us",), signed=True,
    effective=date(2026, 1, 1), document_sha256="ab" * 32, training_use=False, breach_notice_days=5, cache_days=0,
    log_days=30,
)  # fmt: skip
ROUTE = Deployment(
    route=(
        Hop(name="primary", role="model", provider="acme", model="rules/offline", url="https://api.acme.example/", region="us"),
        Hop(name="logs", role="log_sink", provider="logco", url="https://logs.example/", region="us"),
    ),
    agreements=(PAPER,),
)  # fmt: skip


def take(spec: Spec, case: Case, *sightings: Sighting, **parts: Any) -> Inventory:
    done = Execution(
        case.case_id, 0, Reply("ok", {}, model_id=parts.pop("model_id", "rules/offline@1")), seen=(WATCH, *sightings)
    )
    deployment = parts.pop("deployment", ROUTE)
    return take_inventory(spec, "agent@1", [(case, done)], deployment=deployment, today=parts.pop("today", TODAY))


def test_every_hop_stands_there_with_its_agreement_and_whether_it_was_reached(
    spec: Spec, cases: tuple[Case, ...]
) -> None:
    taken = take(spec, cases[0], Sighting("network", "tls api.acme.example:443 TLSv1.3", "POST / HTTP/1.1"))
    assert [(hop["name"], hop["reached"], hop["agreement"]) for hop in taken.route] == [
        ("primary", True, "in force"), ("logs", False, "no agreement with the provider is on file"),
    ]  # fmt: skip
    assert taken.problems == ("logs: no agreement with the provider is on file",)
    assert taken.route[0]["documents"] == ["ab" * 32]
    assert "  -> primary: model, acme, rules/offline, api.acme.example:443, us, in force\n" in str(taken)


def test_what_was_seen_and_nobody_declared_is_a_problem(spec: Spec, cases: tuple[Case, ...]) -> None:
    seen = Sighting("network", "plain evil.example:80", "GET / HTTP/1.1")
    taken = take(spec, cases[0], seen, model_id="somebody/else@1")
    assert set(taken.problems) >= {
        "evil.example:80: a host of no route", f"{WITHHELD}: a model that the spec does not allow",
    }  # fmt: skip
    assert take(spec, cases[0], seen, deployment=None).beyond == ("evil.example:80",)


def test_fields_say_what_they_may_hold_and_how_far_they_go(spec: Spec, cases: tuple[Case, ...]) -> None:
    echo = (Echo(field="letter", needle="patient.name", reason="a letter is addressed"),)
    echoing = replace(spec, minimum_necessary=spec.minimum_necessary.model_copy(update={"echo": echo}))
    fields = take(echoing, cases[0]).spec["fields"]
    assert fields["note_text"] == "free_text; reaches the model"
    assert fields["patient_mrn"] == "mrn; stays here"
    assert fields["rendering_npi"] == "nothing protected; stays here"
    assert fields["output.letter"] == "may repeat patient.name"


def test_a_name_that_may_be_somebodys_is_withheld(spec: Spec, cases: tuple[Case, ...]) -> None:
    taken = take(
        spec, cases[0], Sighting("network", "plain quillan-ostrander.example:80", ""), Sighting("tool", f"mail_{NAME}", "[]"),
        Sighting("process", f"/bin/{NAME}", ""), Sighting("file", f"/tmp/{NAME}.ipynb", NAME), Sighting("tool", "mail", "[]"),
        model_id=f"rules/{NAME}",
    )  # fmt: skip
    versioned = take(spec, cases[0], model_id=f"rules/offline@{NAME}")
    assert versioned.models == ({"id": WITHHELD, "allowed": True},)
    assert taken.sinks == ("notebook", f"program {WITHHELD}", f"tool {WITHHELD}", "tool mail")
    assert taken.beyond == (WITHHELD,)
    said = json.dumps(taken.document()) + str(taken) + repr(taken) + taken._repr_html_() + str(taken.problems)
    assert "strander" not in said


def test_the_same_agent_has_the_same_inventory_on_other_cases_and_another_day(
    spec: Spec, cases: tuple[Case, ...]
) -> None:
    old = json.loads(json.dumps(take(spec, cases[0], Sighting("file", "/tmp/a", "x")).document()))
    assert (
        take(spec, cases[1], Sighting("file", "/tmp/b", "y"), today=TODAY + timedelta(days=365)).changes_since(old)
        == ()
    )


@pytest.mark.parametrize(("days", "what"), [
    (366, "taken: 366 days ago, and 365 are the most"), (-1, "taken: a day that has not come yet"),
])  # fmt: skip
def test_an_inventory_that_is_too_old_is_a_change(spec: Spec, cases: tuple[Case, ...], days: int, what: str) -> None:
    old = take(spec, cases[0]).document()
    assert take(spec, cases[0], today=TODAY + timedelta(days=days)).changes_since(old) == (what,)


def test_every_change_is_one_line(spec: Spec, cases: tuple[Case, ...]) -> None:
    old = take(spec, cases[0], Sighting("file", "/tmp/a", "x")).document()
    primary, logs = ROUTE.route
    moved = ROUTE.model_copy(update={"route": (primary.model_copy(update={"region": "eu"}),)})
    new = take(spec, cases[0], Sighting("tool", "mail", "[]"), deployment=moved)
    assert new.changes_since(old) == (
        "route[primary].region: us -> eu", "route[primary].agreement: in force -> the agreement does not name this region",
        "route[logs]: gone", "sinks[file]: gone", "sinks[tool mail]: new",
    )  # fmt: skip
    assert take(spec, cases[0]).changes_since({**old, "taken": "soon"})[-1] == "taken: no day"
    assert logs.name == "logs"


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b"\xff", b'{"format": "other"}', b"[" * 100_000])
def test_what_is_no_inventory_is_said_to_be_none(text: bytes) -> None:
    with pytest.raises(EvalkitError, match="the file is no inventory"):
        read_inventory(text, where="old.json")


@pytest.mark.skipif(not can_watch(), reason="agents can be watched on Linux only")
def test_a_real_agent_is_listed_with_what_it_did(
    spec: Spec, cases: tuple[Case, ...], good: Guard, tmp_path: Path
) -> None:
    @watched_tool
    def find_slots(day: str) -> str:
        return day

    def busy(request: Request) -> Any:
        print("busy")
        (tmp_path / "log.txt").write_text("busy", encoding="utf-8")
        subprocess.run([sys.executable, "-c", ""], check=True)
        find_slots("monday")
        return good(request)

    pairs = observe(spec, cases[:1], busy, terms=Terms())
    taken = take_inventory(spec, "busy", pairs, deployment=None, today=TODAY)
    assert set(taken.sinks) >= {"file", "stdout", "tool find_slots", f"program {Path(sys.executable).name}"}
    assert taken.models == ({"id": "rules/offline@1", "allowed": True},)
    assert {"file", "network", "process"} <= set(taken.watched)
    assert taken.problems == ()
