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

    On a terminal the bar stands on stderr and goes when the work is done. In a notebook it ends as one line that says
    how many cases were done and no time, so that a stored output stays the same.
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

    seen = (0, 0)
    handle = display(_Bar(what, 0, 0), display_id=True)

    def advance(done: int, total: int) -> None:
        nonlocal seen
        seen = (done, total)
        handle.update(_Bar(what, done, total))

    try:
        yield advance
    finally:
        handle.update(_Bar(what, *seen, ended=True))


class _Bar:
    """How far the work is, as text and as an element that every browser draws by itself."""

    def __init__(self, what: str, done: int, total: int, *, ended: bool = False) -> None:
        self._text = f"{visible(what)}: {done:,} of {count(total, 'case')}"
        self._done, self._total, self._ended = done, total, ended

    def __repr__(self) -> str:
        return self._text

    def _repr_mimebundle_(self, **_asked: Any) -> dict[str, str]:
        if self._ended:
            return {"text/plain": self._text}
        bar = f'<progress value="{self._done}" max="{max(self._total, 1)}" aria-label="Progress"></progress>'
        return {"text/plain": self._text, "text/html": f"{bar} {escape(self._text)}"}
