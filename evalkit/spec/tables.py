"""The executable part of the body: sections held against the schemas of a family, and typed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from evalkit.errors import SpecError
from evalkit.spec.header import suggest
from evalkit.spec.markdown import Block, RawRow, Section, read_block
from evalkit.spec.schema import Column, Row, Table, TableSchema

PROSE = ("Purpose", "Examples", "Change log", "Notes")
"""Headings that every family shares; what stands under them is for readers and language models, never executed."""


def read_tables(
    sections: Sequence[Section], schemas: Sequence[TableSchema], *, path: str
) -> tuple[dict[str, Table], dict[str, str]]:
    """``(tables, prose)`` by heading.

    Raises SpecError for a heading that is neither reserved nor prose, a required one that is missing, and whatever
    a table holds that its schema does not allow; each with its line.
    """
    reserved = {schema.heading: schema for schema in schemas}
    tables: dict[str, Table] = {}
    prose: dict[str, str] = {}
    for section in sections:
        schema = reserved.get(section.heading)
        if schema is not None:
            tables[section.heading] = _read_table(section, schema)
        elif section.heading in PROSE:
            prose[section.heading] = section.text
        else:
            raise _unknown_heading(section, (*reserved, *PROSE))
    for schema in schemas:
        if schema.required and schema.heading not in tables:
            raise SpecError(
                f"the heading {schema.heading!r} is missing",
                where=f"{path}:{sections[-1].line if sections else 1}",
                next_step=f"add '# {schema.heading}' with its {schema.kind}",
            )
    for schema in schemas:
        if schema.heading in tables:
            _resolve(tables[schema.heading], schema, tables, path)
    return tables, prose


def _unknown_heading(section: Section, known: Iterable[str]) -> SpecError:
    names = list(known)
    near = suggest(section.heading, names)
    return SpecError(
        f"the heading {section.heading[:80]!r} is not known to this family",
        where=f"{section.path}:{section.line}",
        next_step=f"did you mean {near!r}?" if near else f"known: {', '.join(names)}",
    )


def _read_table(section: Section, schema: TableSchema) -> Table:
    block = read_block(section, schema.kind)
    if schema.kind == "table":
        columns = _order_columns(block, schema, section)
        key = schema.key or (schema.columns[0].name,)
        rows = [_read_row(raw, columns, key, section) for raw in block.rows]
        names = tuple(column.name for column in columns)
    elif schema.kind == "list":
        item = schema.columns[0] if schema.columns else Column("item")
        rows = [_read_item(raw, item, section) for raw in block.rows]
        names = ("item",)
    else:
        rows = [_read_setting(raw, schema, section) for raw in block.rows]
        names = ("key", "value")
        _need_settings(rows, schema, section)
    if not rows:
        raise SpecError(
            f"the table under {section.heading!r} has no rows",
            where=f"{section.path}:{block.line}",
            next_step="add a row",
        )
    _refuse_twins(rows, section)
    return Table(section.heading, names, tuple(rows), block.line)


def _order_columns(block: Block, schema: TableSchema, section: Section) -> list[Column]:
    """The schema's columns in the order of the file."""
    where = f"{section.path}:{block.line}"
    known = {column.name: column for column in schema.columns}
    for number, name in enumerate(block.columns):
        if name in block.columns[:number]:
            raise SpecError(f"the column {name!r} stands here twice", where=where, next_step="keep one of the two")
        if name not in known:
            near = suggest(name, known)
            raise SpecError(
                f"{section.heading!r} has no column {name[:80]!r}",
                where=where,
                next_step=f"did you mean {near!r}?" if near else f"its columns: {', '.join(known)}",
            )
    missing = [name for name in known if name not in block.columns]
    if missing:
        raise SpecError(
            f"{section.heading!r} lacks the column {missing[0]!r}", where=where, next_step="add it to the table's head"
        )
    return [known[name] for name in block.columns]


