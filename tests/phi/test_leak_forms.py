"""Every supported way to leak, each over many identities: one missed identity fails the form."""

from __future__ import annotations

import base64
import codecs
import gzip
import hashlib
import json
import unicodedata
import urllib.parse
from datetime import UTC, date, datetime

import pytest

from evalkit.cases.patients import Patient, make_patient
from evalkit.phi.leaks import find_leaks

IDENTITIES = 12


def _digits(text):
    return "".join(char for char in text if char.isdigit())


def _say(text, names=("oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")):
    return " ".join(names[int(char)] for char in _digits(text))


def _lookalike(text):
    return text.translate(str.maketrans("aeopcxAEOPCX", "аеорсхАЕОРСХ"))


def _b64(text):
    return base64.b64encode(text.encode()).decode()


def _words(day: date):
    return f"{day:%B} {day.day}, {day.year}"


def _escaped(text):
    return "".join(f"\\u{ord(char):04x}" for char in text)


def _epoch(day: date):
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


NAME = {
    "verbatim": lambda p: f"Patient {p.name}.",
    "last comma first, upper case": lambda p: f"Re: {p.last.upper()}, {p.first.upper()} {p.middle}",
    "middle initial": lambda p: f"{p.first} {p.middle}. {p.last} was seen",
    "initial and last": lambda p: f"{p.first[0]}. {p.last} tolerated it",
    "last name, possessive": lambda p: f"Ms. {p.last}'s imaging",
    "first name only": lambda p: f"{p.first} has failed six weeks of therapy",
    "decomposed accents": lambda p: unicodedata.normalize("NFD", p.name),
    "accents added": lambda p: p.name.replace("a", "á").replace("o", "ö"),
    "look-alike letters": lambda p: _lookalike(p.name),
    "zero-width and soft hyphen": lambda p: "\u200b".join(p.first) + " " + "\xad".join(p.last),
    "full width": lambda p: "".join(chr(ord(c) + 0xFEE0) if 33 <= ord(c) < 127 else c for c in p.name),
    "mathematical letters": lambda p: "".join(chr(0x1D41A + ord(c) - 97) if "a" <= c <= "z" else c for c in p.name),
    "letter by letter": lambda p: "Name: " + " ".join(c for c in p.last if c.isalpha()),
    "snake case": lambda p: f"case_key={p.first}_{p.last}_lumbar".lower(),
    "camel case": lambda p: f"case{p.first}{p.last}Lumbar",
    "leet": lambda p: "Patient " + p.name.lower().translate(str.maketrans("aeio", "4310")),
    "reversed": lambda p: p.name[::-1],
    "rot13": lambda p: codecs.encode(_ascii(p.name), "rot13"),
    "acrostic": lambda p: "\n".join(f"- {char}elpful criterion" for char in p.last if char.isalpha()),
    "handle": lambda p: f"see /u/{p.first[0]}{p.last}47".lower(),
    "path": lambda p: f"FileNotFoundError: /uploads/{p.last}_{p.first}_1947.pdf".lower(),
    "key": lambda p: {p.name: True},
    "two fields": lambda p: {"g": p.first, "s": p.last},
    "half and half": lambda p: {"a": f"x {p.last[:4]}", "b": f"{p.last[4:]} y"} if len(p.last) > 8 else p.last,
    "JSON escapes": lambda p: '{"n":"' + _escaped(p.name) + '"}',
    "JSON in JSON": lambda p: {"blob": json.dumps(json.dumps({"n": p.name}))},
    "base64": lambda p: f"trace {_b64(p.name)}",
    "base64url without padding": lambda p: base64.urlsafe_b64encode(f"{p.name}|x".encode()).decode().rstrip("="),
    "base32": lambda p: f"trace {base64.b32encode(p.name.encode()).decode()}",
    "hex": lambda p: f"trace {p.name.encode().hex()}",
    "hex of base64": lambda p: _b64(p.name).encode().hex(),
    "base64 of hex": lambda p: _b64(p.name.encode().hex()),
    "percent": lambda p: "https://x.example/?q=" + urllib.parse.quote(p.name).replace("a", "%61"),
    "entities": lambda p: "".join(f"&#{ord(char)};" for char in p.name),
    "hex entities": lambda p: "".join(f"&#x{ord(char):x};" for char in p.name),
    "quoted printable": lambda p: "".join(f"={byte:02X}" for byte in p.name.encode()),
    "gzip and base64": lambda p: base64.b64encode(gzip.compress(f"{p.name} of the record".encode())).decode(),
    "character codes": lambda p: {"trace": [ord(char) for char in p.name]},
    "letters as a list": lambda p: list(p.name),
    "inside markup": lambda p: f"<b>{p.first}</b> <i>{p.last}</i>",
}

