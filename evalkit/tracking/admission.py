"""The gateway: what may be written to a tracking server. Everything else raises TrackingError.

In: strings and numbers of the records. Out: the same, if their form is that of a name, an id, a digest or a number. A
refusal says which kind of thing was refused and where it stood, never the thing itself: it may be what we guard.
"""

from __future__ import annotations

import math
import re
from typing import Final

from evalkit.digests import digest_bytes
from evalkit.errors import TrackingError
from evalkit.scripts import TABLES
from evalkit.spec.schema import Spec

_FORMS: Final = {
    "metric name": re.compile(r"[A-Za-z_][A-Za-z0-9_.@-]{0,63}"),
    "tag": re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/+-]*(?: [A-Za-z0-9_.:/+-]+){0,3}"),
    "spec row": re.compile(r"[A-Za-z][A-Za-z0-9 ]{0,40}/[A-Za-z0-9_.,:+ -]{1,80}"),
    "id": re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@#+-]{0,127}"),
    "spec reference": re.compile(r"[a-z][a-z0-9_-]{0,63}@[0-9A-Za-z.+-]{1,40}"),
    "agent id": re.compile(r"[A-Za-z0-9_<][A-Za-z0-9_.<>@:/+()-]{0,199}"),
    "dataset name": re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@+()-]*(?: [A-Za-z0-9_.:@+()-]+){0,7}"),
    "version": re.compile(r"[0-9A-Za-z.+-]{1,40}"),
    "word": re.compile(r"[a-z][a-z_]{0,19}"),
    "time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)"),
    "digest": re.compile(r"[0-9a-f]{64}"),
}
_MOST: Final = 200

# Forms that identifiers of people have and that no name of ours does (45 CFR 164.514(b)(2)(i) (D), (F), (G)).
_PERSONAL: Final = re.compile(
    r"\d{3}-\d{2}-\d{4}|(?<!\d)\d{3}[-. ]\d{3}[-. ]\d{4}(?!\d)|[\w.+-]+@[\w-]+\.[a-z]{2,}\b", re.IGNORECASE
)


def admit(kind: str, text: str, *, where: str) -> str:
    """The text itself, if it has the form of its kind. Raises TrackingError otherwise, without the text.

    ``kind`` is one of ``metric name``, ``tag``, ``spec row``, ``id``, ``spec reference``, ``agent id``,
    ``dataset name``, ``version``, ``word``, ``time``, ``digest``.
    """
    if not isinstance(text, str) or len(text) > _MOST or not _FORMS[kind].fullmatch(text):
        raise TrackingError(
            f"what should be a {kind} does not have the form of one",
            where=where,
            next_step="rename it; only names, numbers, ids and digests are written to a tracking server",
        )
    if _PERSONAL.search(text):
        raise TrackingError(
            f"a {kind} has the form of a personal identifier",
            where=where,
            next_step="rename it; nothing that could identify a person is written to a tracking server",
        )
    return text


def admit_number(number: float, *, where: str) -> float | None:
    """The number as a float; None where there is nothing to write (NaN, infinity). Raises TrackingError for others."""
    if not isinstance(number, (bool, int, float)):
        raise TrackingError("what should be a number is none", where=where, next_step="report this as a defect")
    return float(number) if math.isfinite(number) else None


def admit_spec_text(spec: Spec) -> str:
    """The spec's text, if it is the one whose digest the spec carries. Raises TrackingError for another text."""
    if digest_bytes(spec.source.encode("utf-8")) != spec.content_sha:
        raise TrackingError("the text of the spec has another digest", where=spec.ref, next_step="load the spec again")
    return spec.source


def admit_page(page: str) -> str:
    """A page of `report`: complete, with no script but ours. Raises TrackingError for any other text."""
    rest = page.replace(f"<script>{TABLES}</script>", "", 1)
    if not page.startswith("<!DOCTYPE html>") or "<script" in rest.lower():
        raise TrackingError(
            "the report is not a page that evalkit renders",
            where="report_html",
            next_step="pass the string that render_html gives back",
        )
    return page


def key(*parts: str) -> str:
    """Parts joined by ``/`` with every character that MLflow refuses replaced by ``_``.

    A replacement adds a short digest of the part, so that two parts never become one key.
    """
    return "/".join(_safe(part) for part in parts)


def _safe(part: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9_. -]", "_", part)
    return plain if plain == part else f"{plain}-{digest_bytes(part.encode('utf-8'))[:6]}"
