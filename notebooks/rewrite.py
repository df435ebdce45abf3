"""Run every notebook anew and keep its outputs, so that nbval has something true to compare with.

Cell ids, kernel names and metadata are fixed, so that a rerun changes only what really changed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import conftest  # noqa: F401 - a workspace and a keyring for the kernels
import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).resolve().parent
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def rewrite(path: Path) -> None:
    """Execute one notebook in its own folder and write it back with stable metadata."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(HERE)}}).execute()
    notebook.metadata = nbformat.NotebookNode(kernelspec=KERNEL, language_info={"name": "python"})
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        cell.metadata.pop("execution", None)
    nbformat.write(notebook, path)
    print(f"{path.name}: {len(notebook.cells)} cells, {path.stat().st_size // 1000} kB")


for name in sys.argv[1:] or sorted(HERE.rglob("[!.]*.ipynb")):
    rewrite(Path(name))
