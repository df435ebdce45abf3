from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from evalkit.evaluation.comparison import CaseChange, RowEffect
from evalkit.evaluation.gates import GateResult
from evalkit.evaluation.scoretable import tabulate
from evalkit.metrics.scoring import Scores
from evalkit.report.glossary import GLOSSARY, LEAK_LIMITS
from evalkit.report.html import MOST_CASES, render_html
from evalkit.scripts import TABLES, script_digest

HOSTILE = "<img src=x onerror=alert(1)>"
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Outline(HTMLParser):
    """Elements, attributes and headings of a page; fails where a tag is not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


@pytest.fixture(scope="module")
def page(records: SimpleNamespace) -> str:
    return render_html(records.run, comparison=records.comparison, gate=records.gate, baseline=records.run)


def place(page: str, text: str) -> int:
    assert text in page
    return page.index(text)


def test_the_verdict_comes_first_and_the_words_last(page: str) -> None:
    order = ["−5.0 points", "What the edit did", ">Gates</h2>", "Boundary checks</h2>", "Differences, paired by case",
             ">Scores</h2>", "By tag", "Cases that changed", "could have seen", ">Provenance</h2>", "cannot see</h2>",
             ">Words</h2>"]  # fmt: skip
    places = [place(page, text) for text in order]
    assert places == sorted(places)


def test_the_page_is_well_formed_with_one_first_heading(page: str) -> None:
    outline = Outline(page)
    assert len(outline.all("h1")) == 1
    assert outline.all("html") == [{"lang": "en"}]


def test_the_page_reaches_out_for_nothing_and_runs_one_script_of_ours(page: str) -> None:
    outline = Outline(page)
    assert page.count("<script") == 1
    assert f"<script>{TABLES}</script>" in page
    loaded = {"link", "img", "iframe", "object", "embed", "form", "base"}
    assert not loaded & {tag for tag, _ in outline.elements}
    addresses = [v for _, attrs in outline.elements for k, v in attrs.items() if k in {"href", "src", "xlink:href"}]
    assert addresses
    assert all(address and address.startswith("#") for address in addresses)
    assert not [k for _, attrs in outline.elements for k in attrs if k.startswith("on")]
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)
    assert [a["content"] for a in outline.all("meta") if a.get("http-equiv")] == [
        f"default-src 'none'; style-src 'unsafe-inline'; script-src '{script_digest(TABLES)}'"
    ]


def test_every_reference_inside_the_page_leads_somewhere_and_ids_are_unique(page: str) -> None:
    ids = [attrs["id"] for _, attrs in Outline(page).elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert set(re.findall(r'aria-labelledby="([^"]+)"', page)) <= set(ids)


def test_every_table_has_a_caption_and_scoped_headers(page: str) -> None:
    outline = Outline(page)
    assert len(outline.all("caption")) == len(outline.all("table")) > 8
    assert all(header.get("scope") in {"row", "col"} for header in outline.all("th"))


def test_the_page_follows_the_readers_theme_paper_and_width(page: str) -> None:
    for rule in ("prefers-color-scheme: dark", "@media print", "max-width: 40rem", "width=device-width"):
        assert rule in page


def test_the_same_records_give_the_same_bytes(records: SimpleNamespace, page: str) -> None:
    again = render_html(records.run, comparison=records.comparison, gate=records.gate, baseline=records.run)
    assert again == page


def test_no_clock_is_read_but_that_of_the_record(page: str) -> None:
    assert set(re.findall(r"\b20\d\d-\d\d-\d\d", page)) == {"2026-01-05"}


def test_a_hostile_name_is_shown_as_text_wherever_it_stands(records: SimpleNamespace) -> None:
    run = replace(
        records.leaky,
        header=replace(records.run.header, agent_id=HOSTILE, dataset_name=HOSTILE, spec_id=HOSTILE, created_at=HOSTILE),
        checks=(records.check_result(HOSTILE, title=HOSTILE, citation=HOSTILE, basis=HOSTILE, error=HOSTILE,
                                     findings=(replace(records.finding, what=HOSTILE, place=HOSTILE, form=HOSTILE,
                                                       case_id=HOSTILE, needle_id=HOSTILE, category=HOSTILE),)),),
        baselines={HOSTILE: {"line_exact": 0.5}},
    )  # fmt: skip
    run.__dict__["estimates"] = (
        replace(records.run.estimates[0], metric=HOSTILE, method=HOSTILE),
        replace(records.run.estimates[0], metric=HOSTILE, scope=f"tag:{HOSTILE}"),
    )
    comparison = replace(
        records.comparison,
        differences=(records.difference(HOSTILE, f"tag:{HOSTILE}", test=HOSTILE),),
        changes=(CaseChange(HOSTILE, "broke", 1.0, 0.0, (HOSTILE,), (HOSTILE,)),),
        rows=(RowEffect(HOSTILE, HOSTILE, 1, 0),),
        warnings=(HOSTILE,),
    )
    gate = replace(records.gate, results=(GateResult(HOSTILE, "fail", HOSTILE),))
    page = render_html(run, comparison=comparison, gate=gate, baseline=run)
    assert "<img" not in page
    assert page.count("&lt;img") > 25
    Outline(page)


def test_a_breach_stands_in_the_first_heading_with_its_place_below(records: SimpleNamespace) -> None:
    page = render_html(records.leaky, comparison=records.comparison)
    heading = page[place(page, "<h1>") : place(page, "</h1>")]
    assert "no_identifier_in_output" in heading
    assert "<code>output.lines[0].evidence</code>" in page
    assert "<code>patient.mrn</code>" in page


def test_every_check_shows_citation_counts_and_what_a_pass_leaves_possible(page: str) -> None:
    row = page[place(page, "Consent is refused where it is missing") :]
    row = row[: row.index("</tr>")]
    assert "45 CFR 164.508" in row
    assert "1.0\u00a0%" in row


def test_a_run_alone_says_what_a_baseline_would_add_and_lists_cases_below_full_marks(records: SimpleNamespace) -> None:
    page = render_html(records.run)
    assert "Give a baseline run" in page
    section = page[place(page, "Cases below full marks") : place(page, "could have seen")]
    assert section.count("<tr>") == 1 + 33
    assert "billing-7-000000000004" in section


def test_the_versions_scores_stand_beside_those_of_agents_that_know_nothing(
    records: SimpleNamespace, page: str
) -> None:
    scores = page[place(page, '<h2 id="estimates-title">') :]
    head = scores[: scores.index("</thead>")]
    titles = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', head)
    assert titles[3:6] == ["majority", "refuse-all", "billing_codes@2.0.0"]


def test_what_a_notebook_metric_says_in_words_stays_off_the_page(records: SimpleNamespace) -> None:
    scores = replace(records.run.scores, values={"reason": ("Jane Roe, MRN 00123",) * 300})
    run = replace(records.run, table=tabulate(scores), head_metric="reason")
    run.__dict__["estimates"] = ()
    assert "Jane Roe" not in render_html(run)


def test_long_lists_are_cut_and_the_page_stays_small(records: SimpleNamespace) -> None:
    changes = tuple(
        CaseChange(f"case-{index}", "broke", 1.0, 0.0, ("Modifiers/25",) * 5, ("tag",) * 5) for index in range(10_000)
    )
    findings = tuple(replace(records.finding, case_id=f"case-{index}") for index in range(10_000))
    run = replace(records.run, checks=(records.check_result(findings=findings),))
    run.__dict__["estimates"] = records.run.estimates * 100
    page = render_html(run, comparison=replace(records.comparison, changes=changes))
    assert f"and {10_000 - MOST_CASES} more" in page
    assert len(page.encode()) < 2_000_000


def test_errors_are_counted_by_class(page: str) -> None:
    assert "agent:Timeout" in page


def test_provenance_gives_every_digest_in_full_and_says_what_the_baseline_shares(page: str) -> None:
    section = page[place(page, ">Provenance</h2>") :]
    assert "da" * 32 in section
    assert "c1" * 32 in section
    assert '<span class="quiet">same</span>' in section


def test_every_word_and_every_limit_stands_on_the_page(page: str) -> None:
    plain = page.replace("\u00a0", " ").replace("−", "-")
    assert all(term in plain and meaning in plain for term, meaning in GLOSSARY)
    assert all(sentence in page for sentence in LEAK_LIMITS)


def test_a_run_with_trials_shows_how_steady_it_is(records: SimpleNamespace) -> None:
    ids = tuple(f"case-{row // 3}" for row in range(90))
    right = tuple((row // 3) % 5 > 0 if row % 7 else (row // 3) % 2 == 0 for row in range(90))
    scores = Scores(ids, tuple(row % 3 for row in range(90)), ids, ((),) * 90, {"line_exact": right}, {})
    header = replace(records.run.header, trials=3, cases=30)
    page = render_html(replace(records.run, header=header, table=tabulate(scores)))
    assert "Asked again</h2>" in page
    assert "Intraclass correlation" in page
    assert "<code>case-" in page
    assert "all of them are" in page
    Outline(page)
    assert page == render_html(replace(records.run, header=header, table=tabulate(scores)))


def test_one_trial_a_case_says_nothing_of_steadiness(page: str) -> None:
    assert "Asked again" not in page


def test_a_name_that_turns_text_around_is_written_out_in_tables_and_headings(records: SimpleNamespace) -> None:
    acting = "safe\u202e\u2066name\x1b"
    run = replace(
        records.run,
        header=replace(records.run.header, agent_id=acting, dataset_name=acting, spec_id=acting),
        checks=(records.check_result(acting, title=acting, citation=acting),),
    )
    run.__dict__["estimates"] = (replace(records.run.estimates[0], metric=acting),)
    page = render_html(run, gate=replace(records.gate, results=(GateResult(acting, "fail", acting),)))
    assert not re.search("[\u202e\u2066\x1b]", page)
    assert page.count("safe\\u202e\\u2066name\\x1b") > 8
