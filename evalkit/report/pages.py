"""Templates: everything that goes into a page is escaped, except figures, which escape their labels, and our script."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from evalkit import figures
from evalkit.report import sentences
from evalkit.report.typography import typeset
from evalkit.scripts import TABLES, policy
from evalkit.visible import visible

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_LONGEST: Final = 2_000
"""Characters of one text on a page."""


def render(template: str, values: Mapping[str, Any]) -> str:
    """A template of this package with its values, ending in one newline. A name without a value is an error."""
    return _environment().get_template(template).render(values).rstrip("\n") + "\n"


def trusted(ours: str) -> Markup:
    """A figure of `plots` or a script of ours, kept from being escaped. Nothing else on a page may go through here."""
    from markupsafe import Markup as NewMarkup

    return NewMarkup(ours)  # noqa: S704


def _show(value: Any) -> Any:
    """What goes into a page: text in which nothing hides or turns around what stands beside it."""
    return visible(value, most=_LONGEST) if type(value) is str else value


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment as NewEnvironment
    from jinja2 import PackageLoader, StrictUndefined

    environment = NewEnvironment(
        loader=PackageLoader("evalkit.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_show,
    )
    environment.filters.update(typeset=typeset, rate=figures.rate, points=figures.points, count=figures.count)
    tone_of = {word: sentences.TONES[verdict] for verdict, word in sentences.VERDICT_WORDS.items()}
    environment.globals.update(script=trusted(TABLES), policy=trusted(policy(TABLES)))
    environment.globals.update(words=sentences.VERDICT_WORDS, tones=sentences.TONES, tone_of=tone_of)
    return environment
