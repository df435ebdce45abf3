from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.errors import SpecError
from evalkit.spec.schema import Spec
from evalkit.tasks import load_spec, read_spec
from evalkit.tasks.note_summary.routing import make_router
from evalkit.tasks.note_summary.rules import rules

PAGE = Path(__file__).resolve().parents[2] / "specs" / "note_summary" / "1.1.0.md"
TALK = "[doctor] hemoglobin was nine on the last sample\n[patient] it began when i moved a chair after work"


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load_spec(PAGE)


def edited(before: str, after: str) -> Spec:
    text = PAGE.read_text(encoding="utf-8")
    assert before in text
    return read_spec(text.replace(before, after), path="edited.md")


def headings(spec: Spec, dialogue: str) -> list[str]:
    note = rules(spec)({"dialogue": dialogue}).output["note"]  # type: ignore[index]
    return [line for line in note.splitlines() if line.isupper()]


def test_sentences_go_where_the_examples_say(spec: Spec) -> None:
    route = make_router(spec)
    assert route is not None
    said = [
        "let us start a water pill then", "it began when i moved some furniture", "your temperature is normal",
        "the creatinine was high on those labs",
    ]  # fmt: skip
    names = [row.cells["section"] for row in spec.tables["Sections"].rows]
    places = route(said)
    assert [names[place] if place is not None else None for place in places] == [
        "assessment plan", "subjective", "objective exam", "objective results"
    ]  # fmt: skip


def test_what_no_example_knows_stays_open(spec: Spec) -> None:
    route = make_router(spec)
    assert route is not None
    assert route(["xyzzy"]) == [None]
    assert route([]) == []


def test_two_loads_of_a_spec_route_alike(spec: Spec) -> None:
    said = ["the sugar test was high", "take it in the evening", "no pain when i press"]
    first, second = make_router(spec), make_router(load_spec(PAGE))
    assert first is not None
    assert second is not None
    assert first(said) == second(said)


def test_a_spec_without_examples_has_no_classifier() -> None:
    assert make_router(load_spec("note_summary@1.0.0")) is None


def test_an_example_must_name_a_section_of_the_spec() -> None:
    with pytest.raises(SpecError):
        edited("| 1  | subjective        |", "| 1  | somewhere else    |")


def test_an_edited_example_moves_sentences(spec: Spec) -> None:
    talk = "[doctor] the creatinine was a little high at 2.1 on the last sample"
    assert headings(spec, talk) == ["RESULTS"]
    moved = edited("| 18 | objective results |", "| 18 | subjective        |")
    assert headings(moved, talk) == ["HISTORY OF PRESENT ILLNESS"]
