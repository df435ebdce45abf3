"""Records: frozen, slotted dataclasses that are built as quickly as open ones.

The ``__init__`` that `dataclasses` writes for a frozen class sets every field through ``object.__setattr__``, at
several times the cost of an assignment; a runner that makes four records a case spends a third of its time there. A
`record` starts its life as an open twin with the same slots, is filled by plain assignments, and is frozen by becoming
its own class. From then on nothing tells it from a frozen dataclass: ``fields``, ``replace``, ``copy``, ``pickle``,
``==`` and ``hash`` are those of `dataclasses`, and setting a field raises FrozenInstanceError.

For records of which there are many a case; others are as well served by ``@dataclass(frozen=True, slots=True)``.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")

_become = object.__dict__["__class__"].__set__


@dataclass_transform(frozen_default=True)
def record(cls: type[T]) -> type[T]:
    """The class as a frozen, slotted dataclass; its repr is its own where it defines one.

    Raises TypeError for a ``default_factory`` or a ``__post_init__``: a record is its fields as they were given.
    """
    frozen: Any = dataclass(frozen=True, slots=True, repr="__repr__" not in cls.__dict__)(cls)
    twin = type(cls.__name__, (), {"__slots__": frozen.__slots__})
    known = fields(frozen)
    if hasattr(frozen, "__post_init__") or any(one.default_factory is not MISSING for one in known):
        raise TypeError(f"the fields of a record have plain defaults, and it has no __post_init__: {cls.__name__}")
    takes = ", ".join(one.name if one.default is MISSING else f"{one.name}=_defaults[{one.name!r}]" for one in known)
    lines = ["_become(self, _twin)", *(f"self.{one.name} = {one.name}" for one in known), "self.__class__ = _frozen"]
    scope = {
        "_become": _become,
        "_twin": twin,
        "_frozen": frozen,
        "_defaults": {one.name: one.default for one in known},
    }
    exec(f"def __init__(self, {takes}):\n  " + "\n  ".join(lines), scope)  # noqa: S102 - names of fields only
    written: Any = scope["__init__"]
    written.__qualname__ = f"{cls.__qualname__}.__init__"
    written.__annotations__ = {one.name: one.type for one in known} | {"return": None}
    frozen.__init__ = written
    return frozen  # type: ignore[no-any-return]
