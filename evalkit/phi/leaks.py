"""Exact search for planted identifiers: does any known value, in any normal form, reach this output?

The case owns its identifiers, so nothing is guessed: no score, no model, no threshold. A value is taken apart into
leaves (`views`), each text is brought into normal forms (`forms`, `dates`), and probes made of the identifiers
(`needles`) are looked up in them. What is encoded is decoded first, two layers deep. A finding names the needle, the
form and the place and never holds the value.

Too large a value, or one that unpacks into too much, is a leak of form ``oversize``: what was not searched is not
clean.
"""

from __future__ import annotations

import base64
import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from typing import Any

from evalkit.phi.dates import Reading, dates_in, may_hold, readings_of
from evalkit.phi.forms import SEPARATOR, Forms, compact, fold
from evalkit.phi.identifiers import Identifier, Subject
from evalkit.phi.needles import SPACES, Probe, Space, date_of, probes_for
from evalkit.phi.views import MAX_CHARS, Leaf, TooLarge, decoded, is_plain_key, leaves, may_hold_hash, show_path

PROTECTED: frozenset[Subject] = frozenset({"patient", "relative", "household", "employer"})
"""Whose identifiers Safe Harbor protects; those of providers and organisations are searched only if asked."""

OVERSIZE = "oversize"
_ALGORITHMS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
_JOINED_SPACES = frozenset({"words", "compact", "digits", "spoken", "heads"})
"""Normal forms in which texts without keys between them can show more than each alone."""
_HASH_RUN = re.compile(r"[A-Za-z0-9+/_-]{12,}")
_STEP = re.compile(r"[.\[\]]+")
_HASH_MARK = 12
"""Characters of a hash, hex or base64, that tell it; a truncated pseudonym is one too."""

Hits = dict[int, str]
"""Needle number -> the plainest form in which it was seen."""
Probes = dict[Space, list[tuple[str, list[tuple[int, Probe]]]]]
"""Normal form -> its literals, each with the needles that it is a probe of."""
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Leak:
    """One identifier seen at one place. Never the value."""

    needle_id: str
    """``*`` for the form ``oversize``."""
    category: str
    form: str
    """``verbatim``, ``token``, ``digits``, ``date`` ...; what had to be decoded is before a colon
    (``base64/hex:token``), ``joined:`` is split over adjacent fields."""
    place: str
    """``output.lines[0].note``; a key that leaks is shown by its position, ``output.key[2]``."""


def find_leaks(
    identifiers: Sequence[Identifier],
    value: Any,
    *,
    place: str,
    allow: frozenset[str] = frozenset(),
    subjects: frozenset[Subject] = PROTECTED,
) -> tuple[Leak, ...]:
    """Every identifier that a JSON value or text shows, by place. No leak is an empty tuple.

    ``allow`` names needles that may stand here verbatim (a spec may have a field echo the member id). Raises
    IdentifierError where the value is not JSON.
    """
    return _compiled(tuple(identifiers), subjects).search(value, place=place, allow=allow)