def _read_row(raw: RawRow, columns: Sequence[Column], key: tuple[str, ...], section: Section) -> Row:
    where = f"{section.path}:{raw.line}"
    texts = {column.name: text for column, text in zip(columns, raw.cells, strict=True)}
    cells = {column.name: _read_cell(texts[column.name], column, where) for column in columns}
    return Row(f"{section.heading}/{'+'.join(texts[name] for name in key)}", cells, raw.line)


def _read_item(raw: RawRow, item: Column, section: Section) -> Row:
    where = f"{section.path}:{raw.line}"
    return Row(f"{section.heading}/{raw.cells[0]}", {"item": _read_cell(raw.cells[0], item, where)}, raw.line)


def _read_setting(raw: RawRow, schema: TableSchema, section: Section) -> Row:
    key, text = raw.cells
    where = f"{section.path}:{raw.line}"
    column = next((column for column in schema.columns if column.name == key), None)
    if column is None:
        names = [column.name for column in schema.columns]
        near = suggest(key, names)
        raise SpecError(
            f"{section.heading!r} has no setting {key!r}",
            where=where,
            next_step=f"did you mean {near!r}?" if near else f"its settings: {', '.join(names)}",
        )
    return Row(f"{section.heading}/{key}", {"key": key, "value": _read_cell(text, column, where)}, raw.line)


def _need_settings(rows: Sequence[Row], schema: TableSchema, section: Section) -> None:
    there = {row.cells["key"] for row in rows}
    for column in schema.columns:
        if not column.optional and column.name not in there:
            raise SpecError(
                f"{section.heading!r} lacks the setting {column.name!r}",
                where=f"{section.path}:{section.line}",
                next_step=f"add a line '{column.name}: ...'",
            )


def _read_cell(text: str, column: Column, where: str) -> Any:
    if text == "":
        raise SpecError(f"an empty cell in {column.name!r}", where=where, next_step="write '-' where there is none")
    if text == "-":
        if column.optional:
            return None
        raise SpecError(f"{column.name!r} cannot be '-'", where=where, next_step="write a value")
    try:
        return column.parse(text)
    except ValueError as error:
        raise SpecError(f"{column.name!r}: {error}", where=where, next_step="correct the cell") from None


def _refuse_twins(rows: Sequence[Row], section: Section) -> None:
    seen: dict[str, int] = {}
    for row in rows:
        if row.row_id in seen:
            raise SpecError(
                f"the row {row.row_id!r} stands here again (first at line {seen[row.row_id]})",
                where=f"{section.path}:{row.line}",
                next_step="keep one of the two",
            )
        seen[row.row_id] = row.line


def _resolve(table: Table, schema: TableSchema, tables: Mapping[str, Table], path: str) -> None:
    """Every cell of a column with ``refers_to`` names something that stands where it says."""
    for column in schema.columns:
        if column.refers_to is None:
            continue
        heading, _, name = column.refers_to.rpartition(".")
        target = tables.get(heading)
        known = set(target.column(name)) if target is not None else set()
        for row, value in _mentioned(table, schema, column):
            if value not in known:
                raise SpecError(
                    f"{column.name!r} mentions what does not stand under {heading!r} in {name!r}",
                    where=f"{path}:{row.line}",
                    next_step="correct the cell, or add that row",
                )


def _mentioned(table: Table, schema: TableSchema, column: Column) -> Iterator[tuple[Row, Any]]:
    """``(row, value)`` for everything that a column's cells mention."""
    for row in table.rows:
        if schema.kind == "settings" and row.cells["key"] != column.name:
            continue
        cell = row.cells[{"table": column.name, "list": "item", "settings": "value"}[schema.kind]]
        if cell is None:
            continue
        if column.mentions is not None:
            yield from ((row, value) for value in column.mentions(cell))
        elif isinstance(cell, (tuple, list, frozenset)):
            yield from ((row, value) for value in cell)
        else:
            yield row, cell
