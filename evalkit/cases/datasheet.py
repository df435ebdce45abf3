"""The datasheet of a set of cases: what is in it, how it was made, what it is for and what it is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from evalkit.cases.shards import Plan, Shard

LEAST_SHARE = 0.02
"""An edge kind below this share of the set is marked."""
_PURPOSE = """\
Testing agents that handle protected health information: their answers, their refusals, and whether an identifier leaves
where none may. It is no sample of real records: figures about people or care cannot be read off it, and a model trained
on it has learnt our sentences."""
_IDENTIFIERS = """\
Every number and address lies in a range that its issuer never assigns; a scan of all of the set
(`evalkit check-identifiers`) shows it. Names and streets have no such range. Planted identifiers by Safe Harbor
category:"""


def write_datasheet(plan: Plan, shards: Sequence[Shard]) -> str:
    """Markdown, the same bytes for the same set. Counts are over all cases; a case may have several tags."""
    tags, refusals, categories, decoys = (_sum(shards, name) for name in ("tags", "refusals", "categories", "decoys"))
    weights: Counter[str] = Counter()
    for shard in shards:
        weights.update(shard.weights)
    sections = [
        f"# {plan.cases:,} synthetic cases: {plan.family}\n",
        _facts(plan, shards),
        f"## What it is for\n\n{_PURPOSE}\n",
        f"## Identifiers\n\n{_IDENTIFIERS}\n\n{_table(('category', 'planted'), sorted(categories.items()))}",
    ]
    if decoys:
        found = _table(("kind", "decoys"), sorted(decoys.items()))
        sections.append(f"## Decoys\n\nText that looks like an identifier and is none.\n\n{found}")
    due = [(code, count, f"{count / plan.cases:.1%}") for code, count in sorted(refusals.items())]
    sections.append(f"## Refusals that are due\n\n{_table(('code', 'cases', 'share'), due)}")
    sections.append(f"## Tags\n\nEdge kinds are dealt by quota.\n\n{_tags(plan, tags, weights)}")
    return "\n".join(sections)


def _facts(plan: Plan, shards: Sequence[Shard]) -> str:
    rows = [
        ("seed", plan.seed), ("case indexes", f"0 to {plan.cases - 1}"), ("files", len(shards)), ("format", plan.kind),
        ("bytes", f"{sum(shard.bytes for shard in shards):,}"), ("people", f"{plan.profile}, {plan.names} names"),
        ("code", plan.code_sha256[:12]), ("vocabulary", plan.vocabulary_sha256[:12]),
    ]  # fmt: skip
    return _table(("", ""), rows)


def _tags(plan: Plan, tags: Counter[str], weights: Counter[str]) -> str:
    """Counts and shares; where cases have weights, also the share of the population that the tag stands for."""
    total = weights["all"]
    rows = []
    for tag, count in sorted(tags.items()):
        low = " (below 2 %)" if tag.startswith(("edge:", "protect:")) and count < LEAST_SHARE * plan.cases else ""
        population = f"{weights[tag] / total:.2%}" if total else "-"
        rows.append((tag, count, f"{count / plan.cases:.1%}{low}", population))
    return _table(("tag", "cases", "share", "share when weighted"), rows)


def _sum(shards: Sequence[Shard], name: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for shard in shards:
        found.update(getattr(shard, name))
    return found


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(f'{cell:,}' if isinstance(cell, int) else str(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n" if rows else "None.\n"
