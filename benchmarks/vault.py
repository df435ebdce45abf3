"""The ledger beside raw sqlite with the same tables, and its verification. What faults do to it is `faults`.

Run: python benchmarks/vault.py [--rounds 15] [--records 200000]

Raw sqlite writes the same rows, made beforehand, into the same tables with the same triggers and durability (WAL,
``synchronous=FULL``), in the way that was quicker for it: ``executemany`` or one statement for all. The ledger seals,
hashes, gathers and signs on top of that. Payloads have 1 KiB; rounds take turns, so that a busy machine is busy for
both.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from machine import ROOT, describe, spread, table

from evalkit.vault.database import connect
from evalkit.vault.entries import Entry
from evalkit.vault.keys import FileKeyring
from evalkit.vault.ledger import SCHEMA, Ledger
from evalkit.vault.verification import verify

HERE = Path(__file__).resolve()
PAYLOAD = 1024
PEOPLE = 500
BATCHES = {1: 200, 100: 4_000}
"""Records of one transaction -> records of one measurement."""
GOALS = {1: 0.75, 100: 0.50}
PARTS = ("appends", "verification")


def entry(number: int, people: list[str], payload: bytes) -> Entry:
    """One execution, as an evaluation records it; neighbours are about different people."""
    return Entry(
        "user:ana", "execute", subject=people[number % len(people)], spec="billing_codes@2.0.0", spec_sha="ab" * 32,
        model="rules/offline@1", agent="rules/offline@1", phi=("date", "free_text", "mrn"),
        target=f"billing_codes-2.0.0-20261124T120000-a1b2c3/case-{number:012d}/0", ended=1_790_000_000_000_000 + number,
        ms=12, payload=payload,
    )  # fmt: skip


def make(folder: Path, people: int = PEOPLE) -> tuple[Ledger, list[str]]:
    """A new ledger that knows some people."""
    keyring = FileKeyring(folder / "keys" / "keyring.json")
    ledger = Ledger.create(folder / "ledger.db", keyring=keyring)
    with ledger.turn() as turn:
        return ledger, [turn.subject(f"person-{n}", actor="svc:bench") for n in range(people)]


def time_ledger(ledger: Ledger, people: list[str], batch: int) -> float:
    """Records a second that the ledger takes in, each batch on disk before the next."""
    count = BATCHES[batch]
    payload = os.urandom(PAYLOAD)
    entries = [entry(n, people, payload) for n in range(count)]
    start = time.perf_counter()
    for place in range(0, count, batch):
        ledger.append(entries[place : place + batch])
    return count / (time.perf_counter() - start)


def rows_of(ledger: Ledger, count: int) -> tuple[list[Any], list[Any]]:
    """The newest rows of a ledger, to be written again as they are."""
    connection = sqlite3.connect(ledger.path)
    try:
        found = [
            connection.execute(f"SELECT * FROM {name} ORDER BY seq DESC LIMIT ?", (count,)).fetchall()[::-1]
            for name in ("records", "payloads")
        ]
    finally:
        connection.close()
    return found[0], found[1]


def time_raw(path: Path, rows: tuple[list[Any], list[Any]], batch: int, *, many: bool) -> float:
    """Records a second that sqlite takes in, by ``executemany`` or by one statement a table."""
    connection = connect(path, writable=True, shared=True)
    try:
        for statement in SCHEMA if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] else ():
            connection.execute(statement)
        (first,) = connection.execute("SELECT coalesce(max(seq) + 1, 0) FROM records").fetchone()
        count = BATCHES[batch]
        records = [(first + n, *rows[0][n % len(rows[0])][1:]) for n in range(count)]
        payloads = [(first + n, rows[1][n % len(rows[1])][1]) for n in range(count)]
        inserts = [
            (f"({', '.join('?' * len(row))})", name)
            for row, name in ((records[0], "records"), (payloads[0], "payloads"))
        ]
        run = connection.execute
        start = time.perf_counter()
        for place in range(0, count, batch):
            run("BEGIN IMMEDIATE")
            for (marks, name), values in zip(inserts, (records, payloads), strict=True):
                page = values[place : place + batch]
                if many:
                    connection.executemany(f"INSERT INTO {name} VALUES {marks}", page)
                else:
                    run(f"INSERT INTO {name} VALUES {', '.join([marks] * len(page))}", tuple(chain.from_iterable(page)))
            run("COMMIT")
        return count / (time.perf_counter() - start)
    finally:
        connection.close()


def measure_appends(folder: Path, rounds: int) -> dict[int, dict[str, list[float]]]:
    """Batch -> system -> records a second, round by round in turn."""
    ledger, people = make(folder)
    ledger.append([entry(n, people, os.urandom(PAYLOAD)) for n in range(1000)])
    rows = rows_of(ledger, 1000)
    figures: dict[int, dict[str, list[float]]] = {
        batch: {"ledger": [], "raw, many": [], "raw, one": []} for batch in BATCHES
    }
    with ledger:
        for _ in range(rounds + 1):
            for batch, found in figures.items():
                found["ledger"].append(time_ledger(ledger, people, batch))
                for name, many in (("raw, many", True), ("raw, one", False)):
                    found[name].append(time_raw(folder / "raw.db", rows, batch, many=many))
    return {batch: {name: values[1:] for name, values in found.items()} for batch, found in figures.items()}


def fill(ledger: Ledger, people: list[str], count: int) -> None:
    payload = os.urandom(PAYLOAD)
    for place in range(0, count, 1000):
        ledger.append([entry(n, people, payload) for n in range(place, min(place + 1000, count))])


def verify_here(path: str, opens: str) -> None:
    """The measured process: verify, and print records a second, and megabytes at the end."""
    keyring = FileKeyring(Path(path).parent / "keys" / "keyring.json")
    start, worked = time.perf_counter(), time.process_time()
    seen = verify(Path(path), verifiers=keyring.trusted(), keyring=keyring if opens == "open" else None)
    seconds, busy = time.perf_counter() - start, time.process_time() - worked
    assert seen.ok, seen
    print(
        json.dumps(
            [seen.records / seconds, seen.records / busy, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]
        )
    )


def measure_verification(folder: Path, count: int, rounds: int) -> dict[str, Any]:
    """Speed and peak memory for a ledger and for one of a tenth of it; time of a proof."""
    found: dict[str, Any] = {}
    for name, size in (("tenth", count // 10), ("whole", count)):
        place = folder / name
        place.mkdir()
        ledger, people = make(place)
        with ledger:
            fill(ledger, people, size)
            taken = []
            for _ in range(20):
                start = time.perf_counter()
                path = ledger.prove(random.randrange(size), ledger.frontier.size)
                taken.append(1000 * (time.perf_counter() - start))
        found[name] = {"records": size, "proof_ms": taken, "hashes": len(path)}
        for opens in ("closed", "open"):
            runs = [
                json.loads(subprocess.run([sys.executable, str(HERE), "--verify", str(place / "ledger.db"), opens],
                                          check=True, capture_output=True, text=True,
                                          env={**os.environ, "PYTHONPATH": str(ROOT)}).stdout)
                for _ in range(rounds)
            ]  # fmt: skip
            found[name][opens] = {
                "speed": [run[0] for run in runs],
                "core": [run[1] for run in runs],
                "megabytes": [run[2] for run in runs],
            }
    return found


def render(found: dict[str, Any], rounds: int) -> Iterator[str]:
    """The figures as Markdown."""
    yield f"{describe()}; payloads of {PAYLOAD} bytes; median (minimum-maximum) of {rounds} rounds."
    rows = []
    for batch, speeds in found["appends"].items():
        # ratios within one round: a disk that is busy is busy for both
        ratio, _ = min(
            (statistics.median(own / raw for own, raw in zip(speeds["ledger"], speeds[name], strict=True)), name)
            for name in ("raw, many", "raw, one")
        )
        rows.append([f"{batch}", *(spread(speeds[name], "/s") for name in ("ledger", "raw, many", "raw, one")),
                     f"{ratio:.2f}", f">= {GOALS[int(batch)]}"])  # fmt: skip
    if rows:
        yield table(["batch", "ledger", "raw, executemany", "raw, one statement", "of the quicker", "goal"], rows)
    rows = []
    for part in found["verification"].values():
        for opens in ("closed", "open"):
            speed, core, memory = (part[opens][what] for what in ("speed", "core", "megabytes"))
            rows.append([f"{part['records']:,}", opens, spread(speed, "/s"), spread(core, "/s"), spread(memory, "MB"),
                         spread(part["proof_ms"], "ms"), f"{part['hashes']}"])  # fmt: skip
    if rows:
        yield table(["records", "payloads", "verified", "a second of one core", "peak memory", "proof", "hashes"], rows)


def in_folder(work: Callable[..., Any], *given: Any) -> Any:
    """Work in a folder of its own beside the current one: on a disk, where ``/tmp`` may be memory."""
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder:
        return work(Path(folder), *given)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--json", action="store_true", dest="as_json")
    parser.add_argument("--verify", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.verify:
        verify_here(*given.verify)
        return
    parts: dict[str, Callable[[], Any]] = {
        "appends": lambda: in_folder(measure_appends, given.rounds),
        "verification": lambda: in_folder(measure_verification, given.records, min(given.rounds, 5)),
    }
    found = {name: part() for name, part in parts.items() if given.only in {None, name}}
    if given.as_json:
        print(json.dumps({"machine": describe(), **found}, indent=1))
        return
    blank = {"appends": {}, "verification": {}}
    print("\n\n".join(render({**blank, **found}, given.rounds)))


if __name__ == "__main__":
    main()
