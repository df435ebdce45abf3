"""Notebooks run in a workspace and with a keyring of their own, never those of whoever runs them."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def use_own_place() -> None:
    """Point this process and its kernels to a fresh workspace and keyring, outside of one another."""
    folder = Path(tempfile.mkdtemp(prefix="evalkit-notebooks-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["EVALKIT_HOME"] = str(folder / "data")
    os.environ["EVALKIT_KEYRING"] = str(folder / "keys" / "keyring.json")
    os.environ.pop("EVALKIT_WITNESS", None)


use_own_place()
