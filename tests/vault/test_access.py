"""The access table: the whole product of roles, deeds and categories, and tables that are refused."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest

from evalkit.errors import AuditError
from evalkit.vault.access import DEEDS, DEFAULT, EVERY, Access, Grant, Policy, parse_policy

CATEGORIES = ("name", "geo", "date", "phone", "fax", "email", "ssn", "mrn", "plan", "account", "license", "vehicle",
              "device", "url", "ip", "biometric", "photo", "other", "free_text", "unlabelled")  # fmt: skip

# The default table once more, as a person would check it: role -> deeds without PHI, and categories that it may read.
MEANT = {
    "operator": ({"execute"}, set()),
    "reviewer": ({"search", "read", "review"}, {"free_text", "date"}),
    "curator": ({"search", "promote"}, set()),
    "auditor": ({"search", "prove", "export"}, set()),
    "privacy_officer": ({"search", "prove", "read", "export", "hold", "lift", "purge", "shred"}, set(CATEGORIES)),
    "custodian": (set(DEEDS), set(CATEGORIES)),
}


@pytest.mark.parametrize("role", [*MEANT, "stranger", ""])
def test_every_cell_of_the_default_table_is_as_meant(role: str) -> None:
    deeds, categories = MEANT.get(role, (set(), set()))
    for deed, category in product(DEEDS, (None, *CATEGORIES)):
        wanted = deed in deeds and (
            category is None
            or (category in categories and (deed == "read" or role in {"privacy_officer", "custodian"}))
        )
        assert DEFAULT.allows(role, deed, () if category is None else (category,)) is wanted, (role, deed, category)


def test_every_role_of_the_default_table_has_a_reason() -> None:
    assert set(DEFAULT.roles) == set(MEANT)
    assert all(grant.why for grant in DEFAULT.grants)


def test_two_rows_grant_no_more_together_than_each() -> None:
    table = Policy(
        (
            Grant("x", frozenset({"read"}), frozenset({"date"}), "a"),
            Grant("x", frozenset({"read"}), frozenset({"mrn"}), "b"),
        )
    )
    assert table.allows("x", "read", ("date",))
    assert table.allows("x", "read", ("mrn",))
    assert not table.allows("x", "read", ("date", "mrn"))


def test_bounds_only_take_away() -> None:
    bound = Access(
        "svc:x", "privacy_officer", frozenset({"read"}), frozenset({"date"}), frozenset({"billing_codes@2.0.0"})
    )
    assert bound.allows(DEFAULT, "read", categories=("date",), spec="billing_codes@2.0.0")
    assert not bound.allows(DEFAULT, "read", categories=("mrn",), spec="billing_codes@2.0.0")
    for other in ("billing_codes@2.0.1", "billing_codes@2.0.0x", "billing_codes", "prior@2.0.0"):
        assert not bound.allows(DEFAULT, "read", categories=("date",), spec=other)
    assert not bound.allows(DEFAULT, "search")
    assert not Access("svc:x", "auditor").allows(DEFAULT, "read")


def test_a_table_is_written_and_read_as_it_is() -> None:
    assert parse_policy(DEFAULT.dump()) == DEFAULT


GOOD: dict[str, Any] = {"role": "a", "deeds": ["read"], "categories": ["date"], "why": "b"}


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{}", b"[]", b"[1]", b"null", b"\xff", b"[" * 100_000, b'[{"role":"a","role":"b"}]', b"[NaN]",
        *(json.dumps([{**GOOD, **odd}]).encode() for odd in (
            {"more": 1}, {"role": ""}, {"role": 1}, {"role": "a\n"}, {"why": " "}, {"deeds": "read"}, {"deeds": ["READ"]},
            {"deeds": ["read:phi"]}, {"categories": [1]}, {"categories": ["d\u0430te"]}, {"categories": ["a b"]},
            {"role": "\u202ea"},
        )),
        json.dumps([{name: value for name, value in GOOD.items() if name != "why"}]).encode(),
        b" " * (256 * 1024 + 1),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_and_not_shown(data: bytes) -> None:
    with pytest.raises(AuditError) as caught:
        parse_policy(data)
    assert caught.value.__cause__ is None
    assert len(str(caught.value)) < 300


def test_a_card_shows_the_table() -> None:
    assert EVERY in DEFAULT._repr_html_()
    assert repr(DEFAULT) == "Policy(6 roles)"
