"""The summary for a pull request: a comment that says the verdict, what broke and by which edited row.

In: a run, and where there are any its comparison and gates. Out: GitHub-flavoured Markdown below the length of one
comment. Names are put in code spans, prose is escaped: nothing in a record becomes a link, a mention or markup.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from evalkit import figures
from evalkit.boundary.finding import CheckResult, Finding
from evalkit.evaluation.comparison import Comparison
from evalkit.evaluation.gates import GateReport
from evalkit.evaluation.run import Run
from evalkit.report import sentences
from evalkit.report.typography import p_figure, typeset
from evalkit.visible import visible

if TYPE_CHECKING:
    from evalkit.boundary.examination import Examination

_MOST: Final = 20
_LONGEST: Final = 2_000
"""Characters of one sentence."""
MOST_CHECKS: Final = 100
"""Rows of the table of checks: all of them fit one comment."""
_SIGNS: Final = {"good": "✅", "bad": "❌", "open": "⚠️"}


def render_markdown(run: Run, *, comparison: Comparison | None = None, gate: GateReport | None = None) -> str:
    """The comment as a string. Tables stop at twenty rows and say how many more there are."""
    verdict = sentences.verdict_of(run, comparison, gate)
    against = f" against {code(comparison.baseline.spec_ref)}" if comparison else ""
    parts = [
        f"### {_sign(verdict)} {code(run.header.spec_ref)}{against}: {sentences.VERDICT_WORDS[verdict]}",
        f"**{prose(sentences.headline(run, comparison))}**",
        "\n".join(f"- {prose(sentence)}" for sentence in sentences.remarks(run, comparison, gate)),
        *(_comparison_parts(comparison) if comparison else _estimate_parts(run)),
        *(_gate_parts(gate) if gate else ()),
        _details("Boundary checks", _checks(run.checks)),
        _details("Findings (places and names, no values)", _findings(run.findings)),
        _provenance(run, comparison),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def code(text: str) -> str:
    """A name as a code span: what would end the span or the table cell is replaced."""
    plain = visible(re.sub(r"\s+", " ", text)).replace("`", "'").replace("|", "¦")
    return f"`{plain}`" if plain.strip() else ""


def prose(text: str) -> str:
    """Text in which nothing is markup, a mention, a reference or HTML."""
    plain = typeset(visible(re.sub(r"\s+", " ", text), most=_LONGEST))
    entities = re.sub(r"[&<>@#]", lambda found: f"&#{ord(found.group())};", plain)
    # An underscore inside a word is no markup on GitHub, and metric names are easier to read with it bare.
    escaped = re.sub(r"([\\`*\[\]|~]|(?<!\w)_|_(?!\w))", r"\\\1", entities)
    return escaped.replace("://", ":&#47;/").replace("www.", "www&#46;")


def _sign(verdict: str) -> str:
    return _SIGNS[sentences.TONES[verdict]]


def _comparison_parts(comparison: Comparison) -> list[str]:
    rows = [[code(r.row_id), prose(r.change), str(r.broke), str(r.fixed)] for r in comparison.rows]
    broken = [
        [code(c.case_id), figures.rate(c.baseline), figures.rate(c.candidate), _codes(c.rows), _codes(c.tags)]
        for c in comparison.changes
        if c.kind == "broke"
    ]
    differences = [
        [
            code(d.metric), code(d.scope.removeprefix("tag:")), _word(d.verdict), figures.points(d.effect),
            figures.points_interval(d.lo, d.hi), p_figure(d.p_adjusted), f"{d.n:,}",
        ]
        for d in sentences.judged(comparison.differences)
    ]  # fmt: skip
    return [
        table(["Edited row", "Change", "Broke", "Fixed"], rows),
        table(["Metric", "Slice", "Verdict", "Points", "95 % interval", "p (Holm)", "Cases"], differences),
        "\n".join(f"- Read with care: {prose(warning)}" for warning in comparison.warnings),
        _details("Broken cases", table(["Case", "Baseline", "Candidate", "Edited rows", "Tags"], broken)),
    ]


def _estimate_parts(run: Run) -> list[str]:
    names = list(run.baselines)
    rows = [
        [
            code(e.metric), figures.rate(e.value), figures.rate_interval(e.lo, e.hi), f"{e.n:,}",
            *(figures.rate(run.baselines[name].get(e.metric, float("nan"))) for name in names),
        ]
        for e in run.estimates
        if e.scope == "all"
    ]  # fmt: skip
    return [table(["Metric", "Score", "95 % interval", "Cases", *map(prose, names)], rows)]


def _gate_parts(gate: GateReport) -> list[str]:
    rows = [[_word(result.verdict), prose(result.name), prose(result.what)] for result in sentences.telling(gate)]
    return [table(["Verdict", "Gate", "Seen"], rows)]


def render_examination(seen: Examination) -> str:
    """The comment for boundary checks alone: the verdict, what was found, and what a clean result leaves open."""
    verdict = "fail" if seen.failed else "pass"
    parts = [
        f"### {_sign(verdict)} {code(seen.spec_ref)}, boundary: {sentences.VERDICT_WORDS[verdict]}",
        f"**{prose(seen.sentence())}**",
        _findings(seen.findings),
        _details("Boundary checks", _checks(seen.results)),
        f"<sub>agent {code(seen.agent_id)}, {figures.count(seen.cases, 'case')}, "
        f"{figures.count(seen.probes, 'probe')}, evidence {code(figures.mark(seen.evidence))}</sub>",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _checks(results: Sequence[CheckResult]) -> str:
    rows = [
        [
            code(r.check_id), sentences.check_word(r), f"{r.passed:,}", f"{r.failed:,}", f"{r.not_observed:,}",
            r.possible, prose(sentences.citation(r)),
        ]
        for r in results
    ]  # fmt: skip
    titles = ["Check", "Verdict", "Passed", "Failed", "Not observed", "Possible", "Citation"]
    return "\n\n".join([table(titles, rows, most=MOST_CHECKS), *map(prose, sentences.bounds(results))])


def _findings(found: Sequence[Finding]) -> str:
    rows = [
        [code(f.check_id), code(f.case_id), str(f.trial), prose(f.what), code(f.place), code(f.needle_id)]
        for f in found
    ]
    return table(["Check", "Case", "Trial", "What", "Place", "Identifier"], rows)


def _provenance(run: Run, comparison: Comparison | None) -> str:
    header = run.header
    spec, cases = code(figures.mark(header.behaviour_sha)), code(figures.mark(header.dataset_digest))
    before = f" (baseline {code(figures.mark(comparison.baseline.behaviour_sha))})" if comparison else ""
    return (
        f"<sub>behaviour {spec}{before}, cases {cases}, agent {code(header.agent_id)}, "
        f"{figures.count(header.cases, 'case')} x {figures.count(header.trials, 'trial')}, "
        f"evalkit {prose(header.evalkit_version)}</sub>"
    )


def _word(verdict: str) -> str:
    return f"{_sign(verdict)} {sentences.VERDICT_WORDS[verdict]}"


def _codes(names: Sequence[str]) -> str:
    return ", ".join(map(code, names))


def _details(title: str, body: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>" if body else ""


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], *, most: int = _MOST) -> str:
    """A table of ready cells, at most twenty rows; the empty string without rows."""
    if not rows:
        return ""
    lines = [titles, ["---"] * len(titles), *rows[:most]]
    text = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    more = len(rows) - most
    return f"{text}\n\nand {more} more" if more > 0 else text
