"""The page about the boundary names every rule that there is, with its title, its citation and its basis."""

from __future__ import annotations

import re
from pathlib import Path

from evalkit.boundary import agreements, channels, conversations, ledger, stores, transport
from evalkit.boundary.metamorphic import ORDER, RELATIONS
from evalkit.boundary.suite import ALL


def told_by(*rules: object) -> set[tuple[str, str, str]]:
    """Id, title and citation as the page shows them."""
    return {
        (r.check_id, r.title, r.citation + (" (proposed)" if getattr(r, "basis", "current") == "proposed" else ""))  # type: ignore[attr-defined]
        for r in rules
    }


def test_the_page_has_a_row_for_every_rule_and_none_besides(root: Path) -> None:
    page = (root / "docs" / "explanation" / "boundary.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `([a-z_0-9]+)` \| (.*?) \| (.*?) \|$", page, re.MULTILINE))
    rules = told_by(*ALL, *conversations.RULES, *channels.RULES, *RELATIONS, ORDER, *agreements.RULES, *ledger.RULES)
    once = {(transport.CHECK_ID, transport.TITLE, transport.CITATION), stores._FILES, stores._TAMPER, stores._RESTORE}
    assert rows == rules | once


def test_every_id_is_one_rules_alone() -> None:
    ids = [
        r.check_id
        for r in (*ALL, *conversations.RULES, *channels.RULES, *RELATIONS, ORDER, *agreements.RULES, *ledger.RULES)
    ]
    assert len(ids) == len(set(ids))


def test_what_the_threat_model_says_holds_a_line_is_there(root: Path) -> None:
    page = (root / "docs" / "explanation" / "threat-model.md").read_text(encoding="utf-8")
    ids = {r.check_id for r in (*ALL, *channels.RULES, *RELATIONS, ORDER, *agreements.RULES, *ledger.RULES)}
    other = {"proposed", "production", "registry.jsonl", "evalkit spec diff", "not observed", "KeyProvider"}
    named = {name for name in re.findall(r"`([^`]+)`", page) if not name.startswith("tests/")}
    assert named - other <= ids | {transport.CHECK_ID}
    tests = set(re.findall(r"`(tests/[^`]+)`", page))
    assert len(tests) > 15
    assert {name for name in tests if not (root / name).is_file()} == set()


def test_no_page_and_no_rule_calls_anything_compliant(root: Path) -> None:
    for name in (
        "explanation/boundary",
        "how-to/check-an-agent",
        "how-to/check-from-pytest",
        "explanation/threat-model",
    ):
        assert "complian" not in (root / "docs" / f"{name}.md").read_text(encoding="utf-8").lower()
