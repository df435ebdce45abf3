"""Where gold sets are looked for: ./datasets, then what was imported here, then what is shipped."""

from __future__ import annotations

from pathlib import Path

from evalkit.cases import goldset
from evalkit.cases.case import GoldSet
from evalkit.errors import CaseError
from evalkit.evaluation.workspace import is_name, open_workspace
from evalkit.tasks import shipped_root


def load_gold(ref: str) -> GoldSet:
    """A stored gold set by ``name`` (its newest version) or ``name@version``. Its digests are verified.

    Raises CaseError where there is none, or where a file was changed.
    """
    name, _, version = ref.partition("@")
    if not is_name(name):
        raise CaseError("no gold set has such a name", next_step="letters, digits, '.', '_', '@' and '-', at most 121")
    if version and not version.isdecimal():
        raise CaseError("a gold set's version is a whole number", where=name, next_step="write NAME@2, or NAME alone")
    for root in (Path("datasets"), open_workspace().datasets, shipped_root() / "datasets"):
        if (root / "gold" / name).is_dir():
            return goldset.load_gold(root, name, int(version) if version else None)
    raise CaseError(
        f"no gold set {name!r} in ./datasets, among the imported or the shipped ones",
        next_step="import one with `evalkit import`, or synthesize cases",
    )