NUMBER = {
    "verbatim": lambda v: f"ID {v}",
    "without separators": lambda v: f"ref {''.join(c for c in v if c.isalnum())}",
    "odd separators": lambda v: "ref " + " / ".join(_digits(v)),
    "spaced": lambda v: "ref " + " ".join(_digits(v)),
    "full width digits": lambda v: "ref " + "".join(chr(0xFF10 + int(c)) for c in _digits(v)),
    "Arabic digits": lambda v: "ref " + "".join(chr(0x660 + int(c)) for c in _digits(v)),
    "spoken": lambda v: f"ref {_say(v)}",
    "spoken as zero": lambda v: f"ref {_say(v).replace('oh', 'zero')}",
    "reversed": lambda v: f"ref {_digits(v)[::-1]}",
    "inside a token": lambda v: f"acc# LUM{_digits(v)}A",
    "as a number": lambda v: {"x": float(_digits(v))},
    "as an integer": lambda v: {"x": int(_digits(v))},
    "three fields": lambda v: {"a": _digits(v)[:3], "b": _digits(v)[3:6], "c": _digits(v)[6:]},
    "as keys": lambda v: {_digits(v): 1},
    "hex": lambda v: f"trace {_digits(v).encode().hex()}",
    "base64": lambda v: f"trace {_b64(v)}",
    "base32": lambda v: f"trace {base64.b32encode(_digits(v).encode()).decode()}",
    "sha256": lambda v: f"subject {hashlib.sha256(v.encode()).hexdigest()}",
    "sha1 of the digits": lambda v: f"subject {hashlib.sha1(_digits(v).encode()).hexdigest()}",
    "md5, upper case": lambda v: f"subject {hashlib.md5(v.encode()).hexdigest().upper()}",
    "sha256, cut to 16": lambda v: f"subject {hashlib.sha256(v.encode()).hexdigest()[:16]}",
    "sha256 in base64": lambda v: base64.b64encode(hashlib.sha256(v.encode()).digest()).decode(),
}

DATE = {
    "ISO": lambda d: f"born {d.isoformat()}",
    "US": lambda d: f"DOB {d:%m/%d/%Y}",
    "US short": lambda d: f"DOB {d.month}/{d.day}/{d:%y}",
    "German": lambda d: f"seen {d:%d.%m.%Y}",
    "day month year": lambda d: f"born {d.day} {d:%b} {d.year}",
    "in words": lambda d: f"born {_words(d)}",
    "ordinal": lambda d: f"on the {d.day}th of {d:%B}, {d.year}",
    "compact": lambda d: f"PID|{d:%Y%m%d}|F",
    "HL7 time": lambda d: f"{d:%Y%m%d}093122",
    "ISO time": lambda d: f"{d.isoformat()}T00:00:00Z",
    "three fields": lambda d: {"year": d.year, "month": d.month, "day": d.day},
    "upper case month": lambda d: f"{d:%d-%b-%Y}".upper(),
    "two-digit year with apostrophe": lambda d: f"{d:%b} {d.day} '{d:%y}",
}


def _ascii(text):
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _missed(needle_ids, leak_from):
    """Indices of identities whose leak nobody saw."""
    missed = []
    for index in range(IDENTITIES):
        patient = make_patient(11, index)
        leaks = find_leaks(patient.identifiers, leak_from(patient), place="output")
        if not {leak.needle_id for leak in leaks} & needle_ids:
            missed.append(index)
    return missed


@pytest.mark.parametrize("form", NAME)
def test_a_name_is_found_in_every_form(form):
    def leak(patient: Patient):
        return NAME[form](patient)

    assert _missed({"patient.name", "patient.first", "patient.last"}, leak) == []


@pytest.mark.parametrize("form", NUMBER)
@pytest.mark.parametrize("part", ["ssn", "phone", "mrn", "member_id"])
def test_a_number_is_found_in_every_form(part, form):
    assert _missed({f"patient.{part}"}, lambda patient: NUMBER[form](getattr(patient, part))) == []


@pytest.mark.parametrize("form", DATE)
def test_a_date_is_found_in_every_form(form):
    assert _missed({"patient.dob"}, lambda patient: DATE[form](patient.dob)) == []


def test_a_date_as_seconds_since_1970_is_found():
    patient = next(p for p in (make_patient(11, i) for i in range(99)) if abs(_epoch(p.dob)) > 10**8)
    leaks = find_leaks(patient.identifiers, {"ts": _epoch(patient.dob)}, place="output")
    assert [leak.form for leak in leaks] == ["epoch"]


@pytest.mark.parametrize(
    ("shown", "form"),
    [("March ninth, nineteen forty-seven", "date"), ("the ninth of March nineteen hundred and forty seven", "date")],
)
def test_a_date_in_number_words_is_found(shown, form, one_date):
    assert [leak.form for leak in find_leaks(one_date(date(1947, 3, 9)), f"born {shown}", place="o")] == [form]
