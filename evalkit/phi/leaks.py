"""Exact search for planted identifiers: does any known value, in any normal form, reach this output?

The case owns its identifiers, so nothing is guessed: no score, no model, no threshold. A value is taken apart into
leaves (`views`), what is encoded is decoded (`decoders`), each text is brought into normal forms (`forms`, `dates`,
`hashes`), and probes made of the identifiers (`needles`) are looked up in them. A finding names the needle, the form
and the place and never holds the value.

Too large a value, or one that unpacks into too much, is a leak of form ``oversize``: what was not searched is not
clean.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from evalkit.phi.dates import shows
from evalkit.phi.decoders import ACROSTIC, REVERSED, TURNS, decoded, gathered
from evalkit.phi.forms import SEPARATOR, Forms, compact, fold
from evalkit.phi.hashes import Hashes
from evalkit.phi.identifiers import Identifier, Subject
from evalkit.phi.lookup import Lookup
from evalkit.phi.needles import SPACES, Probe, Space, date_of, probes_for
from evalkit.phi.views import MAX_CHARS, Leaf, TooLarge, is_plain_key, leaves, show_path

PROTECTED: frozenset[Subject] = frozenset({"patient", "relative", "household", "employer"})
"""Whose identifiers Safe Harbor protects; those of providers and organisations are searched only if asked."""

OVERSIZE = "oversize"
_LOOKED_UP: frozenset[Space] = frozenset({"words", "folded", "clean", "raw", "compact", "camel", "spaced"})
"""Normal forms whose every literal, closed up, stands in the compact form: that one search spares all the others."""
_JOINED_SPACES: frozenset[Space] = frozenset({"words", "compact", "digits", "spoken"})
"""Normal forms in which texts without keys between them can show more than each alone."""
_STEP = re.compile(r"[.\[\]]+")
_TURNED_LETTERS = 5
"""Letters and digits of a literal from which its reversed and rot13 spelling make the whole text be turned."""

Hits = dict[int, str]
"""Needle number -> the plainest form in which it was seen."""
Rows = list[tuple[Space, str, list[tuple[int, Probe]]]]
"""Normal form, literal, and the needles that it is a probe of."""
Path = tuple[str | int, ...]
Allow = frozenset[str] | Mapping[str, frozenset[str]]
"""Needles that may stand anywhere in a value, or verbatim in the fields of these dotted paths."""


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
    allow: Allow = frozenset(),
    subjects: frozenset[Subject] = PROTECTED,
) -> tuple[Leak, ...]:
    """Every identifier that a JSON value or text shows, by place. No leak is an empty tuple.

    ``allow`` names needles that may stand here, or by field those that may stand there verbatim:
    ``{"member_id": {"patient.member_id"}, "lines.payer": {...}}`` (a spec may have a field echo the member id; paths
    without indices). Raises IdentifierError where the value is not JSON.
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
        self._anchored: dict[str, Rows] = {}
        self._others: dict[Space, Rows] = {}
        for (space, literal), entries in sorted(probes.items(), key=lambda row: SPACES.index(row[0][0])):
            if space in _LOOKED_UP:
                self._anchored.setdefault(compact(fold(literal)), []).append((space, literal, entries))
            else:
                self._others.setdefault(space, []).append((space, literal, entries))
        self._turned = {
            turned: turn
            for turn, turn_word in TURNS.items()
            for anchor in self._anchored
            if len(anchor) >= _TURNED_LETTERS and not (anchor.isdigit() and turn != REVERSED)
            for turned in (turn_word(anchor),)
        }
        for row in self._others.get("digits", ()):
            self._anchored.setdefault(row[1].strip("|"), []).append(row)
        self._lookup = Lookup((*self._anchored, *self._turned))
        self._days = [(number, day) for number, known in enumerate(self._known) if (day := date_of(known)) is not None]
        self._hashes = Hashes(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def __repr__(self) -> str:
        probes = sum(map(len, (*self._anchored.values(), *self._others.values())))
        return f"Needles({len(self._known)} identifiers, {probes} probes)"

    def search(
        self,
        value: Any,
        *,
        place: str,
        allow: Allow = frozenset(),
        names: frozenset[str] | None = None,
    ) -> tuple[Leak, ...]:
        """As `find_leaks`.

        ``names`` are the keys that a place may show (those that a spec declares); any other is shown by its
        position. Where None, keys that read like field names are shown unless they leak.
        """
        try:
            found = leaves(value, where=place)
            if allow:
                found = [leaf._replace(text=self._blank(leaf, allow)) for leaf in found]
            everywhere = allow if isinstance(allow, frozenset) else frozenset()
            if sum(len(leaf.text) + 1 for leaf in found) > MAX_CHARS:
                raise TooLarge
            if not self._suspects(found, everywhere):
                return ()
            hits = self._scan_page(found, everywhere)
            return tuple(self._locate(found, hits, place=place, allow=everywhere, names=names)) if hits else ()
        except TooLarge:
            return (Leak("*", "other", OVERSIZE, place),)

    def reported(self, value: Any) -> frozenset[str]:
        """The needle ids that a value shows anywhere (``*`` for one too large): half the work of `search`."""
        try:
            found = leaves(value)
            if sum(len(leaf.text) + 1 for leaf in found) > MAX_CHARS:
                raise TooLarge
            hits = self._scan_page(found, frozenset()) if self._suspects(found, frozenset()) else {}
            return frozenset(self._known[number].needle_id for number in hits)
        except TooLarge:
            return frozenset({"*"})

    def _suspects(self, found: list[Leaf], allow: frozenset[str]) -> bool:
        """Whether a value may show anything, told on few pages: nearly every output is clean, and this has to say so.

        What `_scan_page` finds is suspected here, for it reads the same texts; a suspicion may be wrong.
        """
        values = [leaf for leaf in found if not leaf.is_key]
        if len(values) > 1 and self._scan_joined(values, allow):
            return True
        try:
            return any(self._on_page(forms, allow) for forms in gathered(_readings_of(found), turned=self._turns))
        except TooLarge:
            return True

    def _on_page(self, forms: Forms, allow: frozenset[str]) -> bool:
        hits: Hits = {}
        self._match(forms, hits)
        self._match_dates(forms, hits)
        hits |= dict(self._hashes.seen_in(forms))
        return bool(hits and self._denied(hits, allow))

    def _scan_page(self, found: list[Leaf], allow: frozenset[str]) -> Hits:
        """All leaves at once: nearly every output is clean, and this alone has to say so."""
        hits = self._scan(_page(found), allow)
        for row, scan in self._readings(found):
            for number, form in scan(row, allow).items():
                hits.setdefault(number, form)
        return hits

    def _readings(self, found: list[Leaf]) -> Iterator[tuple[list[Leaf], Callable[[list[Leaf], frozenset[str]], Hits]]]:
        """The rows of leaves in which a value may be split, each with how it is read."""
        values = [leaf for leaf in found if not leaf.is_key]
        keys = [leaf for leaf in found if leaf.is_key]
        if len(values) > 1:
            yield values, self._scan_joined
            yield values, self._scan_closed
        if len(keys) > 1:
            yield keys, self._scan_closed

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
        for row, scan in (*self._readings(found), (found, self._scan_row)):
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

    def _blank(self, leaf: Leaf, allow: Allow) -> str:
        """The text without the values that may stand in it, so that their parts are no finding either."""
        text = leaf.text
        if not isinstance(allow, frozenset):
            field = ".".join(step for step in leaf.path if isinstance(step, str))
            allow = frozenset() if leaf.is_key else allow.get(field, frozenset())
        for known in self._known if allow else ():
            if known.needle_id in allow and known.value in text:
                text = re.sub(rf"(?<!\w){re.escape(known.value)}(?!\w)", SEPARATOR * 6, text)
        return text

    def _scan_row(self, row: list[Leaf], allow: frozenset[str]) -> Hits:
        return self._scan(_page(row), allow)

    def _scan_closed(self, row: list[Leaf], allow: frozenset[str]) -> Hits:
        """What leaves show when they follow each other without a gap."""
        return self._scan("".join([leaf.text for leaf in row]), allow)

    def _scan_joined(self, row: list[Leaf], allow: frozenset[str]) -> Hits:
        """What values show together without the keys between them, and a date whose parts are fields."""
        hits: Hits = {}
        forms = Forms(_page(row))
        self._match(forms, hits, only=_JOINED_SPACES)
        self._match_dates(Forms(forms.folded.replace(SEPARATOR, "-")), hits)
        return self._denied(hits, allow)

    def _scan(self, text: str, allow: frozenset[str]) -> Hits:
        """Which needles a text shows, and how; decoded views included."""
        hits: Hits = {}
        for chain, forms in decoded(text, turned=self._turns):
            prefix = f"{chain}:" if chain else ""
            self._match(forms, hits, chain=prefix)
            self._match_dates(forms, hits, chain=prefix)
            for number, algorithm in self._hashes.seen_in(forms):
                hits.setdefault(number, prefix + algorithm)
        for number in hits:
            if self._known[number].value in text:
                hits[number] = "verbatim"
        return self._denied(hits, allow)

    def _turns(self, forms: Forms) -> frozenset[str]:
        """Which views of a text hold a literal that is long enough to be no accident."""
        turns = {self._turned[literal] for literal in self._seen_in(forms) if literal in self._turned}
        if forms.heads and self._lookup.seen_in(forms.heads):
            turns.add(ACROSTIC)
        return frozenset(turns)

    def _seen_in(self, forms: Forms) -> list[str]:
        """The anchors and turned anchors of a text, looked up once."""
        seen: list[str] | None = forms.seen
        if seen is None:
            seen = forms.seen = self._lookup.seen_in(forms.compact)
        return seen

    def _denied(self, hits: Hits, allow: frozenset[str]) -> Hits:
        return {number: form for number, form in hits.items() if self._known[number].needle_id not in allow}

    def _match(self, forms: Forms, hits: Hits, *, chain: str = "", only: frozenset[Space] | None = None) -> None:
        rows = [row for anchor in self._seen_in(forms) for row in self._anchored.get(anchor, ())]
        for space, others in self._others.items():
            if (space != "digits" or not forms.compact.isascii()) and getattr(forms, space):
                rows += others
        seen = [row for row in rows if (only is None or row[0] in only) and row[1] in getattr(forms, row[0])]
        for space, _, entries in sorted(seen, key=_plainness):
            self._confirm(forms, space, entries, hits, chain=chain)

    def _confirm(self, forms: Forms, space: Space, entries: list[tuple[int, Probe]], hits: Hits, *, chain: str) -> None:
        for number, probe in entries:
            text: str = getattr(forms, probe.confirm_in or space)
            if number not in hits and (not probe.confirm or re.search(probe.confirm, text)):
                hits[number] = chain + probe.form

    def _match_dates(self, forms: Forms, hits: Hits, *, chain: str = "") -> None:
        for number, day in self._days:
            if number not in hits and (shows(forms.folded, day) or shows(forms.backwards, day)):
                hits[number] = f"{chain}date"


def _page(row: list[Leaf]) -> str:
    return SEPARATOR.join([leaf.text for leaf in row])


def _readings_of(found: list[Leaf]) -> str:
    """The page of a value, and its values and its keys without a gap."""
    rows = [_page(found)]
    for is_key in (False, True):
        texts = [leaf.text for leaf in found if leaf.is_key is is_key]
        rows += ["".join(texts)] if len(texts) > 1 else []
    return ("\n" * 6).join(rows)


def _plainness(row: tuple[Space, str, list[tuple[int, Probe]]]) -> tuple[int, int, str]:
    """The plainer normal form first, then the longer literal: a whole value before a part of it, in any order given."""
    return SPACES.index(row[0]), -len(row[1]), row[1]


def _told_by_another(known: Identifier, probe: Probe, singles: set[str]) -> bool:
    """Whether a token of a full name is an identifier of its own, which then reports it."""
    return probe.token in singles and probe.token != fold(known.value).strip()


@lru_cache(maxsize=64)
def _compiled(identifiers: tuple[Identifier, ...], subjects: frozenset[Subject]) -> Needles:
    return Needles(identifiers, subjects)
