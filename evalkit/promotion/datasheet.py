"""The datasheet of a promoted version: what is in it, what changed, how it was de-identified, and what that is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from evalkit.cases.case import Case, GoldSet
from evalkit.cases.goldset import Origin
from evalkit.visible import visible

_METHOD = """\
The values that the spec tags, and those known from a register, were replaced in all text; patterns and a lexicon
replaced what nobody tagged; ages over 89, dates and ZIPs were reduced (45 CFR 164.514(b)(2)(i)). Each case was then
searched for every known value of its record in every form that the exact checker knows, and none was found. A person
read it and said so. The identifiers in it are invented; those that have a range which their issuer never assigns lie in
it."""
_RISK = """\
What nobody tagged, no register knew, no pattern matched and no reviewer saw is still there. No expert determination
under 164.514(b)(1) is claimed. A rare combination of facts may point to somebody who knows them already. Keep a
promoted set where its people's records may be kept until your privacy officer has looked at it."""


def write_datasheet(ref: str, gold: GoldSet, origins: Sequence[Origin]) -> str:
    """Markdown, the same bytes for the same version; ``origins`` are those of this version's own changes."""
    kinds = Counter(origin.kind for origin in origins)
    replaced: Counter[str] = Counter()
    for origin in origins:
        replaced.update(origin.replaced)
    kept = len(gold) - kinds["added"] - kinds["corrected"]
    values = sum(origin.values for origin in origins)
    people = sorted({name for origin in origins for name in origin.reviewers})
    return "\n".join((
        f"# {ref}: {len(gold):,} cases\n",
        _table(("", ""), [("digest", gold.digest[:12]), *Counter(case.data_class for case in gold).most_common()]),
        "## What changed\n",
        _table(("change", "cases"), [("as before", kept), *sorted(kinds.items())]),
        _table(
            ("case", "change", "instead of", "source", "answer", "reason"),
            [
                (one.case_id, one.kind, one.replaces or "-", one.source, one.verdict, _cell(one.reason) or "-")
                for one in origins
            ],
        ),
        f"## De-identification\n\n{_METHOD}\n",
        f"{values:,} known values were searched for. Reviewers: {', '.join(people) or 'none'}.\n",
        _table(("category", "replaced"), sorted(replaced.items())),
        f"## What it is not\n\n{_RISK}\n",
        f"## Refusals that are due\n\n{_shares(gold, (case.refusal or 'an answer' for case in gold))}",
        f"## Tags\n\n{_shares(gold, (tag for case in gold for tag in case.tags))}",
    ))  # fmt: skip


def _shares(gold: Sequence[Case] | GoldSet, names: Iterable[str]) -> str:
    rows = [(name, count, f"{count / len(gold):.1%}") for name, count in sorted(Counter(names).items())]
    return _table(("", "cases", "share"), rows)


def _cell(text: str) -> str:
    return visible(text).replace("|", "/")


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(map(str, row))} |" for row in rows]
    return "\n".join(lines) + "\n" if rows else "None.\n"
