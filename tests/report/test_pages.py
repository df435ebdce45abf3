"""Templates: escaped by default, strict about names, one newline at the end."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.report import pages
from evalkit.report.sentences import TONES, VERDICT_WORDS

HOSTILE = "<img src=x onerror=\"alert('1')\">&"


def filled(source: str, **values: object) -> str:
    """A template given as text, filled by the environment of the pages."""
    return pages._environment().from_string(source).render(values)


def test_a_value_is_escaped_in_text_and_attributes() -> None:
    page = filled('<p title="{{ value }}">{{ value }}</p>', value=HOSTILE)
    assert page.count("&lt;img src=x onerror=&#34;alert(&#39;1&#39;)&#34;&gt;&amp;") == 2
    assert "<img" not in page


@settings(deadline=None, max_examples=100)
@given(st.text())
def test_no_value_opens_a_tag_or_closes_an_attribute(value: str) -> None:
    assert not set(filled("{{ value }}", value=value)) & set("<>\"'")


@pytest.mark.parametrize("name", ["typeset"])
def test_what_a_filter_gives_back_is_escaped_too(name: str) -> None:
    assert "<img" not in filled(f"{{{{ value | {name} }}}}", value=HOSTILE)


def test_a_noun_in_a_count_is_escaped_too() -> None:
    assert filled("{{ 2 | count(noun) }}", noun="<b>") == "2 &lt;b&gt;s"


def test_a_figure_that_is_trusted_is_not_escaped() -> None:
    svg = '<svg aria-label="a &amp; b"></svg>'
    assert filled("{{ plot }}", plot=pages.trusted(svg)) == svg


def test_trust_in_a_figure_does_not_spread_to_what_is_joined_to_it() -> None:
    assert filled("{{ plot ~ value }}", plot=pages.trusted("<svg/>"), value="<b>") == "<svg/>&lt;b&gt;"


@pytest.mark.parametrize(
    "source", ["{{ missing }}", "{% if missing %}{% endif %}", "{% for x in missing %}{% endfor %}"]
)
def test_a_name_without_a_value_is_an_error(source: str) -> None:
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        filled(source)


def test_the_page_itself_refuses_to_be_filled_with_nothing() -> None:
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        pages.render("report.html.j2", {})


@pytest.mark.parametrize("template", ["nothing.html", "../pages.py", "../../figures.py", ""])
def test_only_a_template_of_this_package_is_read(template: str) -> None:
    from jinja2 import TemplateNotFound

    with pytest.raises(TemplateNotFound):
        pages.render(template, {})


def test_a_rendered_template_ends_in_exactly_one_newline() -> None:
    style = pages.render("report.css", {})
    assert style.endswith("\n")
    assert not style.endswith("\n\n")


def test_a_template_is_rendered_to_the_same_text_again() -> None:
    assert pages.render("report.css", {}) == pages.render("report.css", {})


def test_a_line_of_control_leaves_no_line_behind() -> None:
    assert filled("a\n  {% if true %}\nb\n  {% endif %}\nc") == "a\nb\nc"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ 0.94 | rate }}", "94.0 %"),
        ("{{ -0.05 | points }}", "-5.0"),
        ("{{ 1000 | count('case') }}", "1,000 cases"),
        ("{{ '-5.0 %' | typeset }}", "\u22125.0\u00a0%"),
    ],
)
def test_the_figures_of_a_page_are_written_by_the_common_rules(source: str, text: str) -> None:
    assert filled(source) == text


@pytest.mark.parametrize(("verdict", "word"), VERDICT_WORDS.items())
def test_a_page_knows_word_and_tone_of_every_verdict(verdict: str, word: str) -> None:
    assert filled("{{ words[v] }} {{ tones[v] }} {{ tone_of[w] }}", v=verdict, w=word) == (
        f"{word} {TONES[verdict]} {TONES[verdict]}"
    )


def test_importing_the_pages_does_not_load_the_template_engine() -> None:
    script = "import sys, evalkit.report.pages; print('jinja2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a\u202eb", "a\\u202eb"),
        ("a\x1b[2J", "a\\x1b[2J"),
        ("one\ntwo", "one two"),
        ("Zoë → 94.0\u00a0%", "Zoë → 94.0\u00a0%"),
        ("x" * 2_000, "x" * 2_000),
    ],
)
def test_what_hides_or_turns_text_around_is_written_out_on_a_page(given: str, shown: str) -> None:
    assert filled("{{ value }}|{{ value|typeset }}", value=given) == f"{shown}|{shown}"


def test_a_text_too_long_to_read_keeps_both_ends_and_a_figure_is_never_cut() -> None:
    page = filled("{{ value }}", value="a" * 2_000 + "b" * 1_000)
    assert page == "a" * 1_000 + " ... 1,000 characters ... " + "b" * 1_000
    svg = "<svg>" + "x" * 10_000 + "\n</svg>"
    assert filled("{{ value }}", value=pages.trusted(svg)) == svg
