"""The parts of a spec, as frozen records.

A spec is a contract (the YAML front matter: what an agent takes, must refuse, gives back and is judged by) and
knowledge (the Markdown body: prose, and tables under reserved headings that a rules agent executes).
`document` builds these records from a file; nothing here reads one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from evalkit.cards import Grid, card

InputType = Literal["string", "date", "enum", "boolean", "integer", "number", "list[string]", "list[note]"]
OutputType = Literal["string", "date", "enum", "boolean", "integer", "number", "list", "list[string]", "list[span]"]
Use = Literal["send", "validate_only", "derive"]
Derivation = Literal["age_years", "year"]
Status = Literal["draft", "candidate", "production", "retired"]
DataClass = Literal["phi", "deidentified", "synthetic"]


class SpecPart(BaseModel):
    """A frozen, strict piece of the front matter: an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


class InputField(SpecPart):
    """One field of the request."""

    type: InputType
    required: bool = False
    phi: tuple[str, ...] = ()
    """Safe Harbor categories that the field may carry; empty for none."""
    use: Use = "send"
    """send: goes to the model; validate_only: checked, then dropped; derive: only what is derived goes on."""
    derive: Derivation | None = None
    """For use=derive: what the model gets instead, and under which name: ``age_years`` (0 to 90, where 90 stands for
    every age above 89, 45 CFR 164.514(b)(2)(i)(C)) or ``year``."""
    values: tuple[str, ...] = ()
    max_chars: int | None = Field(default=None, gt=0)


class Echo(SpecPart):
    """One identifier that one output field has to repeat (45 CFR 164.514(d)(3)). Every other is a leak there."""

    field: str
    """Output field, or entry of a list field: ``member_id``, ``lines.payer``."""
    needle: str
    """Whose identifier, by the id that cases plant it under: ``patient.member_id``."""
    reason: str
    """One line: why the purpose needs it there."""


class MinimumNecessary(SpecPart):
    """45 CFR 164.502(b): the fields that reach the model, each with a reason; the fields that must never come."""

    allow: Mapping[str, str]
    """Field name -> one line of reason."""
    forbid: tuple[str, ...] = ()
    echo: tuple[Echo, ...] = ()
    """Identifiers that may stand in the output, verbatim and each in its one field."""
    chart_window_days: int | None = Field(default=None, gt=0)


class RefusalRule(SpecPart):
    """One row of ``refuse``: first hit wins, and no model is called."""

    code: str = Field(pattern=r"^[A-Z][A-Z0-9_]{2,40}$")
    when: str
    field: str | None = None
    """The field a refusal names; without it, the first field that the condition mentions."""


class OutputField(SpecPart):
    """One field of the output; ``item`` types the entries of a list."""

    type: OutputType
    required: bool = True
    values: tuple[str, ...] = ()
    min: float | None = None
    max: float | None = None
    item: Mapping[str, str] | None = None
    """For type=list: entry field name -> type, where ``a|b|c`` is an enum."""


class Review(SpecPart):
    """Confidences below ``threshold`` go to a person; ``band`` is the width of "near" on either side."""

    threshold: float = Field(ge=0, le=1)
    band: float = Field(default=0.05, ge=0, le=0.5)
    reviewers: Literal[1, 2] = 1
    """People who must say the same before a production run becomes a gold case; where two differ, a third decides."""


class ModelPolicy(SpecPart):
    """Which models may be called."""

    policy: Literal["baa_only", "offline_only"]
    allow: tuple[str, ...]


class Gate(SpecPart):
    """One condition for a version to pass. ``max_drop`` is judged against another version, paired by case."""

    metric: str
    scope: str = "all"
    """``all``, or ``tag:<tag>`` for a slice."""
    min: float | None = None
    max: float | None = None
    equals: float | None = None
    max_drop: float | None = Field(default=None, gt=0, lt=1)
    versus: str | None = None
    """The alias or version to compare with; needed by max_drop."""
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    """One-sided level of max_drop, and of a one-sided bound."""
    test: Literal["midp", "exact", "score"] = "midp"
    """For max_drop on right or wrong: ``exact`` never errs more often than alpha, and sees less."""
    bound: Literal["two_sided", "one_sided"] = "two_sided"
    """For min and max: judged on the 95 % interval, or, for a safety rate, on one exact bound at level alpha."""
    trials: int | None = Field(default=None, ge=2, le=16)
    """For min, on right or wrong: judged on pass^k, the chance that so many trials of a case are all right."""

    @property
    def figure(self) -> str:
        """What is judged: the metric, or ``metric^k``."""
        return self.metric if self.trials is None else f"{self.metric}^{self.trials}"

    def describe(self) -> str:
        """Every bound, in words: ``at least 0.9``, ``no drop over 0.02 versus production``."""
        bounds = (
            (self.min, f"at least {self.min}" + (f" in all of {self.trials} trials" if self.trials else "")),
            (self.max, f"at most {self.max}"),
            (self.equals, f"exactly {self.equals}"),
            (self.max_drop, f"no drop over {self.max_drop} versus {self.versus}"),
        )
        return ", ".join(words for bound, words in bounds if bound is not None)


