"""Records: frozen dataclasses in every respect, only quicker to build."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, dataclass, fields, is_dataclass, replace

import pytest

from evalkit.records import record


@record
class Point:
    """A record of three fields."""

    x: int
    y: int = 2
    name: str = "p"

    @property
    def sum(self) -> int:
        return self.x + self.y


@dataclass(frozen=True, slots=True)
class Frozen:
    x: int
    y: int = 2
    name: str = "p"


@record
class Secret:
    text: str

    def __repr__(self) -> str:
        return "Secret"


def test_it_is_a_dataclass_with_defaults_by_position_and_by_name() -> None:
    assert is_dataclass(Point)
    assert [one.name for one in fields(Point)] == ["x", "y", "name"]  # type: ignore[arg-type]
    assert Point(1) == Point(1, 2, "p") == Point(x=1, name="p")
    assert Point(1).sum == 3
    assert repr(Point(1)) == "Point(x=1, y=2, name='p')"


def test_it_hashes_and_compares_as_a_frozen_dataclass_does() -> None:
    assert hash(Point(1, 5)) == hash(Frozen(1, 5))
    assert Point(1) != Point(2)
    assert Point(1) != Frozen(1)


def test_nothing_can_be_set_or_deleted_once_it_is_built() -> None:
    point = Point(1)
    with pytest.raises(FrozenInstanceError):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del point.x
    with pytest.raises((FrozenInstanceError, TypeError)):
        point.z = 3  # type: ignore[attr-defined]
    assert not hasattr(point, "__dict__")
    assert type(point) is Point


def test_it_is_copied_replaced_and_pickled() -> None:
    point = Point(1, name="q")
    assert replace(point, y=7) == Point(1, 7, "q")  # type: ignore[type-var]
    assert copy.copy(point) == copy.deepcopy(point) == point
    assert pickle.loads(pickle.dumps(point)) == point


@pytest.mark.parametrize("call", [lambda: Point(), lambda: Point(1, 2, "p", 4), lambda: Point(1, z=2)])
def test_a_wrong_call_is_a_type_error_that_names_the_class(call: object) -> None:
    with pytest.raises(TypeError, match=r"Point\.__init__"):
        call()  # type: ignore[operator]


def test_its_signature_and_its_own_repr_are_kept() -> None:
    assert list(inspect.signature(Point).parameters) == ["x", "y", "name"]
    assert repr(Secret("900-12-3456")) == "Secret"


def test_a_default_factory_is_refused_where_the_class_is_made() -> None:
    from dataclasses import field

    with pytest.raises(TypeError, match="plain defaults"):

        @record
        class _Wrong:
            items: list[int] = field(default_factory=list)
