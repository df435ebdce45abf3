"""The body of a document: headings, and what stands under each, with line numbers.

A heading is one ``#`` and a title. Under it stands either prose or, where the family executes it, exactly one table,
list or block of settings. The raw blocks built here hold text only; `tables` types them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from evalkit.errors import SpecError

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_PIPE = re.compile(r"(?<!\\)\|")
_SETTING = re.compile(r"([A-Za-z][A-Za-z0-9_ ]{0,39}?)\s*:\s*(\S.*)")

BlockKind = Literal["table", "list", "settings"]


@dataclass(frozen=True, slots=True)
class RawRow:
    """The texts of one table row, list item (one text) or setting (key and value), with its line in the file."""

    cells: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """One executable block as it stands in the file. ``columns`` and ``line`` are those of a table's head row."""

    kind: BlockKind
    columns: tuple[str, ...]
    rows: tuple[RawRow, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Section:
    """One heading with everything up to the next: ``tokens`` of markdown-it, and the text without comments."""

    heading: str
    line: int
    text: str
    tokens: Sequence[Any]
    lines: Sequence[str]
    """All lines of the body, comments blanked."""
    first: int
    """The file's line of ``lines[0]``."""
    path: str

    def where(self, token: Any) -> str:
        """``file:line`` of a token; of the heading for a token that knows no line."""
        return f"{self.path}:{token.map[0] + self.first if token.map else self.line}"


def split_sections(body: str, *, first: int, path: str) -> tuple[Section, ...]:
    """The sections of a body whose first line is line ``first`` of the file.

    Raises SpecError for text before the first heading, a heading of another level, one inside a list or quotation,
    one that comes twice, and a comment without an end.
    """
    lines = _blank_comments(body, first=first, path=path).split("\n")
    tokens = _parser().parse("\n".join(lines))
    starts = list(_headings(tokens, first=first, path=path))
    if tokens and (not starts or starts[0][0] > 0):
        raise SpecError(
            "text before the first heading",
            where=f"{path}:{(tokens[0].map or (0,))[0] + first}",
            next_step="put it under '# Purpose' or '# Notes'",
        )
    sections: dict[str, Section] = {}
    for number, (index, heading, row) in enumerate(starts):
        end, last = (starts[number + 1][0], starts[number + 1][2]) if number + 1 < len(starts) else (None, None)
        if heading in sections:
            raise SpecError(
                f"the heading {heading!r} stands here again (first at line {sections[heading].line})",
                where=f"{path}:{row + first}",
                next_step="merge the two",
            )
        text = "\n".join(lines[row + 1 : last]).strip("\n")
        sections[heading] = Section(heading, row + first, text, tokens[index + 3 : end], lines, first, path)
    return tuple(sections.values())


def read_block(section: Section, kind: BlockKind) -> Block:
    """The one executable block of a section. Raises SpecError with the line where anything else stands there."""
    blocks = [token for token in section.tokens if token.level == 0 and token.nesting >= 0]
    if not blocks:
        where = f"{section.path}:{section.line}"
        raise SpecError(f"nothing stands under {section.heading!r}", where=where, next_step=_WANTED[kind])
    stray = next((token for token in blocks if token.type not in _OPENING[kind]), None)
    if stray is None and len(blocks) > 1 and kind != "settings":
        stray = blocks[1]
    if stray is not None:
        raise SpecError(
            f"{section.heading!r} is executed, and this is no part of its {kind}",
            where=section.where(stray),
            next_step=_WANTED[kind],
        )
    if kind == "table":
        return _read_table(section)
    rows = tuple(_items(section) if kind == "list" else _settings(section))
    return Block(kind, ("item",) if kind == "list" else ("key", "value"), rows, section.line)


_OPENING = {
    "table": {"table_open"},
    "list": {"bullet_list_open", "ordered_list_open"},
    "settings": {"paragraph_open"},
}
_WANTED = {
    "table": "keep exactly one pipe table here, and prose under '# Notes'",
    "list": "keep exactly one list here, and prose under '# Notes'",
    "settings": "keep only 'key: value' lines here, and prose under '# Notes'",
}


@cache
def _parser() -> Any:
    from markdown_it import MarkdownIt

    # a link definition would vanish from the page without a word
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("reference")


def _blank_comments(body: str, *, first: int, path: str) -> str:
    """The body without its HTML comments; every line keeps its number."""
    blanked = _COMMENT.sub(lambda found: "\n" * found.group().count("\n"), body)
    open_ = blanked.find("<!--")
    if open_ >= 0:
        raise SpecError(
            "a comment without an end",
            where=f"{path}:{blanked.count(chr(10), 0, open_) + first}",
            next_step="close it with '-->'",
        )
    return "\n".join(line.rstrip() for line in blanked.split("\n"))


def _headings(tokens: Sequence[Any], *, first: int, path: str) -> Iterator[tuple[int, str, int]]:
    """``(index of the token, title, line in the body)`` of each heading."""
    for index, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        where = f"{path}:{token.map[0] + first}"
        if token.tag != "h1" or token.level != 0 or token.markup != "#":
            raise SpecError(
                "a heading that is not one '#' at the start of its line",
                where=where,
                next_step="write '# ' and the title; bold words will do for smaller headings",
            )
        yield index, _plain_text(tokens[index + 1], where), token.map[0]


def _plain_text(inline: Any, where: str) -> str:
    """The text that a reader sees, white space collapsed. Raises SpecError for emphasis, code, links and images."""
    parts = []
    for child in inline.children or ():
        if child.type not in {"text", "softbreak"}:
            raise SpecError(
                "formatting where plain text is executed",
                where=where,
                next_step="take out emphasis, code marks and links, or write \\ before the character that is meant",
            )
        parts.append(child.content if child.type == "text" else " ")
    return " ".join("".join(parts).split())


def _read_table(section: Section) -> Block:
    rows: list[RawRow] = []
    cells: list[str] = []
    where, row = "", 0
    for token in section.tokens:
        if token.type == "tr_open":
            cells, row = [], token.map[0]
            where = section.where(token)
        elif token.type == "inline":
            cells.append(_plain_text(token, where))
        elif token.type == "tr_close":
            _count_cells(section.lines[row], len(rows[0].cells if rows else cells), where)
            rows.append(RawRow(tuple(cells), row + section.first))
    return Block("table", rows[0].cells, tuple(rows[1:]), rows[0].line)


def _count_cells(line: str, expected: int, where: str) -> None:
    """Markdown pads short rows and drops surplus cells without a word; here both are mistakes."""
    text = line.strip()
    count = len(_PIPE.split(text.removeprefix("|"))) - (1 if re.search(r"(?<!\\)\|$", text) else 0)
    if count != expected:
        raise SpecError(
            f"the row has {count} cells and the table {expected} columns",
            where=where,
            next_step="write one cell for each column, '-' where there is none",
        )


def _items(section: Section) -> Iterator[RawRow]:
    """One row for each item: bullets are split at commas, numbered lines are not."""
    numbered = section.tokens[0].type == "ordered_list_open"
    for token in section.tokens:
        if token.type in {"bullet_list_open", "ordered_list_open"} and token.level > 0:
            raise SpecError("a list inside the list", where=section.where(token), next_step="flatten it")
        if token.type == "inline":
            text = _plain_text(token, section.where(token))
            entries = [text] if numbered else text.split(",")
            yield from (RawRow((entry.strip(),), token.map[0] + section.first) for entry in entries)
        elif token.type not in _LIST_TOKENS:
            raise SpecError(
                "something other than text in the list", where=section.where(token), next_step=_WANTED["list"]
            )


_LIST_TOKENS = {
    f"{part}_{edge}" for part in ("bullet_list", "ordered_list", "list_item", "paragraph") for edge in ("open", "close")
}


def _settings(section: Section) -> Iterator[RawRow]:
    for token in section.tokens:
        if token.type != "inline":
            continue
        where = section.where(token)
        _plain_text(token, where)
        for row in range(token.map[0], token.map[1]):
            found = _SETTING.fullmatch(section.lines[row].strip())
            line = row + section.first
            if found is None:
                raise SpecError(
                    "this line is not 'key: value'", where=f"{section.path}:{line}", next_step=_WANTED["settings"]
                )
            yield RawRow((found[1], " ".join(found[2].split())), line)
