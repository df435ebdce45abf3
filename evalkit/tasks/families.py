"""The families by name, each imported when it is first asked for: a command pays for the one that it works with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module

from evalkit.spec.schema import TableSchema
from evalkit.tasks.family import Family
from evalkit.tasks.openfamily import open_family


class Families(Mapping[str, Family]):
    """Name -> family. ``modules`` are those that hold each family as ``FAMILY``.

    Asked for another name, it gives an open family and does not keep it. Going through the values imports all.
    """

    def __init__(self, modules: Mapping[str, str]) -> None:
        self._known: dict[str, str | Family] = dict(modules)

    def __getitem__(self, name: str) -> Family:
        known = self._known.get(name)
        if known is None:
            return open_family(name)
        if isinstance(known, str):
            family: Family = import_module(known).FAMILY
            known = self._known[name] = family
        return known

    def __setitem__(self, name: str, family: Family) -> None:
        self._known[name] = family

    def __delitem__(self, name: str) -> None:
        del self._known[name]

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def __repr__(self) -> str:
        return f"Families({', '.join(self._known)})"


class Schemas(Mapping[str, Sequence[TableSchema]]):
    """Name -> the tables that the family executes, for `evalkit.spec.document.parse_spec`; no family is imported
    before its own are asked for."""

    def __init__(self, families: Families) -> None:
        self._families = families

    def __getitem__(self, name: str) -> Sequence[TableSchema]:
        if name not in self._families:
            raise KeyError(name)
        return self._families[name].tables

    def __contains__(self, name: object) -> bool:
        return name in self._families

    def __iter__(self) -> Iterator[str]:
        return iter(self._families)

    def __len__(self) -> int:
        return len(self._families)
