from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
from markdown_it import MarkdownIt

from evalkit.evaluation.comparison import CaseChange, RowEffect
from evalkit.evaluation.gates import GateResult
from evalkit.report.markdown import code, prose, render_markdown, table

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


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a|b", "`a¦b`"),
        ("a`b", "`a'b`"),
        ("a\n\n  b", "`a b`"),
        ("``` x", "`''' x`"),
        ("", ""),
        ("\n", ""),
    ],
)
def test_what_would_end_a_code_span_is_replaced(given: str, shown: str) -> None:
    assert code(given) == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("line_exact", "line_exact"),
        ("_all_", r"\_all\_"),
        ("a_ b", r"a\_ b"),
        ("**x**", r"\*\*x\*\*"),
        ("see #12 and @team", "see &#35;12 and &#64;team"),
        ("[a](http://b)", r"\[a\](http:&#47;/b)"),
        ("www.example.org", "www&#46;example.org"),
        ("&lt;", "&#38;lt;"),
        ("-5.0 points", "\u22125.0 points"),
        ("~~gone~~ | cell", r"\~\~gone\~\~ \| cell"),
    ],
)
def test_prose_links_mentions_and_marks_nothing(given: str, shown: str) -> None:
    assert prose(given) == shown


@pytest.mark.parametrize(
    ("rows", "lines", "end"), [(0, 0, ""), (1, 3, "| 0 |"), (20, 22, "| 19 |"), (21, 24, "and 1 more")]
)
def test_a_table_stops_after_twenty_rows_and_says_how_many_more(rows: int, lines: int, end: str) -> None:
    text = table(["n"], [[str(row)] for row in range(rows)])
    assert len(text.splitlines()) == lines
    assert text.endswith(end)


@pytest.mark.parametrize(
    ("changes", "sign", "word"),
    [
        ({"verdict": "improved"}, "✅", "improved"),
        ({"verdict": "undecided", "need": 900}, "⚠️", "undecided"),
        ({"verdict": "regressed"}, "❌", "regressed"),
    ],
)
def test_the_sign_in_front_goes_with_the_verdict(
    records: SimpleNamespace, changes: dict[str, object], sign: str, word: str
) -> None:
    one = replace(records.comparison, differences=(records.difference(**changes),))
    first = render_markdown(records.run, comparison=one).splitlines()[0]
    assert first == f"### {sign} `billing_codes@2.0.0` against `billing_codes@1.0.0`: {word}"


def test_a_comment_about_nothing_has_no_empty_table_and_no_empty_fold(records: SimpleNamespace) -> None:
    empty = replace(records.run, checks=(), baselines={})
    empty.__dict__["estimates"] = ()
    comment = render_markdown(empty, comparison=replace(records.comparison, differences=records.comparison.differences[:1],
                                                        changes=(), rows=(), warnings=()))  # fmt: skip
    assert "<details>" not in comment
    assert "Read with care" not in comment
    assert comment.count("\n| ---") == 1
    assert "\n\n\n" not in comment
    assert comment.endswith("</sub>\n")


def test_hostile_scores_gates_and_findings_stay_text_in_a_run_alone(records: SimpleNamespace) -> None:
    check = records.check_result(HOSTILE, citation=HOSTILE, findings=(
        replace(records.finding, what=HOSTILE, place=HOSTILE, case_id=HOSTILE, needle_id=HOSTILE),))  # fmt: skip
    header = replace(records.run.header, agent_id=HOSTILE, spec_id=HOSTILE, evalkit_version=HOSTILE)
    run = replace(records.run, header=header, checks=(check,), baselines={HOSTILE: {}}, head_metric=HOSTILE)
    run.__dict__["estimates"] = (replace(records.run.estimates[0], metric=HOSTILE),)
    gate = replace(records.gate, results=(GateResult(HOSTILE, "fail", HOSTILE),))
    html = rendered(render_markdown(run, gate=gate))
    assert not re.search(r"<(?:img|a)\b", html)
    assert html.count("&lt;img") > 12
    tables = re.findall(r"<table>.*?</table>", html, flags=re.DOTALL)
    assert [len(re.findall("<td", one)) for one in tables] == [5, 3, 7, 6]


def test_nothing_hides_or_turns_around_in_a_comment(records: SimpleNamespace) -> None:
    acting = "safe\u202e\u200bname\x07"
    comparison = replace(
        records.comparison,
        rows=(RowEffect(acting, acting, 1, 0),),
        changes=(CaseChange(acting, "broke", 1.0, 0.0, (acting,), (acting,)),),
        warnings=(acting,),
    )
    comment = render_markdown(records.run, comparison=comparison)
    assert not re.search("[\u202e\u200b\x07]", comment)
    assert comment.count("`safe\\u202e\\u200bname\\x07`") == 4
    assert comment.count("safe\\\\u202e\\\\u200bname\\\\x07") == 3
    assert len(prose("x" * 100_000)) < 2_100


ACTING = "\u202e\u2066\u200b\x1b\x07\u2028"


def test_nothing_that_reorders_hides_or_acts_stands_in_a_comment(records: SimpleNamespace) -> None:
    finding = replace(records.finding, case_id=f"case{ACTING}", what=ACTING, place=ACTING, needle_id=ACTING)
    breach = replace(records.run.checks[0], check_id=f"c{ACTING}", citation=ACTING, findings=(finding,))
    header = replace(records.run.header, agent_id=f"a{ACTING}", spec_id=f"s{ACTING}", evalkit_version=ACTING)
    run = replace(records.run, header=header, checks=(breach,), baselines={f"b{ACTING}": {}})
    gate = replace(records.gate, results=(GateResult(f"g{ACTING}", "fail", ACTING),))
    comparison = replace(
        records.comparison, warnings=(ACTING,),
        rows=tuple(replace(row, row_id=ACTING, change=ACTING) for row in records.comparison.rows),
        changes=tuple(replace(one, case_id=ACTING, tags=(ACTING,)) for one in records.comparison.changes),
        differences=tuple(replace(one, metric=f"m{ACTING}") for one in records.comparison.differences),
    )  # fmt: skip
    for text in (render_markdown(run, gate=gate), render_markdown(run, comparison=comparison, gate=gate)):
        assert not set(ACTING) & set(text)
        assert "\\u202e" in text.replace("\\\\", "\\")