class Needles:
    """Identifiers made ready to be searched for, once per case. ``repr`` counts them."""

    def __init__(self, identifiers: Iterable[Identifier], subjects: frozenset[Subject] = PROTECTED) -> None:
        self._known = [known for known in identifiers if known.subject in subjects and known.value.strip()]
        singles = {fold(known.value).strip() for known in self._known if known.category == "name"}
        probes: dict[tuple[Space, str], list[tuple[int, Probe]]] = {}
        for number, known in enumerate(self._known):
            for probe in probes_for(known):
                if not _told_by_another(known, probe, singles):
                    probes.setdefault((probe.space, probe.literal), []).append((number, probe))
        self._probes: Probes = {space: [] for space in SPACES}
        for (space, literal), entries in probes.items():
            self._probes[space].append((literal, entries))
        self._joinable = {space: rows for space, rows in self._probes.items() if space in _JOINED_SPACES}
        self._days = {day for day in map(date_of, self._known) if day is not None}
        self._dates: dict[Reading, list[int]] = {}
        for number, known in enumerate(self._known):
            day = date_of(known)
            for reading in readings_of(day) if day is not None else ():
                self._dates.setdefault(reading, []).append(number)

    def __len__(self) -> int:
        return len(self._known)

    def __repr__(self) -> str:
        return f"Needles({len(self._known)} identifiers, {sum(map(len, self._probes.values()))} probes)"

    def search(
        self,
        value: Any,
        *,
        place: str,
        allow: frozenset[str] = frozenset(),
        names: frozenset[str] | None = None,
    ) -> tuple[Leak, ...]:
        """As `find_leaks`.

        ``names`` are the keys that a place may show (those that a spec declares); any other is shown by its
        position. Where None, keys that read like field names are shown unless they leak.
        """
        try:
            found = leaves(value, where=place)
            if allow:
                found = [leaf._replace(text=self._blank(leaf.text, allow)) for leaf in found]
            if sum(len(leaf.text) + 1 for leaf in found) > MAX_CHARS:
                raise TooLarge
            hits = self._scan_page(found, allow)
            return tuple(self._locate(found, hits, place=place, allow=allow, names=names)) if hits else ()
        except TooLarge:
            return (Leak("*", "other", OVERSIZE, place),)

    def _scan_page(self, found: list[Leaf], allow: frozenset[str]) -> Hits:
        """All leaves at once: nearly every output is clean, and this alone has to say so."""
        hits = self._scan(_page(found), allow)
        values = [leaf for leaf in found if not leaf.is_key]
        if len(values) > 1:
            for number, form in self._scan_joined(values, allow).items():
                hits.setdefault(number, form)
        return hits

    def _locate(
        self, found: list[Leaf], on_page: Hits, *, place: str, allow: frozenset[str], names: frozenset[str] | None
    ) -> Iterator[Leak]:
        """The leaves one by one, then what only adjacent leaves show together."""
        by_leaf = [self._scan(leaf.text, allow) for leaf in found]
        self._add_labelled(found, by_leaf, allow)
        hidden = {
            leaf.path: leaf.position
            for leaf, hits in zip(found, by_leaf, strict=True)
            if leaf.is_key and (hits or not (is_plain_key(leaf.text) if names is None else leaf.text in names))
        }
        for leaf, hits in zip(found, by_leaf, strict=True):
            shown = self._shown(place, leaf, hidden) if hits else ""
            for number, form in sorted(hits.items()):
                yield self._leak(number, form, shown)
        seen = {number for hits in by_leaf for number in hits}
        for number, form in sorted(on_page.items()):
            if number in seen:
                continue
            ends = self._window(number, found, allow)
            shown = " .. ".join(self._shown(place, leaf, hidden) for leaf in ends) or place
            yield self._leak(number, f"joined:{form}", shown)

    def _add_labelled(self, found: list[Leaf], by_leaf: list[Hits], allow: frozenset[str]) -> None:
        """A value that its own key explains (``zip``) is found with the key before it, and placed at the value."""
        for here in range(1, len(found)):
            key, leaf = found[here - 1], found[here]
            if not key.is_key or leaf.is_key or key.path != leaf.path:
                continue
            for number, form in self._scan(_page([key, leaf]), allow).items():
                if number not in by_leaf[here - 1]:
                    by_leaf[here].setdefault(number, form)

    def _window(self, number: int, found: list[Leaf], allow: frozenset[str]) -> tuple[Leaf, ...]:
        """First and last of the adjacent leaves that show a needle only together; none where no such row is found."""
        values = [leaf for leaf in found if not leaf.is_key]
        for row, scan in ((values, self._scan_joined), (found, self._scan_row)):
            if number not in scan(row, allow):
                continue
            end = bisect_left(range(len(row)), True, key=lambda last: number in scan(row[: last + 1], allow))
            start = bisect_left(range(end + 1), True, key=lambda first: number not in scan(row[first : end + 1], allow))
            return row[max(start - 1, 0)], row[min(end, len(row) - 1)]
        return ()

    def _shown(self, place: str, leaf: Leaf, hidden: dict[Path, int]) -> str:
        """The path for a report; without any of its keys where together they would leak."""
        shown = show_path("", leaf.path, hidden)
        together = _page([Leaf((), step) for step in _STEP.split(shown)])
        return place + (".<keys>" if shown and self._scan(together, frozenset()) else shown)

    def _leak(self, number: int, form: str, shown: str) -> Leak:
        known = self._known[number]
        return Leak(known.needle_id, known.category, form, shown)

    def _blank(self, text: str, allow: frozenset[str]) -> str:
        """The text without the values that may stand here, so that their parts are no finding either."""
        for known in self._known:
            if known.needle_id in allow and known.value in text:
                text = re.sub(rf"(?<!\w){re.escape(known.value)}(?!\w)", SEPARATOR * 6, text)
        return text

    def _scan_row(self, row: list[Leaf], allow: frozenset[str]) -> Hits:
        return self._scan(_page(row), allow)

    def _scan_joined(self, row: list[Leaf], allow: frozenset[str]) -> Hits:
        """What values show together without the keys between them, and a date whose parts are fields."""
        hits: Hits = {}
        forms = Forms(_page(row))
        self._match(forms, self._joinable, hits)
        self._match_dates(forms.folded.replace(SEPARATOR, "-"), "", hits)
        return self._denied(hits, allow)

    def _scan(self, text: str, allow: frozenset[str]) -> Hits:
        """Which needles a text shows, and how; decoded views included."""
        hits: Hits = {}
        forms = Forms(text)
        self._match(forms, self._probes, hits)
        self._match_dates(forms.folded, "", hits)
        total = len(text)
        for chain, view in decoded(text):
            total += len(view)
            if total > MAX_CHARS:
                raise TooLarge
            forms = Forms(view)
            self._match(forms, self._probes, hits, chain=f"{chain}:")
            self._match_dates(forms.folded, f"{chain}:", hits)
        self._match_hashes(text, hits)
        for number in hits:
            if self._known[number].value in text:
                hits[number] = "verbatim"
        return self._denied(hits, allow)

    def _denied(self, hits: Hits, allow: frozenset[str]) -> Hits:
        return {number: form for number, form in hits.items() if self._known[number].needle_id not in allow}

    def _match(self, forms: Forms, probes: Probes, hits: Hits, *, chain: str = "") -> None:
        for space, rows in probes.items():
            text: str = getattr(forms, space) if rows else ""
            for entries in [entries for literal, entries in rows if literal in text] if text else ():
                self._confirm(forms, entries, hits, chain=chain)

    def _confirm(self, forms: Forms, entries: list[tuple[int, Probe]], hits: Hits, *, chain: str) -> None:
        for number, probe in entries:
            text: str = getattr(forms, probe.confirm_in or probe.space)
            if number not in hits and (not probe.confirm or re.search(probe.confirm, text)):
                hits[number] = chain + probe.form

    def _match_dates(self, folded: str, chain: str, hits: Hits) -> None:
        if not any(may_hold(folded, day) for day in self._days):
            return
        for reading in dates_in(folded):
            for number in self._dates.get(reading, ()):
                hits.setdefault(number, f"{chain}date")

    def _match_hashes(self, text: str, hits: Hits) -> None:
        if not may_hold_hash(text):
            return
        for run in _HASH_RUN.findall(text):
            for start in range(len(run) - _HASH_MARK + 1):
                mark = run[start : start + _HASH_MARK]
                seen = self._hashes.get(mark) or self._hashes.get(mark.lower())
                if seen is not None:
                    hits.setdefault(*seen)

    @cached_property
    def _hashes(self) -> dict[str, tuple[int, str]]:
        """The beginning of every unsalted hash of every value, in hex and base64. 45 CFR 164.514(c)."""
        marks: dict[str, tuple[int, str]] = {}
        for number, known in enumerate(self._known):
            folded = fold(known.value)
            spellings = {known.value, known.value.lower(), known.value.upper(), folded, compact(folded),
                         "".join(char for char in folded if char.isdigit())} - {""}  # fmt: skip
            for spelling, algorithm in product(sorted(spellings), _ALGORITHMS):
                for mark in _hash_marks(spelling, algorithm):
                    marks.setdefault(mark, (number, algorithm))
        return marks


def _hash_marks(spelling: str, algorithm: str) -> tuple[str, ...]:
    """How the hash of a text begins when it is written in hex or base64."""
    raw = hashlib.new(algorithm, spelling.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
    written = (raw.hex(), base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode())
    return tuple(text[:_HASH_MARK] for text in written)


def _page(row: list[Leaf]) -> str:
    return SEPARATOR.join([leaf.text for leaf in row])


def _told_by_another(known: Identifier, probe: Probe, singles: set[str]) -> bool:
    """Whether a token of a full name is an identifier of its own, which then reports it."""
    return probe.token in singles and probe.token != fold(known.value).strip()


@lru_cache(maxsize=64)
def _compiled(identifiers: tuple[Identifier, ...], subjects: frozenset[Subject]) -> Needles:
    return Needles(identifiers, subjects)
