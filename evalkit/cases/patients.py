"""Synthetic patients: coherent people who cannot exist, with every identifier known.

``make_patient(seed, index)`` is a pure function: patient i is the same alone, in a shard and on every machine. Numbers
lie in never-real ranges (`evalkit.phi.surrogates`). One random stream per concern, so that a new field shifts no old
one. `evalkit.cases.people` says about whom: in the ``stress`` profile people of 90 and more are oversampled to 6 in
100, edge names (hyphen, apostrophe, diacritics, suffix) and restricted ZIP areas come often and are tagged, and each
patient carries the weight that undoes it; the ``population`` profile follows public tables.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache

from evalkit.cases.homes import RESTRICTED_ZIP3, Home, make_home
from evalkit.cases.names import canary_name, realistic_name
from evalkit.cases.people import (
    ADULT,
    STRESS,
    Coverage,
    People,
    Sex,
    age_and_sex,
    age_on,
    payers,
    share_of_ages,
)
from evalkit.cases.randomness import chance, pick, running_totals, stream, weighted, whole
from evalkit.cases.relatives import Relative, make_relative
from evalkit.errors import CaseError
from evalkit.phi import surrogates
from evalkit.phi.identifiers import Category, Identifier, Subject

REFERENCE_DATE = date(2026, 1, 1)
"""Ages are counted on this day: a clock would make other patients every day."""
MEDICARE_AGE = 65
OLDEST_OPEN_AGE = 89
"""Years; older ages identify a person."""

AGE_BANDS: tuple[tuple[int, int, int], ...] = ((20, 0, 17), (57, 18, 64), (17, 65, 89), (6, 90, 101))
"""(share in 100, youngest, oldest) under stress."""
_AGE_TOTALS = running_totals([share for share, _, _ in AGE_BANDS])

_PSEUDONYM = re.compile(r"patient-(-?[0-9]+)-([0-9]+)")
_MIDDLE = "ABCDEFGHJKLMNPRSTVW"


@dataclass(frozen=True, repr=False)
class Patient:
    """A person who cannot exist. ``repr`` shows index and tags only, as it would have to for a real one.

    Equal (seed, index, people) make equal patients. What a case does not ask for is not worked out.
    """

    seed: int
    index: int
    people: People
    first: str
    middle: str
    """One letter."""
    last: str
    suffix: str
    """``Jr``, ``III`` or empty."""
    sex: Sex
    dob: date
    age: int
    """Whole years on `REFERENCE_DATE`, as made."""
    kind: str
    """Tag of the kind of name, or empty."""

    @cached_property
    def _contact(self) -> tuple[int, ...]:
        return stream(self.seed, "contact").draws(self.index, 12)

    @cached_property
    def _numbers(self) -> tuple[int, ...]:
        return stream(self.seed, "numbers").draws(self.index, 4)

    @cached_property
    def home(self) -> Home:
        """Where the patient lives."""
        return make_home(self._contact[:10], self.people)

    @property
    def street(self) -> str:
        """House number and street."""
        return self.home.street

    @property
    def city(self) -> str:
        """A made-up town."""
        return self.home.city

    @property
    def state(self) -> str:
        """Two letters."""
        return self.home.state

    @property
    def zip_code(self) -> str:
        """Five digits, of the state."""
        return self.home.zip_code

    @property
    def phone(self) -> str:
        """For fiction (`surrogates.phone`)."""
        return surrogates.phone(self._contact[10])

    @property
    def email(self) -> str:
        """At a reserved host, by name."""
        return surrogates.email(self._contact[11], f"{_plain(self.first)}.{_plain(self.last)}")

    @property
    def ssn(self) -> str:
        """Never assigned (`surrogates.ssn`)."""
        return surrogates.ssn(self._numbers[0])

    @cached_property
    def mrn(self) -> str:
        """Of the private scheme, with its check digit."""
        return surrogates.mrn(self._numbers[1])

    @property
    def member_id(self) -> str:
        """Of the private scheme, with its check digit."""
        return surrogates.member_id(self._numbers[2])

    @property
    def mbi(self) -> str | None:
        """Only from `MEDICARE_AGE` on."""
        return surrogates.mbi(self._numbers[3]) if self.age >= MEDICARE_AGE else None

    @cached_property
    def relative(self) -> Relative | None:
        """Always there for a minor."""
        return make_relative(stream(self.seed, "family").draws(self.index, 6), last=self.last, age=self.age)

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """``age:minor``, ``age:90+``, ``name:hyphen``, ``name:apostrophe``, ``name:diacritic``, ``name:suffix``,
        ``zip3:restricted``; with realistic names also the other kinds of `evalkit.cases.names`."""
        tags = (
            "age:minor" if self.age < ADULT else "", "age:90+" if self.age > OLDEST_OPEN_AGE else "", self.kind,
            "name:suffix" if self.suffix else "",
            "zip3:restricted" if self.home.zip_code[:3] in RESTRICTED_ZIP3 else "",
        )  # fmt: skip
        return tuple(tag for tag in tags if tag)

    @property
    def weight(self) -> float:
        """How many patients of the population this one stands for; 1 in the ``population`` profile."""
        return 1.0 if self.people.profile == "population" else self.home.weight * _age_weight(self.age)

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
        """Age in whole years on a day (`age_on`)."""
        return age_on(self.dob, day)

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

    @cached_property
    def _draws_further(self) -> tuple[int, ...]:
        return stream(self.seed, "further").draws(self.index, len(_FURTHER))

    @property
    def further(self) -> tuple[Identifier, ...]:
        """Identifiers of the Safe Harbor categories that a note seldom holds, so that all 18 can be planted.

        patient.fax .account .license .vin .device .url .ip .biometric .photo .other
        """
        return tuple(self._named(f"patient.{part}") for part in _FURTHER)

    @property
    def record(self) -> dict[str, str]:
        """Every value of `identifiers` and `further` by needle id, as a registration holds them."""
        values = {needle_id: _OWN[needle_id[8:]][1](self) for needle_id in _IDS_WITHOUT_MBI}
        if self.mbi is not None:
            values["patient.mbi"] = self.mbi
        if self.relative is not None:
            values |= {needle_id: read(self.relative)[1] for needle_id, read in _OF_RELATIVE.items()}
        draws = self._draws_further
        return values | {f"patient.{part}": make(draws[place]) for part, (_, make, place) in _FURTHER.items()}

    def identifier(self, needle_id: str) -> Identifier:
        """One of `identifiers` or `further` by its needle id. Raises CaseError where this patient has none."""
        if self._has(needle_id):
            return self._named(needle_id)
        raise CaseError("this patient has no such identifier", where=needle_id)

    def _has(self, needle_id: str) -> bool:
        if needle_id == "patient.mbi":
            return self.age >= MEDICARE_AGE
        return needle_id in _MAKERS or (needle_id in _OF_RELATIVE and self.relative is not None)

    def _ids(self) -> tuple[str, ...]:
        own = _IDS if self.age >= MEDICARE_AGE else _IDS_WITHOUT_MBI
        return own if self.relative is None else own + _IDS_OF_RELATIVE

    def _named(self, needle_id: str) -> Identifier:
        if needle_id in _OF_RELATIVE and self.relative is not None:
            category, value = _OF_RELATIVE[needle_id](self.relative)
            return Identifier(needle_id, category, value, "relative")
        category, read = _MAKERS[needle_id]
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
    "relative.name": lambda one: ("name", one.name),
    "relative.first": lambda one: ("name", one.first),
    "relative.phone": lambda one: ("phone", one.phone),
}
_FURTHER: dict[str, tuple[Category, Callable[[int], str], int]] = {
    "fax": ("fax", surrogates.fax, 0),
    "account": ("account", surrogates.account, 1),
    "license": ("license", surrogates.license_number, 2),
    "vin": ("vehicle", surrogates.vin, 3),
    "device": ("device", surrogates.mac, 4),
    "url": ("url", surrogates.url, 5),
    "ip": ("ip", surrogates.ipv4, 6),
    "biometric": ("biometric", lambda draw: f"VOICEPRINT-{draw % 10**10:010d}", 7),
    "photo": ("photo", lambda draw: f"face-{draw % 10**8:08d}.jpg", 8),
    "other": ("other", lambda draw: f"LOCKER-TAG-{draw % 10**7:07d}", 9),
}
"""Part -> (category, maker, which draw of the stream ``further``)."""
_IDS = tuple(f"patient.{part}" for part in _OWN)
_IDS_WITHOUT_MBI = tuple(needle_id for needle_id in _IDS if needle_id != "patient.mbi")
_IDS_OF_RELATIVE = tuple(_OF_RELATIVE)


def _further(make: Callable[[int], str], place: int) -> Callable[[Patient], str]:
    return lambda one: make(one._draws_further[place])


_MAKERS: dict[str, tuple[Category, Callable[[Patient], str]]] = {
    **{f"patient.{part}": own for part, own in _OWN.items()},
    **{f"patient.{part}": (category, _further(make, place)) for part, (category, make, place) in _FURTHER.items()},
}
"""Needle id -> (category, how its value is read off a patient)."""


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
            if not self._patient._has(needle_id):
                raise KeyError(needle_id)
            made = self._made[needle_id] = self._patient._named(needle_id)
        return made

    def __contains__(self, needle_id: object) -> bool:
        return needle_id in self._made or (isinstance(needle_id, str) and self._patient._has(needle_id))

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
    identity = stream(seed, "identity").draws(index, 13)
    age, sex = _age_and_sex(identity, people)
    name = realistic_name(seed, index, sex) if people.names == "realistic" else canary_name(identity, sex)
    return Patient(
        seed=seed, index=index, people=people, first=name.first, middle=pick(identity[11], _MIDDLE), last=name.last,
        suffix=name.suffix, sex=sex, dob=_birthday(age, identity[8]), age=age,
        kind="" if name.kind in {"plain", "suffix"} else f"name:{name.kind}",
    )  # fmt: skip


def weight_of(pseudonym: str, *, people: People = STRESS) -> float | None:
    """How many patients of the population the patient of this pseudonym (`Case.cluster`) stands for; None where the
    pseudonym is not one of ours. It undoes the choice of people, not the edges that a family deals besides."""
    found = _PSEUDONYM.fullmatch(pseudonym)
    if found is None or people.profile == "population":
        return found and 1.0
    seed, index = int(found[1]), int(found[2])
    age, _ = _age_and_sex(stream(seed, "identity").draws(index, 13), people)
    return make_home(stream(seed, "contact").draws(index, 10), people).weight * _age_weight(age)


def birth_date(seed: int, index: int, *, people: People = STRESS) -> date:
    """When patient ``index`` is born, without the rest: for families that seek an adult or a child."""
    identity = stream(seed, "identity").draws(index, 13)
    return _birthday(_age_and_sex(identity, people)[0], identity[8])


def _age_and_sex(identity: tuple[int, ...], people: People) -> tuple[int, Sex]:
    if people.profile == "population":
        return age_and_sex(identity[6], identity[7], identity[12])
    _, youngest, oldest = weighted(identity[6], AGE_BANDS, _AGE_TOTALS)
    return whole(identity[7], youngest, oldest), "F" if chance(identity[0], 0.51) else "M"


def _identifier(subject: Subject, part: str, *, category: Category, value: str) -> Identifier:
    return Identifier(f"{subject}.{part}", category, value, subject)


def _birthday(age: int, draw: int) -> date:
    """A date of birth that gives the age on the reference day."""
    first, days = _year_of_birth(age)
    return date.fromordinal(whole(draw, first, first + days))


@lru_cache(maxsize=128)
def _year_of_birth(age: int) -> tuple[int, int]:
    """(ordinal of the first day on which somebody of this age was born, days after it)."""
    birthday = REFERENCE_DATE.replace(year=REFERENCE_DATE.year - age)
    after_last = REFERENCE_DATE.replace(year=REFERENCE_DATE.year - age - 1) + timedelta(days=1)
    return after_last.toordinal(), (birthday - after_last).days


@lru_cache(maxsize=128)
def _age_weight(age: int) -> float:
    """How much rarer or more frequent an age is in the population than in the ``stress`` profile."""
    share, youngest, oldest = next(band for band in AGE_BANDS if band[1] <= age <= band[2])
    return share_of_ages(youngest, oldest) / (share / 100)


def _plain(name: str) -> str:
    """A name as it stands in a mail address: lower-case ASCII letters."""
    if name.isascii() and name.isalpha():
        return name.lower()
    folded = name.translate(str.maketrans("øØłŁ", "oOlL"))
    return "".join(
        char for char in unicodedata.normalize("NFKD", folded).casefold() if char.isascii() and char.isalpha()
    )
