"""Errors: what is wrong, where and what to do next; one tree; exit code 2."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest

from evalkit import cli, errors
from evalkit.errors import EvalkitError

TREE = {
    "EvalkitError": "Exception",
    "SpecError": "EvalkitError",
    "ConditionError": "SpecError",
    "RegistryError": "SpecError",
    "CaseError": "EvalkitError",
    "IdentifierError": "EvalkitError",
    "AgentError": "EvalkitError",
    "JournalError": "EvalkitError",
    "ResumeRefused": "JournalError",
    "RecordedError": "EvalkitError",
    "MetricError": "EvalkitError",
    "StatisticsError": "EvalkitError",
    "SealError": "EvalkitError",
    "AuditError": "EvalkitError",
    "AccessRefused": "AuditError",
    "PromotionError": "EvalkitError",
    "TrackingError": "EvalkitError",
}
KINDS = [getattr(errors, name) for name in TREE]


@pytest.mark.parametrize(
    ("where", "next_step", "text"),
    [
        (None, None, "a heading is missing"),
        ("a.md:3", None, "a.md:3: a heading is missing"),
        (None, "add it", "a heading is missing -> add it"),
        ("a.md:3", "add it", "a.md:3: a heading is missing -> add it"),
        ("", "", "a heading is missing"),
    ],
)
def test_only_the_parts_that_are_there_are_written(where: str | None, next_step: str | None, text: str) -> None:
    assert str(EvalkitError("a heading is missing", where=where, next_step=next_step)) == text


@pytest.mark.parametrize("kind", KINDS)
def test_the_three_parts_can_be_read_one_by_one(kind: type[EvalkitError]) -> None:
    error = kind("what", where="where", next_step="next")
    assert (error.what, error.where, error.next_step) == ("what", "where", "next")


@pytest.mark.parametrize("kind", KINDS)
def test_place_and_step_may_be_left_out(kind: type[EvalkitError]) -> None:
    error = kind("what")
    assert (error.where, error.next_step) == (None, None)


@pytest.mark.parametrize("kind", KINDS)
def test_place_and_step_are_only_given_by_name(kind: type[EvalkitError]) -> None:
    with pytest.raises(TypeError):
        kind("what", "where")


@pytest.mark.parametrize(("name", "parent"), TREE.items())
def test_every_error_hangs_where_the_tree_says(name: str, parent: str) -> None:
    assert [base.__name__ for base in getattr(errors, name).__bases__] == [parent]


def test_the_tree_is_complete() -> None:
    defined = {name for name, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__}
    assert defined == set(TREE)


def test_the_tree_that_is_drawn_is_the_tree_that_there_is() -> None:
    drawn = re.findall(r"^[ │├└─]*(\w+(?:Error|Refused)) {2,}", inspect.getdoc(errors) or "", re.MULTILINE)
    assert sorted(drawn) == sorted(TREE)


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_says_what_it_is_for(kind: type[EvalkitError]) -> None:
    assert kind.__doc__
    assert kind.__doc__.rstrip().endswith(".")


@pytest.mark.parametrize("kind", KINDS)
def test_a_handler_of_the_root_catches_every_error(kind: type[EvalkitError]) -> None:
    with pytest.raises(EvalkitError):
        raise kind("what")


def test_a_handler_of_one_branch_leaves_the_others_alone() -> None:
    assert not issubclass(errors.CaseError, errors.SpecError)
    assert not issubclass(errors.SealError, errors.JournalError)


def test_an_error_is_no_built_in_mistake_of_a_value() -> None:
    assert not issubclass(EvalkitError, (ValueError, TypeError, OSError, KeyError))


def test_only_what_is_wrong_is_the_argument_of_the_exception() -> None:
    assert EvalkitError("what", where="where", next_step="next").args == ("what",)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_comes_whole_out_of_another_process(kind: type[EvalkitError]) -> None:
    error = pickle.loads(pickle.dumps(kind("what", where="where", next_step="next")))
    assert type(error) is kind
    assert str(error) == "where: what -> next"


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["runs", "show", "nothing"], r"evalkit: .+"),
        (["evaluate", "nothing@1.0.0"], r"evalkit: spec 'nothing@1\.0\.0': no spec of this name -> .+"),
        (["evaluate", "billing_codes@1.0.0", "--agent", "oracle"], r"evalkit: --agent: no such kind of agent -> .+"),
    ],
)
def test_the_command_line_writes_the_parts_on_one_line_and_exits_2(
    capsys: pytest.CaptureFixture[str], words: list[str], line: str
) -> None:
    assert cli.run(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert re.fullmatch(line, shown.err.rstrip("\n")), shown.err