@dataclass(frozen=True, slots=True)
class Row:
    """One executable row: ``row_id`` is ``<heading>/<key>``, ``line`` counts from 1 in the file."""

    row_id: str
    cells: Mapping[str, Any]
    line: int


@dataclass(frozen=True, slots=True)
class Table:
    """The executable content under one reserved heading.

    A bullet list is a table of one column ``item``; ``key: value`` lines are a table of ``key`` and ``value``.
    """

    heading: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    line: int

    def column(self, name: str) -> tuple[Any, ...]:
        """The cells of one column, top down."""
        return tuple(row.cells[name] for row in self.rows)

    def setting(self, key: str) -> Any:
        """The value of a ``key: value`` line. Raises KeyError where it is absent."""
        for row in self.rows:
            if row.cells["key"] == key:
                return row.cells["value"]
        raise KeyError(key)


@dataclass(frozen=True, slots=True)
class Column:
    """How one column of an executable table is read.

    ``parse`` turns the cell's text into its value and raises ValueError with a reason that names no value.
    ``refers_to`` is ``Heading.column``: every value must stand there (each entry, where the cell is a tuple).
    ``mentions`` says which values of a compound cell those are (``extra:00012`` mentions ``00012``).
    An optional cell may be ``-`` (None).
    """

    name: str
    parse: Callable[[str], Any] = str
    optional: bool = False
    refers_to: str | None = None
    mentions: Callable[[Any], Iterable[Any]] | None = None


@dataclass(frozen=True, slots=True)
class TableSchema:
    """What a family expects under one reserved heading. ``key`` names the columns that make the row id.

    table: ``columns`` in any order, each once; without a ``key`` the first column is the key.
    list: rows of one column ``item``, read by the first of ``columns``. A bullet may hold several items, separated by
    commas; a numbered line is one item, and the order of items counts.
    settings: ``key: value`` lines; each of ``columns`` is one key, and an optional one may be left out.
    """

    heading: str
    kind: Literal["table", "list", "settings"]
    columns: tuple[Column, ...] = ()
    key: tuple[str, ...] = ()
    required: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class Spec:
    """One version of one agent's description. ``str(spec)`` is its reference, ``id@version``."""

    id: str
    version: str
    title: str
    family: str
    owner: str
    status: Status
    effective: date
    supersedes: str | None
    change_note: str
    data_class: DataClass
    purpose_of_use: str
    legal_basis: str
    code_table: str | None
    input: Mapping[str, InputField]
    minimum_necessary: MinimumNecessary
    refuse: tuple[RefusalRule, ...]
    output: Mapping[str, OutputField]
    review: Review
    models: ModelPolicy
    gates: tuple[Gate, ...]
    tables: Mapping[str, Table]
    """Reserved heading -> executable table."""
    prose: Mapping[str, str]
    """Other heading -> text."""
    source: str
    """The canonical text of the document (UTF-8 NFC, LF, one final newline)."""
    path: str
    """The file's name as given, for messages."""
    content_sha: str
    """SHA-256 of ``source``: moves with every byte. Audit on it."""
    behaviour_sha: str
    """SHA-256 of contract and tables: does not move with prose, comments or version. Compare on it."""

    def __hash__(self) -> int:
        """Equal specs have equal text, so the digest of the text stands for all of it."""
        return hash(self.content_sha)

    @property
    def ref(self) -> str:
        """``id@version``."""
        return f"{self.id}@{self.version}"

    def __str__(self) -> str:
        return self.ref

    def __repr__(self) -> str:
        return f"Spec({self.ref}, {self.family}, behaviour {self.behaviour_sha[:12]})"

    def _repr_html_(self) -> str:
        fields = [
            (name, field.type, ", ".join(field.phi) or "-", self.minimum_necessary.allow.get(name, field.use))
            for name, field in self.input.items()
        ]
        gates = [(gate.metric, gate.scope, gate.describe()) for gate in self.gates]
        return card(
            f"{self.ref}: {self.title}",
            lead=f"{self.change_note} Behaviour {self.behaviour_sha[:12]}.",
            grids=[
                Grid(["input", "type", "may hold", "why it reaches the model"], fields),
                *_echo_grid(self.minimum_necessary.echo),
                Grid(["refusal", "when"], [(rule.code, rule.when) for rule in self.refuse]),
                Grid(["gate on", "scope", "asks"], gates),
            ],
        )

    @property
    def echoes(self) -> dict[str, frozenset[str]]:
        """Output field, in dots without positions -> the needles that may stand in it verbatim."""
        echoes: dict[str, frozenset[str]] = {}
        for echo in self.minimum_necessary.echo:
            echoes[echo.field] = echoes.get(echo.field, frozenset()) | {echo.needle}
        return echoes

    def rows(self) -> dict[str, Row]:
        """Every executable row by its id."""
        return {row.row_id: row for table in self.tables.values() for row in table.rows}


def _echo_grid(echoes: tuple[Echo, ...]) -> list[Grid]:
    rows = [(echo.field, echo.needle, echo.reason) for echo in echoes]
    return [Grid(["output", "may repeat", "why"], rows)] if rows else []
