"""`evalkit init`: a project that passes its own tests, to be filled with one's own agent."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from string import Template

import click

from evalkit.cases.goldset import Card, save_gold
from evalkit.errors import EvalkitError
from evalkit.tasks import FAMILIES, read_spec, shipped_root, synthesize

_SKELETON = Path(__file__).resolve().parent / "skeleton"
_PLACES = {"gitignore": ".gitignore", "evalkit.yml": ".github/workflows/evalkit.yml"}
"""Where a file of the skeleton goes, if not where it lies there."""
_CASES, _SEED = 200, 7
_MADE_UP = [name for name, family in FAMILIES.items() if family.make_case is not None and family.rules is not None]


@click.command()
@click.argument("name")
@click.option("--family", type=click.Choice(_MADE_UP), default=_MADE_UP[0], show_default=True,
              help="Clinical family that the spec starts from.")  # fmt: skip
@click.option("--in", "parent", type=click.Path(exists=True, file_okay=False, path_type=Path), default=Path(),
              help="Folder that the project is put in  [default: here]")  # fmt: skip
def init(name: str, family: str, parent: Path) -> None:
    """Make a project NAME: spec, agent, gold set, tests, notebook and CI files, all of which run as they are.

    NAME is the id of its spec: lower-case letters, digits and _.

    \b
    Example:
      evalkit init our_coder --family billing_codes
    """
    target = parent / name
    if target.exists():
        raise EvalkitError("there is something here already", where=str(target), next_step="choose another name")
    source = max((shipped_root() / "specs" / family).glob("1.*.md"))
    spec = read_spec(_rename(source.read_text(encoding="utf-8"), family, name), path=f"specs/{name}/1.0.0.md")
    cases = synthesize(spec, n=_CASES, seed=_SEED)
    folder = Path(tempfile.mkdtemp(dir=parent, prefix=f".{name}-"))
    try:
        for path in sorted(_SKELETON.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                text = path.read_text(encoding="utf-8")
                inside = _PLACES.get(path.name) or path.relative_to(_SKELETON).as_posix()
                _write(folder / inside, _fill(text, name))
        _write(folder / "specs" / name / "1.0.0.md", spec.source)
        save_gold(folder / "datasets", name, cases, card=Card(note=f"synthetic, seed {_SEED}"))
        folder.chmod(0o755)
        folder.rename(target)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    click.echo(f"made {target}: spec, agent, {len(cases)} synthetic cases, tests, notebook, CI files")
    click.echo(f"next: cd {target} && pytest")


def _rename(text: str, family: str, name: str) -> str:
    """The shipped document as a first draft of one's own: another id, nothing that it follows."""
    head, mark, rest = text.partition("\n---\n")
    head = head.replace(f"\nid: {family}\n", f"\nid: {name}\n").replace("\nstatus: candidate\n", "\nstatus: draft\n")
    return head + mark + rest


def _fill(text: str, name: str) -> str:
    return Template(text).safe_substitute(name=name, cases=_CASES, seed=_SEED)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
