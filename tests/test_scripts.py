"""Scripts of pages: known by digest, and data beside them that cannot end its element."""

from __future__ import annotations

import base64
import hashlib
import json
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.scripts import CASES, TABLES, data_island, policy, script_digest

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class Elements(HTMLParser):
    """The tags of a page, and what its scripts hold."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@given(values)
def test_any_values_come_back_from_a_page_and_open_no_element_on_it(value: object) -> None:
    island = data_island(value)
    page = Elements(f'<script type="application/json">{island}</script>')
    assert page.tags == ["script"]
    assert json.loads(page.text) == value
    assert not set(island) & set("<>&")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_json_does_not_know_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        data_island([number])


@pytest.mark.parametrize("planted", ["</script>", "<!--", "<script", "]]>", "&lt;"])
def test_what_ends_or_opens_an_element_is_written_as_an_escape(planted: str) -> None:
    assert planted not in data_island({planted: [planted]})
    assert json.loads(data_island({planted: [planted]})) == {planted: [planted]}


@pytest.mark.parametrize("script", [TABLES, CASES], ids=["tables", "cases"])
def test_a_policy_lets_one_script_run_and_nothing_load(script: str) -> None:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert script_digest(script) == f"sha256-{digest}"
    rules = dict(rule.split(" ", 1) for rule in policy(script).split("; "))
    assert rules == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "script-src": f"'sha256-{digest}'",
    }


@pytest.mark.parametrize("script", [TABLES, CASES], ids=["tables", "cases"])
@pytest.mark.parametrize(
    "word",
    ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval", "Function(", "fetch", "XMLHttpRequest",
     "import(", "localStorage", "sessionStorage", "cookie", "postMessage", "location", "navigator", "</"],
)  # fmt: skip
def test_a_script_makes_no_markup_out_of_text_and_reaches_out_for_nothing(script: str, word: str) -> None:
    assert word not in script


def test_a_script_ends_with_a_line_and_holds_ascii_alone() -> None:
    for script in (TABLES, CASES):
        assert script.isascii()
        assert script.startswith('"use strict";\n')
        assert script.endswith("\n")
