"""The strict YAML of a document's head: what YAML means to a person, and nothing else.

YAML readers disagree on ``NO``, ``12:30:45``, ``012`` or ``1_000``, let a later key win silently, and follow anchors,
tags and merge keys. Here one event stream is read with a depth cap, every such thing is refused with its line, and
only the plain scalars on whose meaning all versions of YAML agree are anything but text.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from evalkit.errors import SpecError
from evalkit.spec.canonical import find_invisible

MAX_DEPTH = 12
MAX_NODES = 4000

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,18}(?:[eE][-+]?[0-9]{1,3})?")
_WORDS = {"true": True, "false": False, "null": None, "": None}
_DOUBTFUL = re.compile(
    r"""(?: y|n|yes|no|on|off|true|false|null|~|=|<<          # words that some reader takes for a boolean or null
      | [-+]?\.(?:inf|nan)
      | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?      # sexagesimal numbers
      | [-+]?0[xob][0-9a-f_]+
      | [-+]?(?=\.?[0-9])[0-9_,]*\.?[0-9_]*(?:e[-+]?[0-9]*)?  # anything else made of digits
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_LONGEST_DOUBT = 64
"""Code points; longer ones are text to every reader, and the pattern stays cheap."""
_QUOTE = "put the value in quotes if it is text"


@dataclass(slots=True)
class Node:
    """One value of the head with its line: a scalar, a sequence of nodes, or a mapping of keys to nodes."""

    kind: Literal["scalar", "sequence", "mapping"]
    line: int
    value: Any = None
    plain: bool = False
    """True for a scalar written without quotes."""
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Node] = field(default_factory=dict)
    key_lines: dict[str, int] = field(default_factory=dict)

    def plain_value(self) -> Any:
        """The JSON value: dict, list, str, int, float, bool or None."""
        if self.kind == "mapping":
            return {key: entry.plain_value() for key, entry in self.entries.items()}
        if self.kind == "sequence":
            return [item.plain_value() for item in self.items]
        return self.value

    def find(self, loc: tuple[int | str, ...]) -> tuple[Node | None, int]:
        """The node at a path and the line to show for it: of its key, or of the nearest parent that is there."""
        node, line = self, self.line
        for step in loc:
            if isinstance(step, str) and step in node.entries:
                node, line = node.entries[step], node.key_lines[step]
            elif isinstance(step, int) and step < len(node.items):
                node = node.items[step]
                line = node.line
            else:
                return None, line
        return node, line


def split_document(text: str, *, path: str) -> tuple[str, str, int]:
    """``(head, body, line)`` of a canonical document, where ``line`` is the file's line of the body's first one.

    The head stands between a first line ``---`` and the next line ``---``. Raises SpecError where it does not.
    """
    lines = text.split("\n")
    if lines[0] != "---":
        raise SpecError(
            "the document does not start with a head",
            where=f"{path}:1",
            next_step="start with a line '---', then 'spec: evalkit/1'",
        )
    try:
        end = lines.index("---", 1)
    except ValueError:
        raise SpecError(
            "the head has no end", where=f"{path}:1", next_step="close it with a line '---' before the first heading"
        ) from None
    return "\n".join(lines[1:end]) + "\n", "\n".join(lines[end + 1 :]), end + 2


def parse_head(head: str, *, path: str) -> Node:
    """The head as nodes; its first line is line 2 of the file. Raises SpecError with the line."""
    tab = head.find("\t")
    if tab >= 0:
        raise SpecError(
            "a tab in the head", where=f"{path}:{head.count(chr(10), 0, tab) + 2}", next_step="indent with spaces"
        )
    root = _Builder(path).build(head)
    if root.kind != "mapping":
        raise SpecError(
            "the head is not 'key: value' lines", where=f"{path}:2", next_step="begin with 'spec: evalkit/1'"
        )
    return root


