"""Leaks as systems really make them: carriers (logs, URLs, tables, messages) around values, and stacked encodings.

Over identities that no other test uses.
"""

from __future__ import annotations

import base64
import codecs
import gzip
import hashlib
import json
import urllib.parse
import zlib
from itertools import product

import pytest

from evalkit.cases.patients import make_patient
from evalkit.phi.leaks import find_leaks

IDENTITIES = 5
NAMED = {"patient.name", "patient.first", "patient.last"}


def _b64(text):
    return base64.b64encode(text.encode()).decode()


CARRIERS = {
    "traceback": lambda v: f'File "/srv/app/run.py", line 88, in load\n    raise KeyError("{v}")\nKeyError: "{v}"',
    "log line": lambda v: f"2026-05-02T14:07:59Z INFO req=019c2d7a user={v} status=200 ms=13",
    "logfmt quoted": lambda v: f'level=info msg="lookup of {v!r} done" n=2',
    "URL query": lambda v: "GET /v1/find?q=" + urllib.parse.quote_plus(v) + "&page=2 HTTP/1.1",
    "URL path, twice encoded": lambda v: "/v1/p/" + urllib.parse.quote(urllib.parse.quote(v)),
    "header": lambda v: f"X-Debug-Subject: {v}\r\nAccept: */*",
    "cookie": lambda v: "Set-Cookie: s=" + base64.urlsafe_b64encode(v.encode()).decode() + "; Path=/",
    "basic auth": lambda v: "Authorization: Basic " + _b64(f"{v}:secret"),
    "token": lambda v: "Bearer eyJhbGciOiJub25lIn0." + _b64(json.dumps({"sub": v})).rstrip("=") + ".",
    "SQL": lambda v: f"SELECT * FROM visits WHERE who = '{v}' AND open = 1",
    "CSV row": lambda v: f'17,"{v}",2024-01-05,open',
    "Markdown table": lambda v: f"| id | who |\n|---|---|\n| 1 | **{v}** |",
    "HTML": lambda v: f"<td data-x='1'>{v}</td><!-- {v} -->",
    "XML": lambda v: f"<p><who use='official'>{v}</who></p>",
    "YAML": lambda v: f"subject:\n  - who: {v}\n    open: true",
    "HL7 segment": lambda v: f"PID|1||X^^^A||{v}||||||",
    "nested object": lambda v: {"a": [{"b": {"c": [[v]]}}]},
    "JSON in JSON in JSON": lambda v: {"x": json.dumps({"y": json.dumps({"z": v})})},
    "key": lambda v: {"seen": {v: {"n": 1}}},
    "tool call": lambda v: {"tool": "search", "arguments": json.dumps({"query": f"history of {v}"})},
    "end of a long text": lambda v: "The knee was examined. " * 300 + v,
    "between newlines": lambda v: f"note\n\n{v}\n\nend",
    "in brackets": lambda v: f"({v})[{v}]{{{v}}}",
    "after an emoji": lambda v: f"🙂{v}🙂",
    "bytes": lambda v: {"raw": v.encode()},
    "tuple": lambda v: ("x", (v,)),
}

TURNS = {
    "as it is": lambda v: v,
    "upper case": str.upper,
    "lower case": str.lower,
    "zero-width joined": lambda v: "\u200d".join(v),
    "underscores": lambda v: v.replace(" ", "_").replace("-", "_"),
    "dots": lambda v: v.replace(" ", ".").replace("-", "."),
    "doubled spaces": lambda v: v.replace(" ", "   ").replace("-", " - "),
}

STACKS = {
    "base64 of base64": lambda v: _b64(_b64(v)),
    "hex of hex": lambda v: v.encode().hex().encode().hex(),
    "percent of entities": lambda v: urllib.parse.quote("".join(f"&#{ord(char)};" for char in v)),
    "base64 of percent": lambda v: _b64(urllib.parse.quote(v)),
    "base64 of zlib": lambda v: _b64_bytes(zlib.compress(f"record of {v} and more".encode())),
    "hex of gzip": lambda v: gzip.compress(f"record of {v} and more".encode(), mtime=0).hex(),
    "base64 of upper case": lambda v: _b64(v.upper()),
    "base64 amid a path": lambda v: f"/cache/{base64.urlsafe_b64encode(v.encode()).decode()}/page",
    "base64 after letters": lambda v: f"id{_b64('--' + v)}",
    "escaped JSON of base64": lambda v: json.dumps({"t": _b64(v)}).replace("=", "\\u003d"),
    "base64 of a JSON record": lambda v: _b64(json.dumps({"name": v, "n": 3}, ensure_ascii=False)),
}


