"""From a file to a `Spec`: canonical text, strict head, executable tables, coherent parts, two digests."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from evalkit.digests import digest_bytes
from evalkit.errors import SpecError
from evalkit.spec.canonical import canonical_text
from evalkit.spec.coherence import check_head, check_refusals
from evalkit.spec.frontmatter import parse_head, split_document
from evalkit.spec.header import Header, read_header, suggest
from evalkit.spec.identity import behaviour_sha
from evalkit.spec.markdown import split_sections
from evalkit.spec.schema import Spec, Table, TableSchema
from evalkit.spec.tables import read_tables


def parse_spec(
    text: str | bytes, *, path: str, schemas: Mapping[str, Sequence[TableSchema]], open_families: bool = False
) -> Spec:
    """The spec that a document describes.

    ``path`` is how messages name the file; ``schemas`` holds, for each family, the tables that it executes. A family
    that is not among them is refused, or with ``open_families`` read as one that executes nothing: all of its body is
    prose. A name close to a known one is refused either way, for it is a slip.
    Raises SpecError with ``file:line``, what is wrong and the next step; nothing else, whatever the text is.
    """
    source = canonical_text(text, path=path)
    head, body, first = split_document(source, path=path)
    root = parse_head(head, path=path)
    header = read_header(root, path=path)
    check_head(header, root, path=path)
    near = None if header.family in schemas else suggest(header.family, schemas)
    if header.family not in schemas and (near or not open_families):
        raise SpecError(
            f"the family {header.family!r} is not known",
            where=f"{path}:{root.find(('family',))[1]}",
            next_step=f"did you mean {near}?" if near else f"known: {', '.join(schemas) or 'none'}",
        )
    sections = split_sections(body, first=first, path=path)
    if header.family in schemas:
        tables, prose = read_tables(sections, schemas[header.family], path=path)
    else:
        tables, prose = {}, {section.heading: section.text for section in sections}
    check_refusals(header, tables, root, path=path)
    return _build(header, tables, prose, source=source, path=path)


def _build(header: Header, tables: Mapping[str, Table], prose: Mapping[str, str], *, source: str, path: str) -> Spec:
    parts = {name: getattr(header, name) for name in Header.model_fields if name != "spec"}
    spec = Spec(
        **parts,
        tables=tables,
        prose=prose,
        source=source,
        path=path,
        content_sha=digest_bytes(source.encode("utf-8")),
        behaviour_sha="",
    )
    return dataclasses.replace(spec, behaviour_sha=behaviour_sha(spec))
