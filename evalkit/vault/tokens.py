"""Tokens: opaque, hashed, scoped, short-lived, revocable.

A token is ``ek_`` + 16 hex digits (its id, not secret) + ``_`` + 43 letters and digits (256 random bits). The ledger
holds its SHA-256 and what it is for, sealed; the token itself is shown once. There is nothing to parse and no
algorithm to choose, and a revoked token is dead at its next use.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from string import ascii_letters, digits

from evalkit.errors import AccessRefused, AuditError
from evalkit.vault.access import DEEDS, Access
from evalkit.vault.entries import Entry, microseconds, moment
from evalkit.vault.ledger import Ledger

LONGEST = timedelta(hours=24)
_ALPHABET = digits + ascii_letters
_SECRET_CHARS = 43
_TOKEN = re.compile(r"ek_([0-9a-f]{16})_[0-9A-Za-z]{43}", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class _Issued:
    digest: str
    access: Access
    begins: datetime
    ends: datetime


def issue(
    ledger: Ledger, access: Access, *, by: str, hours: float = 1.0, begins: datetime | None = None
) -> str:  # fmt: skip
    """Make a token for ``access`` and return it: it cannot be shown again.

    Raises AuditError for one of over 24 hours, or without a deed.
    """
    if not 0 < hours <= LONGEST.total_seconds() / 3600:
        raise AuditError("a token lives up to 24 hours", next_step="issue a new one when it has ended")
    if not access.deeds or not access.deeds <= set(DEEDS):
        raise AuditError(f"a token is for some of {', '.join(DEEDS)}")
    token_id = secrets.token_hex(8)
    token = f"ek_{token_id}_{''.join(secrets.choice(_ALPHABET) for _ in range(_SECRET_CHARS))}"
    start = begins or ledger.clock()
    body = {
        "sha256": hashlib.sha256(token.encode()).hexdigest(),
        "actor": access.actor,
        "role": access.role,
        "deeds": sorted(access.deeds),
        "categories": sorted(access.categories),
        "specs": sorted(access.specs),
        "begins": microseconds(start),
        "ends": microseconds(start + timedelta(hours=hours)),
    }
    ledger.append([Entry(by, "token", target=f"token:{token_id}", payload=json.dumps(body).encode())])
    return token


def revoke(ledger: Ledger, token_id: str, *, by: str) -> None:
    """End a token now. Raises AuditError for an id that was never issued."""
    if not any(ledger.records("action = 'token' AND target = ?", (f"token:{token_id}",))):
        raise AuditError("there is no token of that id")
    ledger.append([Entry(by, "revoke", target=f"token:{token_id}")])


class Gatekeeper:
    """Knows the tokens of one ledger, also those that another process issues or revokes meanwhile."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._issued: dict[str, _Issued] = {}
        self._seen = -1

    def __repr__(self) -> str:
        return f"Gatekeeper({len(self._issued)} tokens)"

    def admit(self, token: str) -> Access:
        """Whoever holds the token. Raises AccessRefused, always the same, for any that is not good now."""
        self._learn()
        shape = _TOKEN.fullmatch(token)
        known = self._issued.get(shape[1]) if shape else None
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
        # an unknown id takes the same steps as a wrong secret
        same = hmac.compare_digest(digest, known.digest if known else "0" * 64)
        if not same or known is None or not known.begins <= self._ledger.clock() < known.ends:
            raise AccessRefused("the token is not good", next_step="ask for a new one")
        return known.access

    def _learn(self) -> None:
        for found in self._ledger.records("action IN ('token', 'revoke') AND seq > ?", (self._seen,)):
            self._seen = found.seq
            token_id = found.target.removeprefix("token:")
            if found.action == "revoke":
                self._issued.pop(token_id, None)
            else:
                self._issued[token_id] = _read(self._ledger.payload(found.seq))


def _read(payload: bytes) -> _Issued:
    body = json.loads(payload)
    access = Access(
        body["actor"], body["role"], *(frozenset(body[name]) for name in ("deeds", "categories", "specs"))
    )  # fmt: skip
    return _Issued(body["sha256"], access, moment(body["begins"]), moment(body["ends"]))
