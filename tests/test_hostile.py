"""Hostile inputs at every door that reads something: each is refused in one line, and nothing of it is echoed.

Every input holds a canary. The error, and the traceback that Python would print of it, hold none of it. How long each
takes is measured in ``benchmarks/vault.py``.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evalkit.cases import goldset
from evalkit.errors import EvalkitError
from evalkit.evaluation.datasets import load_gold
from evalkit.evaluation.runs import load_run
from evalkit.evaluation.workspace import check_name
from evalkit.executions.recorded import import_runs, parse_mapping
from evalkit.promotion.corrections import read_corrections
from evalkit.spec.contract import read_request
from evalkit.spec.schema import Spec
from evalkit.spec.strictjson import strict_json
from evalkit.stats.profile import Profile
from evalkit.tasks import load_spec, read_spec, shipped_root
from evalkit.vault.access import parse_policy
from evalkit.vault.entries import Entry, values_of
from evalkit.vault.keys import FileKeyring
from evalkit.vault.ledger import Ledger
from evalkit.vault.notes import Verifier, parse_note, parse_verifier
from evalkit.vault.proofs import check_proof
from evalkit.vault.witness import FileWitness

CANARY = "zqxj7731canary"
Door = Callable[[Any, Path], Any]


def billing() -> Spec:
    return load_spec(shipped_root() / "specs" / "billing_codes" / "2.0.0.md")


def as_file(read: Callable[[Path], Any], suffix: str = ".db") -> Door:
    """A door that reads a file: its bytes are the input."""

    def door(data: Any, folder: Path) -> Any:
        path = folder / f"input{suffix}"
        path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"))
        path.chmod(0o600)
        return read(path)

    return door


def read_keyring(path: Path) -> Any:
    return FileKeyring(path).keys()


def open_ledger(path: Path) -> Any:
    return Ledger.open(path, keyring=FileKeyring(path.with_name("keys.json")))


def read_csv(path: Path) -> Any:
    return import_runs(
        path,
        columns=parse_mapping("case_id=id,output.note=note,confidence=sure"),
        family="note_summary",
        data_class="deidentified",
    )


def read_gold_line(path: Path) -> Any:
    folder = path.parent / "gold" / "x" / "1"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cases.jsonl").write_bytes(path.read_bytes())
    return goldset.load_gold(path.parent, "x", 1)


DOORS: dict[str, Door] = {
    "request": lambda data, _: read_request(billing(), data),
    "json": lambda data, _: strict_json(data),
    "spec": lambda data, _: read_spec(data, path="x.md"),
    "gold name": lambda data, _: load_gold(data),
    "name": lambda data, _: check_name(data, what="run"),
    "gold": as_file(read_gold_line, ".jsonl"),
    "csv": as_file(read_csv, ".csv"),
    "jsonl": as_file(read_csv, ".jsonl"),
    "run": as_file(lambda path: load_run(str(path))),
    "keyring": as_file(read_keyring, ".json"),
    "ledger": as_file(open_ledger),
    "policy": lambda data, _: parse_policy(data),
    "note": lambda data, _: parse_note(data),
    "proof": lambda data, _: check_proof(data, [Verifier("x", bytes(32))]),
    "vkey": lambda data, _: parse_verifier(data),
    "witness": as_file(lambda path: FileWitness(path).notes(), ".txt"),
    "entry": lambda data, _: values_of(data),
    "corrections": as_file(read_corrections, ".json"),
    "profile": lambda data, _: Profile.from_json(data),
}

OBJECT = {"input": {"note_text": CANARY}, "flags": {}}
SPEC = (shipped_root() / "specs" / "billing_codes" / "2.0.0.md").read_text(encoding="utf-8")
FRONT = SPEC.split("---")[1]
LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{one}: &{one} [{','.join([f'*{before}'] * 9)}]\n" for before, one in zip("abcdefgh", "bcdefghi", strict=True)
)


def spec_with(line: str) -> str:
    return SPEC.replace("id: billing_codes\n", line, 1)


JSON_TEXTS: dict[str, bytes] = {
    "duplicate key": b'{"consent":false,"consent":true,"x":"%b"}',
    "duplicate key after unescaping": b'{"a":"%b","\\u0061":1}',
    "NaN": b'{"x":"%b","n":NaN}',
    "infinity": b'{"x":"%b","n":-Infinity}',
    "overflow": b'{"x":"%b","n":1e400}',
    "a deep nest": b'{"x":"%b","n":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "4,200 digits": b'{"x":"%b","n":' + b"7" * 4_200 + b"}",
    "5,000 digits": b'{"x":"%b","n":' + b"7" * 5_000 + b"}",
    "half a surrogate pair": b'{"x":"%b\\ud800"}',
    "byte order mark": b'\xef\xbb\xbf{"x":"%b"}',
    "no UTF-8": b'{"x":"%b\xff"}',
    "UTF-16": f'{{"x":"{CANARY}"}}'.encode("utf-16"),
    "two documents": b'{"x":"%b"}{"y":1}',
    "garbage behind": b'{"x":"%b"} garbage',
    "empty": b"",
    "an array": b'["%b"]',
    "a string": b'"%b"',
    "a million keys": b'{"x":"%b",' + b",".join(b'"%d":1' % n for n in range(120_000)) + b"}",
    "a single quote": b"{'x':'%b'}",
    "cut off": b'{"x":"%b',
}
HOSTILE: dict[str, tuple[str, Any]] = {
    **{f"json: {what}": ("json", text.replace(b"%b", CANARY.encode())) for what, text in JSON_TEXTS.items()},
    **{f"request: {what}": ("request", text.replace(b"%b", CANARY.encode())) for what, text in JSON_TEXTS.items()},
    **{
        f"request: {what}": ("request", json.dumps({**OBJECT, **odd}).encode())
        for what, odd in {
            "an unknown key": {CANARY: 1},
            "__class__": {"__class__": CANARY},
            "consent as text": {"flags": {"treatment_payment_operations_ack": "yes", "x": CANARY}},
            "consent as 1": {"flags": {"treatment_payment_operations_ack": 1}, "input": {"note_text": CANARY}},
            "a number for text": {"input": {"note_text": 7, "patient_mrn": CANARY}},
            "a forbidden field": {"input": {"ssn": CANARY}},
        }.items()
    },
    "spec: billion laughs": ("spec", f"---\n{LAUGHS}x: {CANARY}\n---\n"),
    "spec: a Python tag": ("spec", spec_with(f"id: !!python/object/apply:os.system [{CANARY}]\n")),
    "spec: duplicate key": ("spec", spec_with(f"id: {CANARY}\nid: billing_codes\n")),
    "spec: recursive anchor": ("spec", spec_with(f"id: &a [*a, {CANARY}]\n")),
    "spec: Norway": ("spec", spec_with(f"id: NO\nx: {CANARY}\n")),
    "spec: ten thousand deep": ("spec", spec_with("id: " + "[" * 10_000 + CANARY + "]" * 10_000 + "\n")),
    "spec: several documents": ("spec", f"---\n{FRONT}\n---\n---\nx: {CANARY}\n---\n---\n"),
    "spec: merge key": ("spec", spec_with(f"<<: {{id: {CANARY}}}\n")),
    "spec: tabs": ("spec", spec_with(f"id:\t\t- {CANARY}\n\t- x\n")),
    "spec: bidi override": ("spec", spec_with(f"id: \u202e{CANARY}\n")),
    "spec: a look-alike id": ("spec", spec_with(f"id: billing_c\u043edes_{CANARY}\n")),
    "spec: nothing": ("spec", CANARY),
    **{
        f"name: {text[:20]!r}": (door, text)
        for door in ("name", "gold name")
        for text in (
            f"../../{CANARY}", f"/etc/{CANARY}", f"..\\{CANARY}", f"C:{CANARY}", f"{CANARY}\0", f".{CANARY}", f"{CANARY}/",
            CANARY * 40, f"{CANARY}\r\nINFO fake", f"{CANARY}\x1b[31m", f"\u202e{CANARY}", f"{CANARY}\u0430", f"{CANARY} ",
        )
    },
    "gold: other bytes": ("gold", f'{{"case_id":"{CANARY}"}}\n'),
    "gold: a pickle": ("gold", b"\x80\x04\x95" + CANARY.encode() + b"\x94."),
    "gold: gzip": ("gold", gzip.compress(CANARY.encode() * 100)),
    "csv: a field without end": ("csv", f'id,note,sure\nv,"{CANARY}' + "x" * 200_000),
    "csv: NUL": ("csv", f"id,note,sure\nv,{CANARY}\0,0.5\n"),
    "csv: ragged": ("csv", f"id,note,sure\nv,{CANARY}\n"),
    "csv: duplicate header": ("csv", f"id,note,note,sure\nv,{CANARY},x,0.5\n"),
    "csv: a hundred thousand columns": ("csv", ",".join(f"c{n}" for n in range(100_000)) + f"\n{CANARY}\n"),
    "csv: a number that is none": ("csv", f"id,note,sure\nv,x,{CANARY}\n"),
    "csv: digits of another script": ("csv", f"id,note,sure\nv,{CANARY},\u0661\n"),
    "csv: an id with a line break": ("csv", f'id,note,sure\n"v\n{CANARY}",x,0.5\n'),
    "csv: UTF-16": ("csv", f"id,note,sure\nv,{CANARY},0.5\n".encode("utf-16")),
    "jsonl: a deep nest": ("jsonl", f'{{"id":"{CANARY}","note":' + "[" * 50_000 + "]" * 50_000 + "}"),
    "jsonl: duplicate key": ("jsonl", f'{{"id":"v","id":"{CANARY}","note":"x","sure":0.5}}\n'),
    "run: no database": ("run", CANARY),
    "run: a header and no more": ("run", b"SQLite format 3\0" + CANARY.encode()),
    "ledger: no database": ("ledger", CANARY * 500),
    "ledger: a header and no more": ("ledger", b"SQLite format 3\0" + CANARY.encode() * 500),
    **{
        f"keyring: {what}": ("keyring", text)
        for what, text in {
            "empty": "",
            "a deep nest": f'{{"format":"{CANARY}","keys":' + "[" * 100_000,
            "another format": f'{{"format":"{CANARY}","keys":[]}}',
            "no primary": json.dumps({"format": "evalkit-keyring/1", "keys": [{"id": "00" * 8, "state": "enabled", "secret": base64.b64encode(CANARY.encode()).decode()}]}),
            "short secret": json.dumps({"format": "evalkit-keyring/1", "keys": [{"id": "00" * 8, "state": "primary", "secret": base64.b64encode(CANARY.encode()).decode()}]}),
            "no text": b"\xff\xfe" + CANARY.encode(),
        }.items()
    },
    "policy: duplicate key": ("policy", f'[{{"role":"x","role":"{CANARY}"}}]'.encode()),
    "policy: a deep nest": ("policy", b"[" * 100_000 + CANARY.encode()),
    "policy: an unknown deed": ("policy", json.dumps([{"role": "x", "deeds": [CANARY], "categories": [], "why": "y"}]).encode()),
    "note: control characters": ("note", f"{CANARY}\x1b[31m\n1\nx\n\n\N{EM DASH} x AAAA\n"),
    "note: endless": ("note", CANARY * 100_000),
    "proof: endless": ("proof", f"c2sp.org/tlog-proof@v1\nextra {CANARY}\n" + "AAAA\n" * 100_000),
    "proof: no base64": ("proof", f"c2sp.org/tlog-proof@v1\nextra {CANARY}!\nindex 1\n\nx\n1\ny\n\n\N{EM DASH} x AAAA\n"),
    "vkey: another algorithm": ("vkey", f"{CANARY}+00000000+{base64.b64encode(bytes(33)).decode()}"),
    "witness: no text": ("witness", b"\xff" + CANARY.encode()),
    "entry: an actor with a line break": ("entry", Entry(f"user:{CANARY}\nx", "execute")),
    "entry: a look-alike actor": ("entry", Entry(f"user:{CANARY}\u0430", "execute")),
    "entry: a target with a space": ("entry", Entry("user:x", "execute", target=f"{CANARY} x")),
    "corrections: one execution twice": ("corrections", f'{{"{CANARY}": {{}}, "{CANARY}": "NO_CONSENT"}}'),
    "corrections: a deep nest": ("corrections", f'{{"{CANARY}": ' + "[" * 100_000),
    "corrections: no text": ("corrections", b"\xff\xfe" + CANARY.encode()),
    "corrections: a list": ("corrections", f'["{CANARY}"]'),
    "corrections: a number": ("corrections", f'{{"{CANARY}": 1e400}}'),
    "corrections: endless": ("corrections", f'{{"{CANARY}": "' + "x" * 2_000_000 + '"}'),
    "profile: a deep nest": ("profile", f'{{"{CANARY}": ' + "[" * 100_000),
    "profile: an endless number": ("profile", f'{{"{CANARY}": ' + "9" * 5_000 + "}"),
    "profile: counts that no machine holds": (
        "profile", '{"format":1,"about":{},"columns":{"x":{"groups":[0],"counts":[' + "9" * 40 + f'],"names":[["{CANARY}"]],"missing":0}}}}}}'
    ),
    "entry: a target with a bidi override": ("entry", Entry("user:x", "execute", target=f"{CANARY}\u202e")),
}  # fmt: skip


def meet(what: str, folder: Path) -> EvalkitError | None:
    """Bring an input to its door: the refusal, or None where it was let in."""
    door, data = HOSTILE[what]
    try:
        DOORS[door](data, folder)
    except EvalkitError as refusal:
        return refusal
    return None


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_input_is_refused_in_one_line_and_nothing_of_it_is_echoed(what: str, workspace: Path) -> None:
    refusal = meet(what, workspace.parent)
    if refusal is None and HOSTILE[what][0] == "request":
        pytest.skip("a refusal of the contract comes as an answer")
    assert refusal is not None
    line = str(refusal)
    assert CANARY not in line
    assert CANARY not in "".join(traceback.format_exception(refusal))
    assert "\n" not in line
    assert len(line) < 1000


@pytest.mark.parametrize("kind", ["fifo", "device", "folder", "loop"])
@pytest.mark.parametrize("door", ["keyring", "ledger", "run"])
def test_what_is_no_plain_file_is_refused_and_not_waited_for(workspace: Path, kind: str, door: str) -> None:
    path = workspace.parent / "odd.db"
    if kind == "fifo":
        os.mkfifo(path, 0o600)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir(0o700)
    else:
        path.symlink_to(path)
    read = {"keyring": read_keyring, "ledger": open_ledger, "run": lambda one: load_run(str(one))}[door]
    with pytest.raises(EvalkitError):
        read(path)
