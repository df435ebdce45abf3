"""Progress of long work: a bar on a terminal, one that fills in a notebook, silence elsewhere.

from evalkit.report.progress import show_progress
with show_progress("evaluating") as progress:
    run = ek.evaluate(spec, cases, agent, settings=ek.Settings(progress=progress))
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

from evalkit.figures import count
from evalkit.visible import visible

Advance = Callable[[int, int], None]


@contextmanager
def show_progress(what: str) -> Iterator[Advance]:
    """A ``(done, total) -> None`` that draws how far the work is.

    On a terminal the bar stands on stderr and goes when the work is done. In a notebook it begins
    and ends as the bare name of the work, so that a stored output stays the same.
    """
    with _in_notebook(what) if _kernel() else _on_terminal(what) as advance:
        yield advance


def _kernel() -> bool:
    """Whether this is the kernel of a notebook. IPython is asked only where somebody else has loaded it."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


@contextmanager
def _on_terminal(what: str) -> Iterator[Advance]:
    from tqdm import tqdm

    with tqdm(desc=what, unit=" cases", leave=False, disable=not sys.stderr.isatty()) as bar:

        def advance(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield advance


@contextmanager
def _in_notebook(what: str) -> Iterator[Advance]:
    from IPython.display import display

    handle = display(_Bar(what), display_id=True)  # type: ignore[no-untyped-call]
    try:
        yield lambda done, total: handle.update(_Bar(what, done, total))
    finally:
        handle.update(_Bar(what))


class _Bar:
    """How far the work is, as an element that every browser draws by itself; before and after it, the bare name."""

    def __init__(self, what: str, done: int = 0, total: int = 0) -> None:
        self._what, self._done, self._total = visible(what), done, total

    def __repr__(self) -> str:
        return self._what

    def _repr_mimebundle_(self, **_asked: Any) -> dict[str, str]:
        if not self._total:
            return {"text/plain": self._what}
        bar = f'<progress value="{self._done}" max="{self._total}" aria-label="Progress"></progress>'
        said = f"{escape(self._what)}: {self._done:,} of {count(self._total, 'case')}"
        return {"text/plain": self._what, "text/html": f"{bar} {said}"}
