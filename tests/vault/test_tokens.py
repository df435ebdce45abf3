"""Tokens: only the one that was issued, only now, only for what it is for; and nothing says why not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import AccessRefused, AuditError
from evalkit.vault.access import Access
from evalkit.vault.keys import FileKeyring
from evalkit.vault.ledger import Ledger
from evalkit.vault.tokens import Gatekeeper, issue, revoke

HELD = Access("svc:dashboard", "auditor", frozenset({"search"}), frozenset(), frozenset({"billing_codes@2.0.0"}))
SECOND = timedelta(seconds=1)


@pytest.fixture
def ledger(tmp_path: Path, keys: FileKeyring, clock: Any) -> Iterator[Ledger]:
    with Ledger.create(tmp_path / "ledger.db", keyring=keys, clock=clock) as made:
        yield made


def test_a_token_is_whoever_it_was_issued_to(ledger: Ledger) -> None:
    token = issue(ledger, HELD, by="user:ana")
    assert Gatekeeper(ledger).admit(token) == HELD


def test_the_token_itself_is_kept_nowhere(ledger: Ledger) -> None:
    token = issue(ledger, HELD, by="user:ana")
    secret = token.split("_")[2].encode()
    for entry in ledger.path.parent.glob("ledger.db*"):
        assert secret not in entry.read_bytes()
    assert secret not in ledger.payload(1)
    assert len({issue(ledger, HELD, by="user:ana") for _ in range(20)}) == 20


def test_a_token_begins_and_ends_to_the_second(ledger: Ledger, clock: Any) -> None:
    start = clock.now + timedelta(hours=1)
    token = issue(ledger, HELD, by="user:ana", hours=2, begins=start)
    gate = Gatekeeper(ledger)
    for moment, good in ((start - SECOND, False), (start, True), (start + timedelta(hours=2) - SECOND, True),
                         (start + timedelta(hours=2), False), (start + timedelta(hours=2) + SECOND, False)):  # fmt: skip
        clock.now = moment
        if good:
            assert gate.admit(token) == HELD
        else:
            with pytest.raises(AccessRefused):
                gate.admit(token)


def test_a_revoked_token_is_dead_at_its_next_use_in_another_process_too(
    ledger: Ledger, keys: FileKeyring, clock: Any
) -> None:
    token = issue(ledger, HELD, by="user:ana")
    with Ledger.open(ledger.path, keyring=keys, clock=clock) as elsewhere:
        gate = Gatekeeper(elsewhere)
        assert gate.admit(token) == HELD
        revoke(ledger, token.split("_")[1], by="user:ana")
        with pytest.raises(AccessRefused):
            gate.admit(token)


def test_every_token_that_is_not_good_gets_the_same_answer_and_no_echo(ledger: Ledger) -> None:
    token = issue(ledger, HELD, by="user:ana")
    gate = Gatekeeper(ledger)
    kind, token_id, secret = token.split("_")
    swapped = "A" if secret[0] != "A" else "B"
    wrong = [
        "", "x", token[:-1], token + "A", token.upper(), f" {token}", f"{token}\n", token.replace("_", "-"),
        f"{kind}_{token_id}_{swapped}{secret[1:]}", f"{kind}_{'0' * 16}_{secret}", f"{kind}_{token_id.upper()}_{secret}",
        f"{kind}_../../etc_{secret}", f"{kind}_{token_id}_" + "\uff21" * 43, f"{kind}_{token_id}_" + "\ud800" * 43,
        "eyJhbGciOiJub25lIn0.e30.", f"{kind}_{token_id}' OR 1=1 --_{secret}", "ek_" * 100_000, token + "\0",
    ]  # fmt: skip
    answers = set()
    for text in wrong:
        with pytest.raises(AccessRefused) as caught:
            gate.admit(text)
        answers.add(str(caught.value))
        assert caught.value.__cause__ is None
    assert len(answers) == 1
    assert secret[1:] not in answers.pop()
    assert repr(gate) == "Gatekeeper(1 tokens)"


@pytest.mark.parametrize("hours", [0, -1, 24.01, float("nan")])
def test_a_token_lives_up_to_a_day(ledger: Ledger, hours: float) -> None:
    with pytest.raises(AuditError, match="24 hours"):
        issue(ledger, HELD, by="user:ana", hours=hours)


def test_a_token_for_nothing_or_for_something_else_is_refused(ledger: Ledger) -> None:
    for deeds in (frozenset(), frozenset({"read:phi"})):
        with pytest.raises(AuditError, match="a token is for some of"):
            issue(ledger, Access("svc:x", "auditor", deeds), by="user:ana")
    with pytest.raises(AuditError, match="no token of that id"):
        revoke(ledger, "0" * 16, by="user:ana")


def test_issuing_and_revoking_are_on_record(ledger: Ledger) -> None:
    token = issue(ledger, HELD, by="user:ana")
    token_id = token.split("_")[1]
    revoke(ledger, token_id, by="user:ben")
    assert [(one.action, one.actor, one.target) for one in ledger.records("seq > 0")] == [
        ("token", "user:ana", f"token:{token_id}"),
        ("revoke", "user:ben", f"token:{token_id}"),
    ]