def read_scalar(text: str) -> Any:
    """The value of a plain scalar: true, false, null, an integer, a decimal, or text.

    Raises ValueError for one on which YAML readers disagree.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        number = float(text)
        if math.isfinite(number):
            return number
    if len(text) <= _LONGEST_DOUBT and _DOUBTFUL.fullmatch(text):
        raise ValueError("YAML readers disagree on what this unquoted value is")
    return text


@cache
def _loader() -> Any:
    """The quicker of PyYAML's two parsers; both give the same events."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class _Builder:
    """Builds nodes from YAML events on a stack of its own, so that depth costs no recursion."""

    path: str
    stack: list[Node] = field(default_factory=list)
    keys: list[tuple[str, int] | None] = field(default_factory=list)
    root: Node | None = None
    documents: int = 0
    nodes: int = 0

    def build(self, head: str) -> Node:
        import yaml

        try:
            for event in yaml.parse(head, Loader=_loader()):
                self._take(event)
        except (yaml.YAMLError, ValueError, OverflowError) as error:  # the last two: escapes beyond Unicode
            mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
            line = (mark.line if mark else 0) + 2
            raise SpecError(
                "the head is not YAML",
                where=f"{self.path}:{line}",
                next_step="look at the colons, brackets and indentation here and above; a value with any of "
                "[ ] { } : # , goes in quotes",
            ) from None
        if self.root is None:
            raise SpecError("the head is empty", where=f"{self.path}:2", next_step="begin with 'spec: evalkit/1'")
        return self.root

    def _take(self, event: Any) -> None:
        import yaml

        line = event.start_mark.line + 2
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            self._refuse("anchors and aliases are not used here", line, "write the value out")
        if isinstance(event, yaml.DocumentStartEvent):
            self._start_document(event, line)
        elif isinstance(event, yaml.ScalarEvent):
            self._take_scalar(event, line)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open(event, line, "mapping" if isinstance(event, yaml.MappingStartEvent) else "sequence")
        elif isinstance(event, yaml.CollectionEndEvent):
            self.stack.pop()
            self.keys.pop()

    def _start_document(self, event: Any, line: int) -> None:
        self.documents += 1
        if self.documents > 1:
            self._refuse("a second YAML document in the head", line, "keep one head per file")
        if event.version or event.tags:
            self._refuse("a YAML directive", line, "delete the line that starts with %")

    def _take_scalar(self, event: Any, line: int) -> None:
        if event.tag is not None:
            self._refuse("tags are not used here", line, "delete the word that starts with '!'")
        hidden = find_invisible(event.value.replace("\n", " "))
        if hidden is not None:
            self._refuse(f"an escape that makes a {hidden}", line, "write the character itself, or leave it out")
        plain = not event.style
        if self._expects_key():
            self._take_key(event.value, line, plain)
            return
        try:
            value = read_scalar(event.value) if plain else unicodedata.normalize("NFC", event.value)
        except ValueError as error:
            self._refuse(str(error), line, _QUOTE)
        self._place(Node("scalar", line, value=value, plain=plain))

    def _take_key(self, key: str, line: int, plain: bool) -> None:
        parent = self.stack[-1]
        if plain:
            try:
                surprising = not isinstance(read_scalar(key), str)
            except ValueError:
                surprising = True
            if surprising:
                self._refuse("a key that is not plainly text", line, "put the key in quotes, or name it otherwise")
        if key in parent.entries:
            first = parent.key_lines[key]
            self._refuse(f"the key of line {first} stands here again", line, "keep one of the two")
        self.keys[-1] = (key, line)

    def _open(self, event: Any, line: int, kind: Literal["sequence", "mapping"]) -> None:
        if event.tag is not None:
            self._refuse("tags are not used here", line, "delete the word that starts with '!'")
        if self._expects_key():
            self._refuse("a key that is a list or a mapping", line, "use a plain word as the key")
        if len(self.stack) >= MAX_DEPTH:
            self._refuse(f"more than {MAX_DEPTH} levels in the head", line, "flatten it")
        node = Node(kind, line)
        self._place(node)
        self.stack.append(node)
        self.keys.append(None)

    def _expects_key(self) -> bool:
        return bool(self.stack) and self.stack[-1].kind == "mapping" and self.keys[-1] is None

    def _place(self, node: Node) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self._refuse(f"more than {MAX_NODES} values in the head", node.line, "shorten it")
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        if parent.kind == "sequence":
            parent.items.append(node)
            return
        pending = self.keys[-1]
        assert pending is not None
        key, line = pending
        parent.entries[key] = node
        parent.key_lines[key] = line
        self.keys[-1] = None

    def _refuse(self, what: str, line: int, next_step: str) -> None:
        raise SpecError(what, where=f"{self.path}:{line}", next_step=next_step)
