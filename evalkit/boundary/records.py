"""Audit records: one line of JSON for each thing that was done. No PHI: a subject is a pseudonym, a field a name."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from evalkit.errors import RecordedError
from evalkit.spec.strictjson import ContractBreach, strict_json

Action = Literal[
    "execute", "read", "export", "decrypt", "promote", "login", "break_glass", "alarm", "purge", "shred", "hold",
    "lift_hold", "incident", "contingency", "notice",
]  # fmt: skip


def _read_time(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment.astimezone(UTC)


Moment = Annotated[datetime, BeforeValidator(_read_time)]


class Record(BaseModel):
    """One record. What is absent was not recorded, and a rule that needs it says so."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, protected_namespaces=())

    seq: int = Field(ge=0)
    at: Moment
    action: Action
    actor: str
    role: str = ""
    token_id: str = ""
    """Which token was shown, by its id; empty for none."""
    token: Literal["valid", "none", "forged", "expired", "other_audience", ""] = ""
    """What the token was found to be; empty where nobody recorded it."""
    token_issued: Moment | None = None
    token_last_used: Moment | None = None
    second_factor: bool | None = None
    """None where nobody recorded whether one was shown."""
    outcome: Literal["done", "denied", "failed"] = "done"
    request_id: str = ""
    subject: str = ""
    fields: tuple[str, ...] = ()
    spec: str = ""
    model: str = ""
    tools: tuple[str, ...] | None = None
    """None where nobody recorded them; an empty list where there were none."""
    purpose: str = ""
    reason: str = ""
    second_actor: str = ""
    expires: Moment | None = None
    created: Moment | None = None
    """For purge: when the purged record was made."""
    retired: Moment | None = None
    """For purge: when its spec was last in effect; None where it still is."""
    discovered: Moment | None = None
    """For incident: the first day that it was known or should have been (164.410(a)(2))."""
    incident: str = ""
    """For incident, contingency and notice: which one it is about."""
    subjects: tuple[str, ...] = ()
    """For notice: whom it lists."""
    window: tuple[Moment, Moment] | None = None
    """For incident: when it was open."""


def read_records(path: Path) -> tuple[Record, ...]:
    """Records from JSON lines. All or none: RecordedError names the line and the field, and no value."""
    records = []
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        raise RecordedError("the records cannot be read", where=path.name) from None
    for number, line in enumerate(lines, start=1):
        problem = ""
        try:
            records.append(Record.model_validate(_tuples(strict_json(line))))
        except ContractBreach:
            problem = "not one strict JSON object"
        except ValidationError as broken:
            first = broken.errors(include_input=False, include_url=False, include_context=False)[0]
            problem = f"{first['loc'][0]} is wrong ({first['type']})" if first["loc"] else "is wrong"
            if first["type"] == "extra_forbidden":
                problem = "a key that no record has"
        if problem:
            raise RecordedError(problem, where=f"{path.name}:{number}", next_step="write records as the how-to says")
    return tuple(records)


def _tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _tuples(entry) for name, entry in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def years_after(moment: datetime, years: int) -> datetime:
    """The same moment so many years on; 29 February becomes 1 March where there is none, so nothing ends early."""
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        return moment.replace(year=moment.year + years, month=3, day=1)


def days_between(start: datetime, end: datetime) -> int:
    """Calendar days from the day of one moment to the day of another, in UTC."""
    return (_day(end) - _day(start)).days


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
