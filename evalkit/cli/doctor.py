"""`evalkit doctor`: what is wrong with an environment, before something long fails in it."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from evalkit.errors import EvalkitError
from evalkit.evaluation.workspace import open_workspace

_PACKAGES = ("cryptography", "faker", "jupyterlab", "mlflow", "nbval", "pandas", "pydantic", "pytest", "scikit-learn")
_ROOM = 1 << 30
"""Bytes below which a disk is called nearly full: a run of 10,000 cases takes about a hundredth of it."""


@dataclass(frozen=True, slots=True)
class Symptom:
    """One thing that was looked at."""

    what: str
    well: bool
    seen: str
    next_step: str = ""


Examination = Callable[[], Iterator[Symptom]]


@click.command()
def doctor() -> None:
    """Look at the environment: versions, keyring, workspace, specs. Exit code 2 where something is wrong.

    Nothing is created, changed or sent anywhere.

    \b
    Example:
      evalkit doctor
    """
    symptoms = [symptom for examine in EXAMINATIONS for symptom in _attempt(examine)]
    for one in symptoms:
        click.echo(f"{'ok     ' if one.well else 'PROBLEM'}  {one.what:<12}  {one.seen}")
        if not one.well:
            click.echo(f"{'':<23}{one.next_step}")
    wrong = sum(not one.well for one in symptoms)
    click.echo(f"{len(symptoms) - wrong} of {len(symptoms)} are well")
    raise click.exceptions.Exit(2 if wrong else 0)


def _attempt(examine: Examination) -> Iterator[Symptom]:
    """The symptoms, an error of evalkit itself among them: it says what to do next."""
    name = examine.__name__.removeprefix("look_at_").replace("_", " ")
    try:
        yield from examine()
    except EvalkitError as error:
        seen = f"{error.what} ({error.where})" if error.where else error.what
        yield Symptom(name, False, seen, error.next_step or "")


def look_at_python() -> Iterator[Symptom]:
    """The interpreter."""
    found = ".".join(map(str, sys.version_info[:3]))
    yield Symptom("python", sys.version_info >= (3, 11), found, "evalkit needs Python 3.11 or newer")


def look_at_packages() -> Iterator[Symptom]:
    """What evalkit stands on."""
    missing = []
    for name in ("evalkit", *_PACKAGES):
        try:
            version(name)
        except PackageNotFoundError:
            missing.append(name)
    seen = f"missing: {', '.join(missing)}" if missing else f"evalkit {version('evalkit')} and {len(_PACKAGES)} others"
    yield Symptom("packages", not missing, seen, "install evalkit again, from its lock file or its wheel")


def look_at_vocabulary() -> Iterator[Symptom]:
    """The words of synthetic cases: another Faker would make other cases."""
    from evalkit.cases.vocabulary import FAKER_VERSION, vocabulary

    vocabulary()
    yield Symptom("vocabulary", True, f"that of Faker {FAKER_VERSION}, digest as pinned")


def look_at_sqlite() -> Iterator[Symptom]:
    """The library that the store stands on."""
    from evalkit.vault.store import check_sqlite

    yield Symptom("sqlite", True, check_sqlite())


def look_at_keyring() -> Iterator[Symptom]:
    """Where it lies, and who may read it. It is not opened."""
    from evalkit.vault.keys import FileKeyring

    keyring = FileKeyring()
    keyring.check_outside(open_workspace().root)
    if not keyring.path.exists():
        yield Symptom("keyring", True, f"none yet; the first run makes {keyring.path}")
        return
    private = not stat.S_IMODE(keyring.path.stat().st_mode) & 0o077
    yield Symptom(
        "keyring", private, str(keyring.path), f"chmod 600 {keyring.path}: others on this machine can read it"
    )


def look_at_workspace() -> Iterator[Symptom]:
    """The folder of runs: may it be written, and is there room?"""
    root = open_workspace().root
    nearest = next(folder for folder in (root, *root.absolute().parents) if folder.exists())
    writable = nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
    yield Symptom("workspace", writable, str(root), f"{nearest} cannot be written: point EVALKIT_HOME elsewhere")
    free = shutil.disk_usage(nearest).free
    yield Symptom("disk", free >= _ROOM, f"{free / (1 << 30):.1f} GiB free", "make room before a long run")


def look_at_specs() -> Iterator[Symptom]:
    """The registry here, if there is one, and the shipped one: is every version as it was published?"""
    from evalkit.spec.registry import Registry
    from evalkit.tasks import shipped_root

    for name, root in (("specs", Path("specs")), ("shipped", shipped_root() / "specs")):
        if (root / "registry.jsonl").is_file():
            yield Symptom(name, True, f"{Registry(root).verify()} events, the chain holds")


EXAMINATIONS: tuple[Examination, ...] = (
    look_at_python,
    look_at_packages,
    look_at_vocabulary,
    look_at_sqlite,
    look_at_keyring,
    look_at_workspace,
    look_at_specs,
)
