"""Safekeeping of evaluations: every execution is on record once, with who, what, which PHI and when; and no value leaks."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import evalkit as ek
from evalkit.agents.agent import Reply, Request, Usage
from evalkit.cases.case import Case
from evalkit.errors import AuditError, EvalkitError, SealError
from evalkit.evaluation.safekeeping import (
    categories_sent,
    current_actor,
    last_in_effect,
    open_ledger,
    read_payload,
)
from evalkit.executions.execution import Execution, Failure
from evalkit.executions.runner import Budget, Settings
from evalkit.executions.tools import watched_tool
from evalkit.spec.registry import Registry
from evalkit.spec.schema import Spec
from evalkit.tasks import read_spec
from evalkit.vault.access import Access
from evalkit.vault.audit import Audit, Question
from evalkit.vault.verification import verify

N = 12


@pytest.fixture(scope="module")
def spec() -> Spec:
    return ek.load_spec("billing_codes@2.0.0")


def custodian(ledger: object) -> Audit:
    return Audit(ledger, Access(current_actor(), "custodian"))  # type: ignore[arg-type]


def test_every_execution_of_an_evaluation_is_a_record(workspace: Path, spec: Spec) -> None:
    before = datetime.now(UTC)
    cases = ek.synthesize(spec, n=N, seed=7)
    run = ek.evaluate(spec, cases, ek.offline_agent(spec), trials=2)
    with open_ledger() as ledger:
        audit = custodian(ledger)
        found = audit.search(Question(action="execute", target=run.header.run_id))
        assert len(found) == 2 * (N + run.header.probes)
        whole = audit.search(Question(action="evaluate"))
        assert [one.target for one in whole] == [run.header.run_id]
        for one in found:
            assert (one.actor, one.spec, one.spec_sha) == (current_actor(), spec.ref, spec.content_sha)
            assert one.agent == run.header.agent_id
            assert one.ended is not None
            assert before - timedelta(seconds=1) <= one.ended <= one.at <= datetime.now(UTC)
        case = cases.cases[3]
        (seq,) = [one.seq for one in found if one.target == f"{run.header.run_id}/{case.case_id}/1"]
        inputs, flags, done = read_payload(audit.read(seq))
        assert (inputs, flags) == (case.input, case.flags)
        assert (done.case_id, done.trial, done.status) == (case.case_id, 1, ledger.get(seq).outcome)
    answered = [one for one in found if one.outcome == "ok"]
    assert {one.phi for one in answered} == {("free_text",)}
    assert {one.model for one in answered} == {"rules/offline@1"}


def test_cases_of_one_patient_are_about_one_subject_also_in_the_next_run(workspace: Path, spec: Spec) -> None:
    cases = ek.synthesize(spec, n=40, seed=7)
    people = set()
    for _ in range(2):
        run = ek.evaluate(spec, cases, ek.offline_agent(spec))
        with open_ledger() as ledger:
            found = custodian(ledger).search(Question(action="execute", target=run.header.run_id))
        subject = {one.target.split("/")[1]: one.subject for one in found}
        clusters = {case.cluster_id for case in cases}
        assert len({subject[case.case_id] for case in cases}) == len(clusters) < len(cases)
        people |= {subject[case.case_id] for case in cases}
    assert len(people) == len(clusters)


def test_a_run_is_recorded_once_and_what_a_budget_left_undone_when_it_was_done(workspace: Path, spec: Spec) -> None:
    cases = ek.synthesize(spec, n=6, seed=7)
    journal = workspace.parent / "run.db"
    agent = ek.offline_agent(spec)
    targets: list[list[str]] = []
    for budget in (Budget(calls=4), None, None):
        settings = Settings(budget=budget) if budget else Settings()
        run = ek.evaluate(spec, cases, agent, journal=journal, settings=settings)
        with open_ledger() as ledger:
            found = custodian(ledger).search(Question(action="execute"))
        targets.append([one.target for one in found])
        assert len(set(targets[-1])) == len(targets[-1])
    assert len(targets[0]) == 4
    assert targets[1][:4] == targets[0]
    assert len(targets[1]) == 6 + run.header.probes
    assert targets[2] == targets[1]


def test_no_value_of_a_case_is_in_any_file_that_an_evaluation_and_its_audit_leave(
    workspace: Path, spec: Spec, own_keyring: Path, tmp_path: Path
) -> None:
    """Canaries in input, output, logs and errors; and every planted identifier of the cases."""
    import logging

    canary = "ZQXJ-canary-7731"

    def leaky(request: Request) -> Reply:
        logging.getLogger("agent").warning("%s %s", canary, request.input["note_text"])
        if request.request_id.endswith("3"):
            raise ValueError(f"{canary} {request.input['note_text']}")
        return Reply(
            "ok", {"lines": [], "confidence": 0.9, "needs_review": False, "x": canary}, model_id=canary, usage=Usage()
        )

    cases = ek.synthesize(spec, n=N, seed=7)
    marked = [Case(one.case_id, one.family, {**one.input, "note_text": f"{canary} {one.input['note_text']}"}, one.flags, one.gold,
                   one.refusal, one.identifiers, cluster=one.cluster) for one in cases.cases]  # fmt: skip
    run = ek.evaluate(spec, marked, leaky)
    with open_ledger() as ledger:
        audit = custodian(ledger)
        found = audit.search(Question(action="execute"))
        assert canary.encode() in audit.read(found[0].seq)
        audit.export(workspace / "out.jsonl")
        audit.account(found[0].seq)
        copy = tmp_path / "live"
        shutil.copytree(workspace, copy)  # what lies there while the ledger is open, side files too
    (workspace.parent / "report.html").write_text(ek.render_html(run), encoding="utf-8")
    needles = {canary.encode()} | {
        known.value.encode() for one in marked for known in one.identifiers if len(known.value) > 5
    }
    scanned = 0
    for place in (workspace.parent, copy, own_keyring.parent):
        for path in place.rglob("*"):
            if path.is_file():
                scanned += 1
                body = path.read_bytes()
                for needle in needles:
                    for form in (needle, needle.lower(), needle[::-1], needle.hex().encode()):
                        assert form not in body, path.name
    assert scanned >= 8


def test_a_keyring_inside_the_workspace_is_refused_before_anything_is_made(
    workspace: Path, spec: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALKIT_KEYRING", str(workspace / "keys" / "keyring.json"))
    with pytest.raises(SealError, match="inside the folder"):
        ek.evaluate(spec, ek.synthesize(spec, n=2, seed=7), ek.offline_agent(spec))
    with pytest.raises(SealError, match="inside the folder"):
        open_ledger()
    assert not (workspace / "ledger.db").exists()
    assert not (workspace / "keys").exists()


def test_the_witness_lies_beside_the_keyring_or_where_it_is_told(
    workspace: Path, own_keyring: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_ledger() as ledger:
        name = f"{ledger.origin.split('/')[2]}.txt"
    assert (own_keyring.parent / "witness" / name).is_file()
    monkeypatch.setenv("EVALKIT_WITNESS", str(tmp_path / "other-disk"))
    open_ledger().close()
    assert [path.name for path in (tmp_path / "other-disk").iterdir()] == [name]


def test_the_whole_workspace_put_back_to_an_earlier_day_is_found(
    workspace: Path, spec: Spec, own_keyring: Path
) -> None:
    cases = ek.synthesize(spec, n=2, seed=7)
    ek.evaluate(spec, cases, ek.offline_agent(spec))
    shutil.copytree(workspace, workspace.with_name("earlier"))
    ek.evaluate(spec, cases, ek.offline_agent(spec), trials=2)
    shutil.rmtree(workspace)
    shutil.move(workspace.with_name("earlier"), workspace)
    with open_ledger(writable=False) as ledger:
        assert ledger.witness is not None
        found = verify(ledger.path, verifiers=ledger.verifiers(), witness=ledger.witness.notes())
    assert [one.reason.value for one in found.findings] == ["rolled_back"]
    with pytest.raises(EvalkitError, match="not a continuation"):
        ek.evaluate(spec, cases, ek.offline_agent(spec), trials=3)


def execution(received: object) -> Execution:
    return Execution("case", 0, Reply("ok", {}, received=received))  # type: ignore[arg-type]


def test_the_categories_are_those_of_what_the_model_was_handed(spec: Spec) -> None:
    assert categories_sent(execution(({"note_text": "x", "new_patient": True},)), spec) == {"free_text"}
    assert categories_sent(execution(({"new_patient": True},)), spec) == frozenset()
    assert categories_sent(execution(()), spec) == frozenset()
    # validated only, and handed over all the same: a leak counts as what it is
    assert categories_sent(execution(({"patient_mrn": "x"},)), spec) == {"mrn"}
    # nobody watched: everything that may be sent
    assert categories_sent(execution(None), spec) == {"free_text"}
    assert categories_sent(Execution("case", 0, None, Failure("ValueError")), spec) == {"free_text"}


def test_a_payload_that_is_none_is_refused() -> None:
    for data in (b"", b"{}", b"[2,1,1,1,1,1]", b"[1]", b"\xff"):
        with pytest.raises(AuditError):
            read_payload(data)


def test_a_spec_version_was_last_in_effect_when_production_left_it(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    source = ek.load_spec("billing_codes@1.0.0").source
    moments = [datetime(2026, month, 1, tzinfo=UTC) for month in range(1, 9)]

    def publish(version: str, at: datetime) -> None:
        registry.publish(
            read_spec(source.replace("version: 1.0.0", f"version: {version}", 1), path="x.md"),
            author="a",
            reason="b",
            at=at,
        )

    publish("1.0.0", moments[0])
    look = last_in_effect(tmp_path)
    assert look("billing_codes@1.0.0") == datetime(1970, 1, 1, tzinfo=UTC)  # never was
    registry.promote("billing_codes", "1.0.0", author="a", reason="b", override="c", at=moments[1])
    assert last_in_effect(tmp_path)("billing_codes@1.0.0") is None
    assert last_in_effect(tmp_path)("unknown@1.0.0") == datetime(1970, 1, 1, tzinfo=UTC)


def test_which_tools_were_called_is_answered_by_name_in_order_and_never_by_what_they_were_given(
    workspace: Path, spec: Spec
) -> None:
    canary = "ZQXJ-canary-7731"
    rules = ek.offline_agent(spec)

    @watched_tool
    def find_fee(code: str, about: str) -> int:
        return len(code)

    def odd(about: str) -> None:
        """A tool whose very name says too much."""

    odd.__name__ = f"look up {canary}"
    look_up = watched_tool(odd)

    async def agent(request: Request) -> Reply:
        answered = rules(request)
        reply = answered if isinstance(answered, Reply) else await answered
        for _ in (reply.output or {}).get("lines", ())[:1]:
            find_fee("99213", canary)
            look_up(canary)
            find_fee("99214", canary)
        return reply

    run = ek.evaluate(spec, ek.synthesize(spec, n=6, seed=7), agent)
    with open_ledger() as ledger:
        audit = custodian(ledger)
        called = audit.search(Question(action="execute", target=run.header.run_id, tool="find_fee"))
        every = audit.search(Question(action="execute", target=run.header.run_id, outcome="ok"))
        assert len(called) > 0
        assert {one.seq for one in every} <= {one.seq for one in called}
        first, odd_one, last = called[0].tools
        assert (first, last) == ("find_fee", "find_fee")
        assert odd_one.startswith("sha256:")
        shown = str(audit.account(called[0].seq))
        assert f"find_fee, {odd_one}, find_fee" in shown
        assert canary not in shown
        assert audit.search(Question(tool="find")) == ()
