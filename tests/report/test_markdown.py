from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from markdown_it import MarkdownIt

from evalkit.evaluation.comparison import CaseChange, RowEffect
from evalkit.report.markdown import code, prose, render_markdown

HOSTILE = "<img src=x onerror=alert(1)> [a](http://evil.example) @team #1 | `x` **b**"
GITHUB_COMMENT = 65_536


@pytest.fixture
def comment(records: SimpleNamespace) -> str:
    return render_markdown(records.run, comparison=records.comparison, gate=records.gate)


def rendered(markdown: str) -> str:
    return MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)


def test_the_comment_begins_with_verdict_and_effect(comment: str) -> None:
    lines = comment.splitlines()
    assert lines[0] == "### ❌ `billing_codes@2.0.0` against `billing_codes@1.0.0`: failed"
    assert lines[2].startswith("**line_exact 94.0\u00a0% → 89.0\u00a0%: −5.0 points")


def test_edited_rows_stand_with_what_they_broke(comment: str) -> None:
    assert "| `Modifiers/25` | applies to: 00031, 00032 → 00031 | 14 | 0 |" in comment


def test_broken_cases_are_folded_away_and_fixed_ones_left_out(comment: str) -> None:
    folded = comment[comment.index("<summary>Broken cases") : comment.index("</details>")]
    assert "`billing-7-000000000004`" in folded
    assert "billing-7-000000000022" not in folded


def test_a_run_alone_shows_scores_and_baselines(records: SimpleNamespace) -> None:
    comment = render_markdown(records.run)
    assert "| `line_exact` | 89.0 % | 85.0 to 92.1 % | 300 | 21.0 % | 8.0 % |" in comment
    assert "Edited row" not in comment


def test_findings_name_places_and_no_values(records: SimpleNamespace) -> None:
    assert "| `no_identifier_in_output` | `billing-7-000000000004` | 0 |" in render_markdown(records.leaky)


def test_the_same_records_give_the_same_bytes(records: SimpleNamespace, comment: str) -> None:
    assert render_markdown(records.run, comparison=records.comparison, gate=records.gate) == comment


def test_no_run_id_and_no_clock_stand_in_a_comment(comment: str, records: SimpleNamespace) -> None:
    assert records.run.header.run_id not in comment
    assert "2026" not in comment


def test_hostile_prose_renders_as_the_text_it_is() -> None:
    html = rendered(prose(HOSTILE))
    assert "<img" not in html
    assert "<a " not in html
    assert "<strong>" not in html
    assert "@" not in prose(HOSTILE)
    assert "http://" not in prose(HOSTILE)


def test_a_hostile_name_cannot_leave_its_code_span_or_table_cell(records: SimpleNamespace) -> None:
    comparison = replace(
        records.comparison,
        rows=(RowEffect(HOSTILE, HOSTILE, 1, 0),),
        changes=(CaseChange(HOSTILE, "broke", 1.0, 0.0, (HOSTILE,), (HOSTILE,)),),
        warnings=(HOSTILE,),
    )
    html = rendered(render_markdown(records.run, comparison=comparison))
    assert "<img" not in html
    assert "<a " not in html
    row = html[html.index("Edited row") : html.index("</table>")]
    assert row.count("<td") == 4


def test_a_code_span_of_nothing_is_nothing() -> None:
    assert code(" ") == ""


def test_the_comment_stays_within_what_github_takes(records: SimpleNamespace) -> None:
    many = replace(
        records.comparison,
        changes=tuple(CaseChange(f"case-{i}", "broke", 1.0, 0.0, ("Modifiers/25",), ("t",)) for i in range(5000)),
        differences=tuple(records.difference(scope=f"tag:{index}") for index in range(500)),
        rows=tuple(RowEffect(f"Modifiers/{index}", "row added", 1, 0) for index in range(500)),
    )
    comment = render_markdown(records.run, comparison=many, gate=records.gate)
    assert "and 4980 more" in comment
    assert len(comment) < GITHUB_COMMENT
