"""Building blocks for tasks that answer with lists of codes: gold lines and given lines in, counts out.

A line is an object ``{"code", "modifiers", "units", "evidence"}``; what an agent gives may be malformed, and a
malformed line is a wrong line, never an exception. Lines are matched as multisets: a line billed twice matches one
gold line once. The order of lines and of modifiers does not matter.

Counts come back as `Ratio` or `Tally`, so that they are pooled over cases before dividing: micro F1 is
``line_f1``, macro F1 ``code_tally``, the mean of per-case F1 ``example_f1``. The three differ and are named apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.digests import canonical_json
from evalkit.metrics.scoring import Ratio, Tally

Line = Mapping[str, Any]
Lines = Sequence[Line]
Key = Callable[[Line], Hashable]
"""What of a line has to agree for two lines to match."""


def lines_of(output: Mapping[str, Any] | None, field: str = "lines") -> Lines:
    """The lines of an output or gold answer; none where there is no output, no such field, or no list in it.

    An entry that is no object becomes an empty line, which matches nothing.
    """
    entries = output.get(field) if output is not None else None
    if not isinstance(entries, (list, tuple)):
        return ()
    return tuple(entry if isinstance(entry, Mapping) else {} for entry in entries)


def code_of(line: Line) -> Hashable:
    """The code alone."""
    return _plain(line.get("code"))


def modifiers_of(line: Line) -> Hashable:
    """The modifiers in any order; no modifiers and an absent list are the same."""
    modifiers = line.get("modifiers") or ()
    if not isinstance(modifiers, (list, tuple)):
        return _plain(modifiers)
    return tuple(sorted(str(_plain(modifier)) for modifier in modifiers))


def units_of(line: Line) -> Hashable:
    """The units; an absent count is not 1."""
    return _plain(line.get("units"))


def line_of(line: Line) -> Hashable:
    """Code, modifiers and units together: what is paid."""
    return (code_of(line), modifiers_of(line), units_of(line))


@dataclass(frozen=True, slots=True)
class Match:
    """How two multisets of keys overlap."""

    hits: Counter[Hashable]
    over: Counter[Hashable]
    """Given, and not in the gold answer."""
    under: Counter[Hashable]
    """In the gold answer, and not given."""


def match_lines(gold: Lines, given: Lines, key: Key = line_of) -> Match:
    """Match the lines as multisets by ``key``."""
    wanted = Counter(key(line) for line in gold)
    found = Counter(key(line) for line in given)
    return Match(hits=wanted & found, over=found - wanted, under=wanted - found)


def exact_match(gold: Lines, given: Lines) -> bool:
    """Is the whole case right, line for line?"""
    match = match_lines(gold, given)
    return not match.over and not match.under


def line_f1(gold: Lines, given: Lines, key: Key = line_of) -> Ratio:
    """Counts of the micro F1: 2 tp over 2 tp + fp + fn."""
    match = match_lines(gold, given, key)
    hits = 2 * match.hits.total()
    return Ratio(hits, hits + match.over.total() + match.under.total())


def example_f1(gold: Lines, given: Lines, key: Key = line_of) -> float:
    """The F1 of this one case; 1 where nothing was due and nothing given."""
    counts = line_f1(gold, given, key)
    return counts.numerator / counts.denominator if counts.denominator else 1.0


def over_coding(gold: Lines, given: Lines, key: Key = line_of) -> Ratio:
    """Lines given that the gold answer does not hold, over lines given: what is billed and not owed."""
    return Ratio(match_lines(gold, given, key).over.total(), len(given))


def under_coding(gold: Lines, given: Lines, key: Key = line_of) -> Ratio:
    """Gold lines that were not given, over gold lines: what is owed and not billed."""
    return Ratio(match_lines(gold, given, key).under.total(), len(gold))


def code_tally(gold: Lines, given: Lines) -> Tally:
    """Per code: lines with it that are right, too many, missing. Modifiers and units are judged elsewhere.

    What stands where a code should, and is no text of at most 10 characters, counts under ``?``.
    """
    match = match_lines(gold, given, _label_of)
    labels = sorted({str(label) for part in (match.hits, match.over, match.under) for label in part})
    return Tally({label: (match.hits[label], match.over[label], match.under[label]) for label in labels})


def modifiers_given_code(gold: Lines, given: Lines) -> Ratio:
    """Lines with the right modifier set, over lines with the right code: blind to codes, sharp on modifiers.

    Lines that repeat one code are paired to agree as often as they can.
    """
    return _agreement_given_code(gold, given, modifiers_of)


def units_given_code(gold: Lines, given: Lines) -> Ratio:
    """Lines with the right units, over lines with the right code; repeated codes as in `modifiers_given_code`."""
    return _agreement_given_code(gold, given, units_of)


def evidence_precision(gold: Lines, given: Lines) -> Ratio:
    """Characters cited that the gold evidence holds, over characters cited.

    Overlap is counted in characters (code points), over the union of all spans of all lines per field: neither
    citing a passage twice nor cutting it into pieces changes the figure. A malformed span cites nothing.
    """
    cited, wanted = _characters(given), _characters(gold)
    return Ratio(len(cited & wanted), len(cited))


def evidence_recall(gold: Lines, given: Lines) -> Ratio:
    """Characters of the gold evidence that were cited, over characters of the gold evidence."""
    cited, wanted = _characters(given), _characters(gold)
    return Ratio(len(cited & wanted), len(wanted))


def span_f1(gold: Lines, given: Lines, *, overlap: float = 0.5) -> Ratio:
    """Counts of the F1 over whole evidence spans: two spans of a field match where they share at least ``overlap`` of
    their union in characters. Each gold span is matched once, the closest pairs first.
    """
    wanted, cited = _spans_of(gold), _spans_of(given)
    pairs = sorted(
        ((_overlap(one, other), one, other) for one in wanted for other in cited), key=lambda pair: (-pair[0], pair[1:])
    )
    taken: set[tuple[int, tuple[str, int, int]]] = set()
    hits = 0
    for share, one, other in pairs:
        if share >= overlap and (0, one) not in taken and (1, other) not in taken:
            taken |= {(0, one), (1, other)}
            hits += 1
    return Ratio(2 * hits, len(wanted) + len(cited))


def units_off(gold: Lines, given: Lines) -> Ratio:
    """Units too many or too few, over units of the larger of the two, among lines with the right code.

    0 where every count is right. A line whose units are no whole number from 0 on is off by all the units owed.
    """
    off = total = 0
    given_units = _units_by_code(given)
    for code, owed in _units_by_code(gold).items():
        if code in given_units:
            off += abs(owed - given_units[code])
            total += max(owed, given_units[code])
    return Ratio(off, total)


def _units_by_code(lines: Lines) -> dict[Hashable, int]:
    counts: Counter[Hashable] = Counter()
    for line in lines:
        units = line.get("units")
        counts[code_of(line)] += units if type(units) is int and units > 0 else 0
    return dict(counts)


def _spans_of(lines: Lines) -> set[tuple[str, int, int]]:
    """The well-formed spans that lines cite, each once."""
    found: set[tuple[str, int, int]] = set()
    for line in lines:
        spans = line.get("evidence")
        for span in spans if isinstance(spans, (list, tuple)) else ():
            covered = _span(span)
            if covered:
                found.add((covered[0][0], covered[0][1], covered[-1][1] + 1))
    return found


def _overlap(one: tuple[str, int, int], other: tuple[str, int, int]) -> float:
    if one[0] != other[0]:
        return 0.0
    shared = min(one[2], other[2]) - max(one[1], other[1])
    return shared / (max(one[2], other[2]) - min(one[1], other[1])) if shared > 0 else 0.0


SPAN_CHARS = 100_000
"""A longer span is malformed: no note is that long, and an agent must not make a metric run out of memory."""


def _agreement_given_code(gold: Lines, given: Lines, part: Key) -> Ratio:
    codes = match_lines(gold, given, code_of).hits.total()
    both = match_lines(gold, given, lambda line: (code_of(line), part(line))).hits.total()
    return Ratio(both, codes)


def _label_of(line: Line) -> Hashable:
    code = line.get("code")
    return code if isinstance(code, str) and len(code) <= 10 and code.isprintable() else "?"


def _characters(lines: Lines) -> set[tuple[str, int]]:
    """Every (field, position) that the evidence of the lines covers."""
    covered: set[tuple[str, int]] = set()
    for line in lines:
        spans = line.get("evidence")
        for span in spans if isinstance(spans, (list, tuple)) else ():
            covered.update(_span(span))
    return covered


def _span(span: Any) -> Sequence[tuple[str, int]]:
    if not isinstance(span, Mapping):
        return ()
    field, start, end = (span.get(name) for name in ("field", "start", "end"))
    if not isinstance(field, str) or type(start) is not int or type(end) is not int:
        return ()
    if not 0 <= start < end <= start + SPAN_CHARS:
        return ()
    return [(field, position) for position in range(start, end)]


def _plain(value: Any) -> Hashable:
    """A JSON value as something to count: text and numbers as they are, so that 2 == 2.0, but true is not 1."""
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        value = {str(name): _text(entry) for name, entry in value.items()}
    elif isinstance(value, (list, tuple)):
        value = [_text(entry) for entry in value]
    return ("json", canonical_json(value))


def _text(value: Any) -> str:
    return repr(_plain(value))
