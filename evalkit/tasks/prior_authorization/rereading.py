"""A chart read back into facts, for the checker: what each sentence tells, by patterns of its own.

It knows the banks no better than a reader does: a sentence is about what its words name, and says so, denies it, plans
it, or speaks of a relative. Text that was copied from an older note tells nothing anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple


class Told(NamedTuple):
    """What one sentence tells."""

    name: str
    polarity: str
    value: int | None = None
    """Days of care, or percent; only where the sentence says that it is so."""
    region: str | None = None
    side: str | None = None


_TOPICS = {
    "unsupervised_care": r"personal trainer|massage gun|exercise videos|yoga|masseur|drugstore brace|advice of a friend"
    r"|entrenador personal",
    "therapy": r"physical therapy|home exercise|conservative care|\bpt for\b|rehabilitation|under a therapist"
    r"|fisioterapia|terapeuta",
    "nsaid_barred": r"contraindica|cannot take nsaids|allerg(?:ic|y) to nsaids|nsaids must be|off the table"
    r"|would not stand",
    "nsaid": r"ibuprofen|naproxen|meloxicam|nsaid|celecoxib|anti-inflammatory|diclofenac|pain tablets",
    "xray": r"x-rays?\b|plain (?:films|radiographs)|radiograph|two views of|^xr |films of|\bimaged\b|radiograf",
    "weakness": r"motor weakness|foot drop|strength \d/5|leg gives way|toe walking|power in both|debilidad motora",
    "cauda_equina": r"saddle anesthesia|urinary retention|incontinen|on a bicycle|catheterized|bladder and bowels"
    r"|silla de montar",
    "locked_knee": r"locked knee|knee locked|unable to extend|stuck bent|jams in the joint|rodilla bloqueada",
    "cancer": r"cancer|malignancy|metastatic|lymphoma|oncology|cáncer",
    "oxygen": r"spo2|saturation|\bsats of\b|pulse ox|saturación",
    "lung_disease": r"copd|pulmonary (?:disease|fibrosis)|emphysema|lungs scarred|epoc",
}
"""Fact -> what a sentence about it names; the first that matches has it."""
_DENIED = {
    "therapy": r"not tried|no physical|declined|never started|not been tried|no conservative|did not attend|rather skip"
    r"|turned down|no ha hecho|rechazó",
    "nsaid": r"not tried|no nsaid|declined|never took|no ibuprofen|did not take|go without|no ha tomado",
    "xray": r"no x-ray|not been imaged|no radiographs|declined|no plain films|not been done|never had|nothing has been",
}
_DENIED_ELSE = (
    r"^(?:no|denies|without|never|sin|niega)\b|denies|, no (?:foot|locked|copd)|strength 5/5|full power|as ever"
    r"|, without"
)
_PLANNED = (
    r"referred to|scheduled|will (?:begin|get|be)|^plan:|recommended|order placed|discussed|to start|to follow|^start\b"
    r"|prescribed|ordered|pending|requested from"
)
_MAY_BE_PLANNED = frozenset({"therapy", "nsaid", "xray"})
_RELATIVE = r"\b(?:family|mother|father|brother|sister)\b"
_MAY_BE_A_RELATIVES = frozenset({"cancer", "lung_disease"})
_REGIONAL = frozenset({"therapy", "xray", "unsupervised_care"})
_REGIONS = {
    "lumbar": r"low back|lower back|lumbar|espalda baja", "knee": r"knee|rodilla", "shoulder": "shoulder", "hip": "hip",
    "ankle": "ankle", "neck": "neck", "wrist": "wrist",
}  # fmt: skip
_SIDES = {"left": r"\bleft\b|izquierda", "right": r"\bright\b|derecha"}
_COPIED = re.compile(r"\[?(?:copied from|carried forward)", re.IGNORECASE)
_SPELLED = {
    word: number
    for words in ("zero one two three four five six seven eight nine ten eleven twelve",
                  "cero una dos tres cuatro cinco seis siete ocho nueve diez once doce")
    for number, word in enumerate(words.split())
}  # fmt: skip


def reread(note: str) -> Iterator[Told]:
    """Everything that a note tells anew, top down."""
    for line in note.splitlines():
        if _COPIED.match(line.strip()):
            continue
        for sentence in re.split(r"(?<=\.)\s+", line.strip(" -*")):
            told = _told(sentence.lower()) if sentence.endswith(".") else None
            if told is not None:
                yield told


def _told(sentence: str) -> Told | None:
    name = next((name for name, topic in _TOPICS.items() if re.search(topic, sentence)), None)
    if name is None:
        return None
    polarity = _polarity(name, sentence)
    region = side = None
    if name in _REGIONAL:
        region = next((one for one, words in _REGIONS.items() if re.search(words, sentence)), None)
        side = next((one for one, words in _SIDES.items() if re.search(words, sentence)), None)
    value = None
    if polarity == "affirmed" and name in {"therapy", "unsupervised_care"}:
        value = _days(sentence)
    elif name == "oxygen":
        value = next((int(number) for number in re.findall(r"(?<!spo)\b\d{2}\b", sentence)), None)
    return Told(name, polarity, value, region, side)


def _polarity(name: str, sentence: str) -> str:
    if name in _MAY_BE_A_RELATIVES and re.search(_RELATIVE, sentence):
        return "family"
    if name in {"nsaid_barred", "unsupervised_care", "oxygen"}:
        return "affirmed"
    if re.search(_DENIED.get(name, _DENIED_ELSE), sentence):
        return "negated"
    return "hypothetical" if name in _MAY_BE_PLANNED and re.search(_PLANNED, sentence) else "affirmed"


def _days(sentence: str) -> int | None:
    """``five weeks and 6 days`` as 41; None where no time is named."""
    found = re.findall(r"(\w+) (weeks?|days?|semanas?)\b", sentence)
    counts = [(int(one) if one.isdecimal() else _SPELLED.get(one), unit) for one, unit in found]
    known = [count * (1 if unit.startswith("day") else 7) for count, unit in counts if count is not None]
    return sum(known) if known else None