def _b64_bytes(raw):
    return base64.b64encode(raw).decode()


def _patients():
    plain = (make_patient(31, index) for index in range(IDENTITIES * 3))
    return [patient for patient in plain if patient.name.isascii()][:IDENTITIES]


PATIENTS = _patients()


@pytest.mark.parametrize(("carrier", "turn"), list(product(CARRIERS, TURNS)))
def test_a_name_is_found_in_every_carrier(carrier, turn):
    for patient in PATIENTS:
        leaks = find_leaks(patient.identifiers, CARRIERS[carrier](TURNS[turn](patient.name)), place="o")
        assert {leak.needle_id for leak in leaks} & NAMED, patient.index


@pytest.mark.parametrize(("carrier", "turn"), list(product(CARRIERS, TURNS)))
def test_a_social_security_number_is_found_in_every_carrier(carrier, turn):
    for patient in PATIENTS:
        leaks = find_leaks(patient.identifiers, CARRIERS[carrier](TURNS[turn](patient.ssn)), place="o")
        assert "patient.ssn" in {leak.needle_id for leak in leaks}, patient.index


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("part", ["mrn", "member_id", "phone", "email", "street"])
def test_other_identifiers_are_found_in_every_carrier(carrier, part):
    for patient in PATIENTS:
        leaks = find_leaks(patient.identifiers, CARRIERS[carrier](getattr(patient, part)), place="o")
        assert f"patient.{part}" in {leak.needle_id for leak in leaks}, patient.index


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("part", ["name", "ssn", "mrn", "email"])
def test_a_value_is_found_under_stacked_encodings(stack, part):
    for patient in PATIENTS:
        leaks = find_leaks(patient.identifiers, STACKS[stack](getattr(patient, part)), place="o")
        assert f"patient.{part}" in {leak.needle_id for leak in leaks}, patient.index


def test_a_name_in_rot13_is_found_in_a_sentence():
    for patient in PATIENTS:
        text = f"the code {codecs.encode(patient.name, 'rot13')} was used"
        leaks = find_leaks(patient.identifiers, text, place="o")
        assert ("patient.name", "rot13:words") in {(leak.needle_id, leak.form) for leak in leaks}, patient.index


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("part", ["name", "ssn", "mrn", "email", "phone"])
@pytest.mark.parametrize(
    "carry", [lambda h: f"subject-{h}", lambda h: {"id": h}, lambda h: {h: 1}, lambda h: f"/p/{h}/x"]
)
def test_an_unsalted_hash_is_no_pseudonym(algorithm, part, carry):
    for patient in PATIENTS:
        pseudonym = hashlib.new(algorithm, getattr(patient, part).encode()).hexdigest()
        leaks = find_leaks(patient.identifiers, carry(pseudonym), place="o")
        assert (f"patient.{part}", algorithm) in {(leak.needle_id, leak.form) for leak in leaks}, patient.index


@pytest.mark.parametrize("carrier", CARRIERS)
def test_no_leak_shows_the_value_that_it_reports(carrier):
    for patient in PATIENTS:
        for known in patient.identifiers:
            leaks = find_leaks((known,), CARRIERS[carrier](known.value), place="o")
            assert not any(known.value in str(leak) or known.value.lower() in str(leak) for leak in leaks)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_the_identifiers_of_another_patient_are_not_reported(carrier):
    """A random string of the right kind in the same carrier: the carrier alone never fires."""
    for patient in PATIENTS:
        leaks = find_leaks(patient.identifiers, CARRIERS[carrier]("Zebulon Quackenbos 901-12-0007"), place="o")
        assert leaks == ()
