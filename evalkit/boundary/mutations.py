"""Small changes to a request that should make it one to refuse. Whether one does is asked of the spec, not assumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

from evalkit.phi.surrogates import mrn
from evalkit.spec.conditions import Condition
from evalkit.spec.schema import InputField, Spec

Values = dict[str, Any]
Flags = dict[str, bool]
Mutation = Callable[[Values, Flags], None]
"""Changes copies of an input and its flags in place; leaves them alone where it has nothing to change."""

FUTURE_DAYS = ("2999-01-01", "9999-12-31")
EXPIRED_DAYS = ("1999-12-31", "1900-01-01")
"""Days on which an authorization, or anything else that ends, has ended."""
PLACEHOLDER = "not to be sent"
UNKNOWN_FIELD = "unrequested_field"
FULL_WIDTH_ZERO = 0xFF10
FIRST_STRANGER, SECOND_STRANGER = 1, 2
"""Draws for the record numbers of patients who are in no case."""
MOST_FLAGS = 4
"""Flags of one rule of which every combination is tried."""


def mutations_of(spec: Spec, condition: Condition) -> Iterator[tuple[str, Mutation]]:
    """Named changes that may trigger a refuse rule, likeliest first, by what its condition mentions."""
    flags = condition.flags
    for states in product((None, False, True), repeat=len(flags)) if 0 < len(flags) <= MOST_FLAGS else ():
        yield _name_flags(flags, states), _set_flags(dict(zip(flags, states, strict=True)))
    if "any_forbidden" in condition.text:
        for name in spec.minimum_necessary.forbid:
            yield f"with_{name}", _set_value(name, PLACEHOLDER)
    inputs = [name for name in condition.inputs if name in spec.input]
    if "any_note_mrn_differs" in condition.text:
        inputs += [name for name, field in spec.input.items() if _holds_notes(field) and name not in inputs]
    for name in inputs:
        yield from _field_mutations(name, spec.input[name], checked=bool(condition.validators))


def _holds_notes(field: InputField) -> bool:
    return field.type == "list[note]" or (field.type == "string" and "free_text" in field.phi)


def _field_mutations(name: str, field: InputField, *, checked: bool) -> Iterator[tuple[str, Mutation]]:
    if field.type == "date":
        for day in (*FUTURE_DAYS, *EXPIRED_DAYS):
            yield f"{name}_{day[:4]}", _set_value(name, day)
    elif field.type == "list[note]":
        yield f"{name}_of_two_patients", _mix_patients(name)
        yield f"{name}_empty", _set_value(name, [])
    elif _holds_notes(field):
        yield f"{name}_of_two_patients", _mix_patients(name)
        yield f"{name}_empty", _set_value(name, "")
    elif field.type == "list[string]":
        yield f"{name}_empty", _set_value(name, [])
    elif field.type == "string":
        if checked:
            for label, change in IDENTIFIER_CHANGES.items():
                yield f"{name}_{label}", _change_text(name, change)
        yield f"{name}_unknown", _set_value(name, "UNKNOWN")
        yield f"{name}_empty", _set_value(name, "")
    elif field.type in {"integer", "number"}:
        for number in (-1, 0, 10**9):
            yield f"{name}_{number}", _set_value(name, number)
    elif field.type == "boolean":
        yield f"{name}_false", _set_value(name, False)
        yield f"{name}_true", _set_value(name, True)
    else:
        for value in field.values:
            yield f"{name}_{value}", _set_value(name, value)


def wrong_check_digit(text: str) -> str:
    """The last digit raised by one."""
    return _replace_last_digit(text, lambda digit: str((int(digit) + 1) % 10))


def transposed(text: str) -> str:
    """The last two unequal neighbouring digits swapped. Not 0 and 9, which the Luhn scheme cannot tell apart."""
    for at in range(len(text) - 2, -1, -1):
        here, there = text[at], text[at + 1]
        if _is_digit(here) and _is_digit(there) and here != there and {here, there} != {"0", "9"}:
            return text[:at] + there + here + text[at + 2 :]
    return text


def full_width_digit(text: str) -> str:
    """The last digit as U+FF10 to U+FF19: ``int`` reads it and eyes do, a validator must not."""
    return _replace_last_digit(text, lambda digit: chr(FULL_WIDTH_ZERO + int(digit)))


def trailing_newline(text: str) -> str:
    """A line feed at the end: a pattern with ``$`` lets it through."""
    return text + "\n"


def shortened(text: str) -> str:
    """Without the first digit, as when leading zeros are lost."""
    at = next((at for at, char in enumerate(text) if _is_digit(char)), None)
    return text if at is None else text[:at] + text[at + 1 :]


def homoglyph(text: str) -> str:
    """The first Latin capital that has a Cyrillic or Greek twin replaced by it."""
    for at, char in enumerate(text):
        if char in _TWINS:
            return text[:at] + _TWINS[char] + text[at + 1 :]
    return text


IDENTIFIER_CHANGES: Mapping[str, Callable[[str], str]] = {
    "wrong_check_digit": wrong_check_digit,
    "transposed": transposed,
    "full_width_digit": full_width_digit,
    "trailing_newline": trailing_newline,
    "shortened": shortened,
    "homoglyph": homoglyph,
}
_TWINS = {"M": "М", "R": "Ꮢ", "N": "Ν", "A": "А", "E": "Е", "T": "Т", "Z": "Ζ", "C": "С", "H": "Н", "K": "К"}


def _is_digit(char: str) -> bool:
    return "0" <= char <= "9"


def _replace_last_digit(text: str, change: Callable[[str], str]) -> str:
    for at in range(len(text) - 1, -1, -1):
        if _is_digit(text[at]):
            return text[:at] + change(text[at]) + text[at + 1 :]
    return text


def _name_flags(flags: tuple[str, ...], states: tuple[bool | None, ...]) -> str:
    words = {None: "absent", False: "false", True: "true"}
    return "_".join(f"{flag}_{words[state]}" for flag, state in zip(flags, states, strict=True))


def _set_flags(states: Mapping[str, bool | None]) -> Mutation:
    def set_flags(_: Values, flags: Flags) -> None:
        for name, state in states.items():
            flags.pop(name, None)
            if state is not None:
                flags[name] = state

    return set_flags


def _set_value(name: str, value: Any) -> Mutation:
    def set_value(values: Values, _: Flags) -> None:
        values[name] = value

    return set_value


def _change_text(name: str, change: Callable[[str], str]) -> Mutation:
    def change_text(values: Values, _: Flags) -> None:
        if isinstance(values.get(name), str):
            values[name] = change(values[name])

    return change_text


def _mix_patients(name: str) -> Mutation:
    """A page under the number of somebody else: well-formed, and of a serial that nobody has."""

    def mix_patients(values: Values, _: Flags) -> None:
        if isinstance(values.get(name), str):
            values[name] = f"{values[name]}\nPage 2, {mrn(FIRST_STRANGER)}"
            return
        notes = list(values.get(name) or [])
        if notes and isinstance(notes[0], Mapping):
            values[name] = [{**notes[0], "mrn": mrn(FIRST_STRANGER)}, *notes, {**notes[0], "mrn": mrn(SECOND_STRANGER)}]

    return mix_patients
