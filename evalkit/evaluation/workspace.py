"""The folder in which runs are kept: `.evalkit` here, or where ``EVALKIT_HOME`` says."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from evalkit.errors import JournalError
from evalkit.vault.keys import FileKeyring

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,120}")


@dataclass(frozen=True, slots=True)
class Workspace:
    """Paths of one workspace. Nothing is created before it is needed."""

    root: Path

    @property
    def runs(self) -> Path:
        """Finished runs, one sealed file each."""
        return self.root / "runs"

    @property
    def partial(self) -> Path:
        """Runs that have not finished: named by what is run, so that the same evaluation resumes by itself."""
        return self.root / "runs" / "partial"

    @property
    def recorded(self) -> Path:
        """Recorded runs of systems elsewhere, one sealed file each, for replay."""
        return self.root / "recorded"

    @property
    def ledger(self) -> Path:
        """The record of every execution and of everything that was asked about them."""
        return self.root / "ledger.db"

    @property
    def datasets(self) -> Path:
        """Imported gold sets (de-identified or synthetic)."""
        return self.root / "datasets"

    def keyring(self) -> FileKeyring:
        """The keyring of whoever runs this. Raises SealError where it lies inside the workspace that it seals."""
        keyring = FileKeyring()
        keyring.check_outside(self.root)
        return keyring


def open_workspace(root: Path | None = None) -> Workspace:
    """The workspace at ``root``, at ``$EVALKIT_HOME``, or at `.evalkit` in the current folder."""
    return Workspace(root or Path(os.environ.get("EVALKIT_HOME") or ".evalkit"))


def is_name(text: str) -> bool:
    """Whether a text is safe as a file name."""
    return _NAME.fullmatch(text) is not None


def check_name(name: str, *, what: str) -> str:
    """The name itself, if it is safe as a file name. Raises JournalError otherwise."""
    if not is_name(name):
        raise JournalError(
            f"the name of a {what} is 1 to 121 letters, digits, '.', '_', '@' or '-'",
            next_step=f"choose another name for the {what}",
        )
    return name
