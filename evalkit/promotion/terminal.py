"""A candidate and the review of it as plain text, for a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from evalkit.errors import PromotionError
from evalkit.promotion.decisions import Decision
from evalkit.promotion.evidence import is_span, spans_of
from evalkit.promotion.review import Desk, Laid
from evalkit.visible import visible

OPEN, CLOSE = "[[", "]]"
"""Around evidence."""
_PLANTED = "{", "}"
"""Around an invented identifier."""
_LONGEST = 100_000
CHOICES = "accept (a), correct (c), reject (r), skip (s), quit (q)"
Ask = Callable[[str], str]
Tell = Callable[[str], None]


def lines_of(laid: Laid) -> list[str]:
    """What a reviewer sees: where it comes from, the request with evidence in [[ ]] and invented identifiers in { },
    and the agent's answer."""
    one = laid.candidate
    sure = "" if one.confidence is None else f", confidence {one.confidence:.2f}"
    shown = [f"{one.case.case_id}  {one.spec}  {one.status}{sure}"]
    shown += [f"  why: {visible(reason)}" for reason in one.why]
    taken = ", ".join(f"{count} {category}" for category, count in one.replaced.items())
    shown.append(f"  taken out: {taken or 'nothing'}")
    raised = sorted(name for name, up in one.case.flags.items() if up)
    shown.append(f"  flags: {', '.join(map(visible, raised)) or 'none'}")
    for name, value in one.case.input.items():
        text = marked(laid, name) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        head, *rest = [visible(line, most=_LONGEST) for line in text.split("\n")]
        shown += [f"  {name}: {head}", *(f"    {line}" for line in rest)]
    shown.append(f"answer: {_answer(laid)}")
    return shown


def marked(laid: Laid, field: str) -> str:
    """One text of the request with evidence and invented identifiers marked."""
    case = laid.candidate.case
    text = case.text_of(field) or ""
    planted = zip(case.spans.field, case.spans.start, case.spans.end, strict=True)
    evidence = [(start, end, OPEN, CLOSE) for name, start, end in spans_of(case.gold) if name == field]
    names = [(start, end, *_PLANTED) for name, start, end in planted if name == field and end - start < len(text)]
    marks: dict[int, str] = {}
    for start, end, before, after in sorted({*evidence, *names}, key=lambda row: row[0] - row[1]):
        marks[start] = marks.get(start, "") + before
        marks[end] = after + marks.get(end, "")
    borders = sorted({0, len(text), *marks})
    pieces = [marks.get(start, "") + text[start:end] for start, end in pairwise(borders)]
    return "".join([*pieces, marks.get(len(text), "")])


def review_all(desk: Desk, *, ask: Ask, tell: Tell, adjudicate: bool = False) -> int:
    """Go through what waits for this person, one after the other, and give the number decided.

    ``ask`` puts a question and gives the answer; what is not understood is asked again. Each word is on disk before the
    next candidate is shown.
    """
    done = 0
    for number, laid in enumerate(waiting := desk.waiting(), 1):
        tell(f"{number} of {len(waiting)}")
        for line in lines_of(laid):
            tell(line)
        disputed = laid.outcome.standing == "disputed"
        if disputed and not adjudicate:
            tell("two reviewers differ; `--adjudicate` decides between them")
            continue
        word = _choose(ask, tell)
        if word == "quit":
            break
        if word != "skip":
            done += _decided(desk, laid, word, ask=ask, tell=tell, adjudicates=disputed)
    return done


def _choose(ask: Ask, tell: Tell) -> str:
    words = {"a": "accept", "c": "correct", "r": "reject", "s": "skip", "q": "quit"}
    while True:
        word = ask(CHOICES).strip().lower()
        if word in words or word in words.values():
            return words.get(word, word)
        tell("one of these five")


def _decided(desk: Desk, laid: Laid, word: str, *, ask: Ask, tell: Tell, adjudicates: bool) -> bool:
    reason = ask("reason, without the person").strip() if word != "accept" else ""
    gold, refusal = None, None
    try:
        if word == "correct":
            gold, refusal = read_answer(ask("the right answer as JSON, or: refuse CODE"))
        decision = Decision(
            laid.candidate.digest, desk.person, word, reason, gold=gold, refusal=refusal, adjudicates=adjudicates  # type: ignore[arg-type]  # one of the three
        )  # fmt: skip
        tell(f"recorded: {desk.decide(laid, decision).standing}")
    except PromotionError as error:
        tell(f"not recorded: {visible(str(error))}")
        return False
    return True


def read_answer(text: str) -> tuple[dict[str, Any] | None, str | None]:
    """A gold answer from JSON, or the code of a refusal from ``refuse CODE``. Raises PromotionError for neither."""
    if text.strip().startswith("refuse "):
        return None, text.strip().removeprefix("refuse ").strip()
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise PromotionError("the answer is neither a JSON object nor 'refuse CODE'", where="review")
    return value, None


def _answer(laid: Laid) -> str:
    case = laid.candidate.case
    if case.refusal is not None:
        return f"refuse {case.refusal}"
    if laid.candidate.status == "error":
        return "none: the agent failed"
    return json.dumps(_plain(case.gold), ensure_ascii=False)


def _plain(value: Any) -> Any:
    """The answer with its evidence as ``field:start-end``."""
    if is_span(value):
        return f"{value['field']}:{value['start']}-{value['end']}"
    if isinstance(value, Mapping):
        return {name: _plain(entry) for name, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, (list, tuple)) else value
