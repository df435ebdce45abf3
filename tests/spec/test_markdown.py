"""The body of a document: headings, blocks and lines, before anything is typed."""

from __future__ import annotations

import pytest

from evalkit.errors import SpecError
from evalkit.spec.markdown import Block, BlockKind, RawRow, read_block, split_sections


def block(body: str, kind: BlockKind) -> Block:
    return read_block(split_sections(body, first=1, path="x.md")[0], kind)


def texts(body: str, kind: BlockKind) -> list[tuple[str, ...]]:
    return [row.cells for row in block(body, kind).rows]


def test_sections_know_their_line_and_their_text() -> None:
    sections = split_sections("\n# One\ntext\n\n# Two\n\n- a\n\n", first=10, path="x.md")
    assert [(section.heading, section.line, section.text) for section in sections] == [
        ("One", 11, "text"),
        ("Two", 14, "- a"),
    ]


def test_an_empty_body_has_no_sections() -> None:
    assert split_sections("", first=1, path="x.md") == ()
    assert split_sections("<!-- only a remark -->\n", first=1, path="x.md") == ()


def test_a_comment_over_several_lines_moves_no_line() -> None:
    body = "# One\n<!-- a\n# not a heading\nb -->\n| a |\n|---|\n| 1 | <!-- c -->\n"
    assert block(body, "table").rows == (RawRow(("1",), 7),)


def test_a_heading_in_code_is_code() -> None:
    assert [section.heading for section in split_sections("# One\n```\n# Two\n```\n", first=1, path="x")] == ["One"]


def test_a_heading_is_read_as_a_reader_sees_it() -> None:
    assert split_sections("# One \\* two &amp; three #\n", first=1, path="x")[0].heading == "One * two & three"


@pytest.mark.parametrize("body", ["## One", "One\n===", "One\n---", "> # One", "- # One", "# One\n### Two"])
def test_a_heading_is_one_hash_at_the_start_of_its_line(body: str) -> None:
    with pytest.raises(SpecError, match="not one '#'"):
        split_sections(body, first=1, path="x.md")


def test_a_table_keeps_columns_cells_and_lines() -> None:
    found = block("# T\n\n| a | b |\n|---|:-:|\n| 1 | two words |\n| 3 | x \\| y |", "table")
    assert found == Block("table", ("a", "b"), (RawRow(("1", "two words"), 5), RawRow(("3", "x | y"), 6)), 3)


def test_edge_pipes_are_a_matter_of_taste() -> None:
    assert texts("# T\na | b\n---|---\n1 | 2", "table") == texts("# T\n| a | b |\n|---|---|\n| 1 | 2 |", "table")


@pytest.mark.parametrize(
    ("row", "count"),
    [("| 1 |", 1), ("| 1 | 2 | 3 |", 3), ("1", 1), ("| 1 | 2 | |", 3), ("| 1 \\| 2 |", 1), ("1 | 2 | 3", 3)],
)
def test_a_row_with_other_than_its_cells_is_refused(row: str, count: int) -> None:
    """Markdown would pad or cut it without a word."""
    with pytest.raises(SpecError, match=f"x.md:4: the row has {count} cells and the table 2 columns"):
        block(f"# T\n| a | b |\n|---|---|\n{row}", "table")


def test_a_line_that_follows_a_table_is_taken_for_a_row_and_refused() -> None:
    with pytest.raises(SpecError, match="x.md:5: the row has 1 cells"):
        block("# T\n| a | b |\n|---|---|\n| 1 | 2 |\nsee above", "table")


def test_bullets_are_split_at_commas_and_numbers_are_not() -> None:
    assert texts("# L\n- a, b c\n- d\n  e", "list") == [("a",), ("b c",), ("d e",)]
    assert texts("# L\n1. a, b\n2. c", "list") == [("a, b",), ("c",)]


def test_settings_may_stand_in_lines_or_paragraphs() -> None:
    found = block("# S\nrule: each\nlong name:  two   words: three\n\nlimit: 3", "settings")
    assert found.rows == (
        RawRow(("rule", "each"), 2),
        RawRow(("long name", "two words: three"), 3),
        RawRow(("limit", "3"), 5),
    )


@pytest.mark.parametrize(
    ("body", "kind", "line"),
    [
        ("# T\nprose\n\n| a |\n|---|\n| 1 |", "table", 2),
        ("# T\n| a |\n|---|\n| 1 |\n\nprose", "table", 6),
        ("# T\n| a |\n|---|\n| 1 |\n\n- x", "table", 6),
        ("# T\n| a |\n|---|\n| 1 |\n\n| a |\n|---|\n| 1 |", "table", 6),
        ("# T\n```\n| a |\n```", "table", 2),
        ("# T\n> | a |\n> |---|\n> | 1 |", "table", 2),
        ("# T\n---", "table", 2),
        ("# T\n[a]: http://example.org", "table", 2),
        ("# L\n- a\n\n1. b", "list", 4),
        ("# L\n- a\n\n* b", "list", 4),
        ("# L\nprose", "list", 2),
        ("# S\n- rule: each", "settings", 2),
        ("# S\nrule: each\n\n    rule: all", "settings", 4),
        ("# S\n> rule: each", "settings", 2),
        ("# T", "table", 1),
        ("# L\n<!-- - a -->", "list", 1),
    ],
)
def test_what_is_not_the_one_block_is_refused(body: str, kind: BlockKind, line: int) -> None:
    with pytest.raises(SpecError) as caught:
        block(body, kind)
    assert caught.value.where == f"x.md:{line}"


@pytest.mark.parametrize("cell", ["*a*", "**a**", "`a`", "[a](b)", "![a](b)", "<http://a.example>", "a\\\\*b*"])
def test_formatting_is_not_executed(cell: str) -> None:
    for body, kind in (
        (f"# X\n| a |\n|---|\n| {cell} |", "table"),
        (f"# X\n- {cell}", "list"),
        (f"# X\nk: {cell}", "settings"),
    ):
        with pytest.raises(SpecError, match="formatting where plain text is executed"):
            block(body, kind)  # type: ignore[arg-type]


def test_tags_are_text_and_nothing_more() -> None:
    assert texts("# L\n- a <b>c</b>", "list") == [("a <b>c</b>",)]
