"""Synthetic patients: coherent people who cannot exist, with every identifier known.

``make_patient(seed, index)`` is a pure function: patient i is the same alone, in a shard and on every machine. Numbers
lie in never-real ranges (`evalkit.phi.surrogates`). One random stream per concern, so that a new field shifts no old
one. `evalkit.cases.people` says about whom: in the ``stress`` profile people of 90 and more are oversampled to 6 in
100, edge names (hyphen, apostrophe, diacritics, suffix) and restricted ZIP areas come often and are tagged, and each
patient carries the weight that undoes it; the ``population`` profile follows public tables.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

from evalkit.cases.homes import RESTRICTED_ZIP3, make_home
from evalkit.cases.names import realistic_name
from evalkit.cases.people import (
    STRESS,
    Coverage,
    People,
    Sex,
    age_and_sex,
    payers,
    share_of_ages,
)
from evalkit.cases.randomness import Stream, chance, pick, running_totals, stream, weighted, whole
from evalkit.cases.vocabulary import Vocabulary, vocabulary
from evalkit.errors import CaseError
from evalkit.phi import surrogates
from evalkit.phi.identifiers import Category, Identifier, Subject

Relationship = Literal["mother", "father", "spouse", "daughter", "son", "sister", "brother"]

REFERENCE_DATE = date(2026, 1, 1)
"""Ages are counted on this day: a clock would make other patients every day."""
MEDICARE_AGE = 65
OLDEST_OPEN_AGE = 89
"""Years; older ages identify a person."""

AGE_BANDS: tuple[tuple[int, int, int], ...] = ((20, 0, 17), (57, 18, 64), (17, 65, 89), (6, 90, 101))
"""(share in 100, youngest, oldest) under stress."""
_AGE_TOTALS = running_totals([share for share, _, _ in AGE_BANDS])

_DIACRITIC = ("Ibáñez", "Håkansson", "Grünwald", "Østergaard", "Peñaranda", "Kovačević", "Svobodová", "Bălănescu",
              "Çelikkaya", "Lefèvre", "Żółkowski", "Törnqvist")  # fmt: skip
_APOSTROPHE = ("O'Halloran", "D'Agostino", "O'Shaughnessy", "L'Heureux", "D'Angelico", "O'Driscoll")
_RELATIONS: tuple[tuple[Relationship, Sex], ...] = (
    ("spouse", "F"), ("spouse", "M"), ("daughter", "F"), ("son", "M"), ("sister", "F"), ("brother", "M"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Relative:
    """Somebody of the patient's family; identifiers of relatives are protected like the patient's own."""

    relationship: Relationship
    first: str
    last: str
    phone: str

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}"

    def __repr__(self) -> str:
        return f"Relative({self.relationship})"


@dataclass(frozen=True, slots=True, repr=False)
class Patient:
    """A person who cannot exist. ``repr`` shows index and tags only, as it would have to for a real one."""

    seed: int
    index: int
    first: str
    middle: str
    """One letter."""
    last: str
    suffix: str
    """``Jr``, ``III`` or empty."""
    sex: Sex
    dob: date
    street: str
    """House number and street."""
    city: str
    state: str
    zip_code: str
    phone: str
    email: str
    ssn: str
    mrn: str
    member_id: str
    mbi: str | None
    """Only from `MEDICARE_AGE` on."""
    relative: Relative | None
    """Always there for a minor."""
    tags: tuple[str, ...]
    """``age:minor``, ``age:90+``, ``name:hyphen``, ``name:apostrophe``, ``name:diacritic``, ``name:suffix``,
    ``zip3:restricted``; with realistic names also the other kinds of `evalkit.cases.names`."""
    weight: float = 1.0
    """How many patients of the population this one stands for; 1 in the ``population`` profile."""

    @property
    def name(self) -> str:
        """First and last name; the one name of somebody who has one."""
        return f"{self.first} {self.last}" if self.first != self.last else self.last

    @property
    def coverage(self) -> Coverage:
        """What the patient is insured by on `REFERENCE_DATE`, first payer first."""
        return payers(stream(self.seed, "coverage").draws(self.index, 1)[0], self.age_on(REFERENCE_DATE))

    @property
    def address(self) -> str:
        """Street, city, state and ZIP on one line."""
        return f"{self.street}, {self.city}, {self.state} {self.zip_code}"

    @property
    def pseudonym(self) -> str:
        """A name for statistics (`Case.cluster`) that is not derived from any identifier."""
        return f"patient-{self.seed}-{self.index}"

    def age_on(self, day: date) -> int:
        """Age in whole years on a day; somebody born on 29 February turns older on 1 March of other years."""
        return day.year - self.dob.year - ((day.month, day.day) < (self.dob.month, self.dob.day))

    def age_identifier(self, day: date) -> Identifier | None:
        """The age on a day as an identifier, for it is one from 90 on (45 CFR 164.514(b)(2)(i)(C)); else None."""
        age = self.age_on(day)
        return _identifier("patient", "age", category="date", value=str(age)) if age > OLDEST_OPEN_AGE else None

    @property
    def identifiers(self) -> tuple[Identifier, ...]:
        """All identifiers, by needle id ``patient.*`` and ``relative.*``.

        patient.name .first .last .dob (ISO) .street .city .zip .phone .email .ssn .mrn .member_id .mbi;
        relative.name .first .phone. A case lists only those that it plants.
        """
        return tuple(self._named(needle_id) for needle_id in self._ids())

    @property
    def further(self) -> tuple[Identifier, ...]:
        """Identifiers of the Safe Harbor categories that a note seldom holds, so that all 18 can be planted.

        patient.fax .account .license .vin .device .url .ip .biometric .photo .other
        """
        return tuple(self._named(f"patient.{part}") for part in _FURTHER)

    def identifier(self, needle_id: str) -> Identifier:
        """One of `identifiers` or `further` by its needle id. Raises CaseError where this patient has none."""
        if needle_id in self._ids() or needle_id.removeprefix("patient.") in _FURTHER:
            return self._named(needle_id)
        raise CaseError("this patient has no such identifier", where=needle_id)

    def _ids(self) -> tuple[str, ...]:
        own = _IDS if self.mbi is not None else _IDS_WITHOUT_MBI
        return own if self.relative is None else own + _IDS_OF_RELATIVE

    def _named(self, needle_id: str) -> Identifier:
        subject, _, part = needle_id.partition(".")
        if subject == "relative" and self.relative is not None:
            category, value = _OF_RELATIVE[part](self.relative)
            return Identifier(needle_id, category, value, "relative")
        if part in _FURTHER:
            category, make = _FURTHER[part]
            draw = stream(self.seed, "further").draws(self.index, len(_FURTHER))[list(_FURTHER).index(part)]
            return Identifier(needle_id, category, make(draw))
        category, read = _OWN[part]
        return Identifier(needle_id, category, read(self))

    def __repr__(self) -> str:
        return f"Patient({self.seed}/{self.index}, {', '.join(self.tags) or 'no tags'})"


_OWN: dict[str, tuple[Category, Callable[[Patient], str]]] = {
    "name": ("name", lambda one: one.name),
    "first": ("name", lambda one: one.first),
    "last": ("name", lambda one: one.last),
    "dob": ("date", lambda one: one.dob.isoformat()),
    "street": ("geo", lambda one: one.street),
    "city": ("geo", lambda one: one.city),
    "zip": ("geo", lambda one: one.zip_code),
    "phone": ("phone", lambda one: one.phone),
    "email": ("email", lambda one: one.email),
    "ssn": ("ssn", lambda one: one.ssn),
    "mrn": ("mrn", lambda one: one.mrn),
    "member_id": ("plan", lambda one: one.member_id),
    "mbi": ("plan", lambda one: one.mbi or ""),
}
_OF_RELATIVE: dict[str, Callable[[Relative], tuple[Category, str]]] = {
    "name": lambda one: ("name", one.name),
    "first": lambda one: ("name", one.first),
    "phone": lambda one: ("phone", one.phone),
}
_FURTHER: dict[str, tuple[Category, Callable[[int], str]]] = {
    "fax": ("fax", surrogates.fax),
    "account": ("account", surrogates.account),
    "license": ("license", surrogates.license_number),
    "vin": ("vehicle", surrogates.vin),
    "device": ("device", surrogates.mac),
    "url": ("url", surrogates.url),
    "ip": ("ip", surrogates.ipv4),
    "biometric": ("biometric", lambda draw: f"VOICEPRINT-{draw % 10**10:010d}"),
    "photo": ("photo", lambda draw: f"face-{draw % 10**8:08d}.jpg"),
    "other": ("other", lambda draw: f"LOCKER-TAG-{draw % 10**7:07d}"),
}
_IDS = tuple(f"patient.{part}" for part in _OWN)
_IDS_WITHOUT_MBI = tuple(needle_id for needle_id in _IDS if needle_id != "patient.mbi")
_IDS_OF_RELATIVE = tuple(f"relative.{part}" for part in _OF_RELATIVE)


class Known(Mapping[str, Identifier]):
    """Everything that a case may plant, by needle id: the patient's identifiers, made when they are first asked for,
    and whatever else the family gives (the date of the visit, the provider). ``repr`` shows a count."""

    __slots__ = ("_given", "_made", "_patient")

    def __init__(self, patient: Patient, given: Iterable[Identifier] = ()) -> None:
        self._patient = patient
        self._given = {identifier.needle_id: identifier for identifier in given}
        self._made: dict[str, Identifier] = dict(self._given)

    def __getitem__(self, needle_id: str) -> Identifier:
        made = self._made.get(needle_id)
        if made is None:
            if needle_id not in self:
                raise KeyError(needle_id)
            made = self._made[needle_id] = self._patient.identifier(needle_id)
        return made

    def __contains__(self, needle_id: object) -> bool:
        return (
            needle_id in self._made
            or needle_id in self._patient._ids()
            or (isinstance(needle_id, str) and needle_id.removeprefix("patient.") in _FURTHER)
        )

    def __iter__(self) -> Iterator[str]:
        return iter((*self._patient._ids(), *(name for name in self._given if name not in self._patient._ids())))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def planted(self, needle_ids: Iterable[str]) -> tuple[Identifier, ...]:
        """The identifiers that a case lists: those of its spans, each once, in the order of the ids."""
        return tuple(self[needle_id] for needle_id in dict.fromkeys(needle_ids))

    def __repr__(self) -> str:
        return f"Known({len(self)} identifiers)"


def make_patient(seed: int, index: int, *, people: People = STRESS) -> Patient:
    """Patient ``index`` (from 0) of a seed. Raises CaseError where the pinned vocabulary is not installed."""
    words = vocabulary()
    identity, contact, numbers, family = (stream.draws(index, 16) for stream in _streams(seed))
    if people.profile == "population":
        age, sex = age_and_sex(identity[6], identity[7], identity[12])
    else:
        age, sex = _stressed_age(identity[6:8]), "F" if chance(identity[0], 0.51) else "M"
    if people.names == "realistic":
        given = realistic_name(seed, index, sex)
        first, last, suffix, kind = given.first, given.last, given.suffix, f"name:{given.kind}"
    else:
        first = words.first(sex).pick(identity[1])
        last, kind = _last_name(identity[2:6], words)
        suffix = pick(identity[10], ("Jr", "III")) if sex == "M" and chance(identity[9], 0.06) else ""
    home = make_home(contact[:10], people)
    restricted = home.zip_code[:3] in RESTRICTED_ZIP3
    tags = (
        "age:minor" if age < 18 else "", "age:90+" if age > OLDEST_OPEN_AGE else "",
        "" if kind in {"name:plain", "name:suffix"} else kind, "name:suffix" if suffix else "",
        "zip3:restricted" if restricted else "",
    )  # fmt: skip
    return Patient(
        seed=seed, index=index, first=first, middle=pick(identity[11], "ABCDEFGHJKLMNPRSTVW"), last=last,
        suffix=suffix, sex=sex, dob=_birthday(age, identity[8]), street=home.street, city=home.city,
        state=home.state, zip_code=home.zip_code, phone=surrogates.phone(contact[10]),
        email=surrogates.email(contact[11], f"{_plain(first)}.{_plain(last)}"),
        ssn=surrogates.ssn(numbers[0]), mrn=surrogates.mrn(numbers[1]), member_id=surrogates.member_id(numbers[2]),
        mbi=surrogates.mbi(numbers[3]) if age >= MEDICARE_AGE else None,
        relative=_relative(family, words, last=last, age=age),
        tags=tuple(tag for tag in tags if tag),
        weight=home.weight * _age_weight(age) if people.profile == "stress" else 1.0,
    )  # fmt: skip


@lru_cache(maxsize=64)
def _streams(seed: int) -> tuple[Stream, ...]:
    return tuple(Stream(seed, name) for name in ("identity", "contact", "numbers", "family"))


def _identifier(subject: Subject, part: str, *, category: Category, value: str) -> Identifier:
    return Identifier(f"{subject}.{part}", category, value, subject)


def _last_name(draws: tuple[int, ...], words: Vocabulary) -> tuple[str, str]:
    """A last name and the tag of its kind; 6 in 100 each of hyphen and diacritics, 4 in 100 with an apostrophe."""
    name = words.last.pick(draws[0])
    share = whole(draws[1], 0, 99)
    if share < 6:
        other = words.last.pick(draws[2])
        return (f"{name}-{other}", "name:hyphen") if other != name else (name, "")
    if share < 12:
        return pick(draws[2], _DIACRITIC), "name:diacritic"
    if share < 16:
        return pick(draws[2], _APOSTROPHE), "name:apostrophe"
    return name, ""


def _stressed_age(draws: tuple[int, ...]) -> int:
    _, youngest, oldest = weighted(draws[0], AGE_BANDS, _AGE_TOTALS)
    return whole(draws[1], youngest, oldest)


def _birthday(age: int, draw: int) -> date:
    """A date of birth that gives the age on the reference day."""
    birthday = REFERENCE_DATE.replace(year=REFERENCE_DATE.year - age)
    after_last = REFERENCE_DATE.replace(year=REFERENCE_DATE.year - age - 1) + timedelta(days=1)
    return after_last + timedelta(days=whole(draw, 0, (birthday - after_last).days))


@lru_cache(maxsize=128)
def _age_weight(age: int) -> float:
    """How much rarer or more frequent an age is in the population than in the ``stress`` profile."""
    share, youngest, oldest = next(band for band in AGE_BANDS if band[1] <= age <= band[2])
    return share_of_ages(youngest, oldest) / (share / 100)


def _relative(draws: tuple[int, ...], words: Vocabulary, *, last: str, age: int) -> Relative | None:
    """A parent for a minor; somebody for half of the adults, every fourth with a last name of their own."""
    if age >= 18 and chance(draws[0], 0.5):
        return None
    parents: tuple[tuple[Relationship, Sex], ...] = (("mother", "F"), ("father", "M"))
    relationship, sex = pick(draws[1], parents if age < 18 else _RELATIONS)
    surname = words.last.pick(draws[4]) if chance(draws[3], 0.25) else last
    return Relative(relationship, words.first(sex).pick(draws[2]), surname, surrogates.phone(draws[5]))


def _plain(name: str) -> str:
    """A name as it stands in a mail address: lower-case ASCII letters."""
    folded = name.translate(str.maketrans("øØłŁ", "oOlL"))
    return "".join(
        char for char in unicodedata.normalize("NFKD", folded).casefold() if char.isascii() and char.isalpha()
    )
