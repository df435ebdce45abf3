"""A file that appears as a whole or not at all: written beside its place, synced, renamed."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from evalkit.errors import CaseError

PART = ".part"
"""How the name of an unfinished file ends; it begins with a dot."""
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def whole_file(path: Path, *, next_step: str = "free some space, then try again") -> Iterator[BinaryIO]:
    """A file open for writing that takes its place when the block ends well, and leaves nothing behind otherwise.

    An older file of that name stays until then. Raises CaseError where the disk is full or the place cannot be written.
    """
    part = path.with_name(f".{path.name}{PART}")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        what = "the disk is full" if error.errno in _FULL else f"the file cannot be written ({type(error).__name__})"
        step = next_step if error.errno in _FULL else "check the folder and its permissions"
        raise CaseError(what, where=path.name, next_step=step) from None
    finally:
        with suppress(OSError):
            part.unlink()


def sweep(folder: Path) -> None:
    """Delete the unfinished files that a killed process left in a folder."""
    for part in folder.glob(f".*{PART}"):
        with suppress(OSError):
            part.unlink()
