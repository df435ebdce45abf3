"""What faults do to the ledger: kills, random clean ledgers, cuts, flips, failing disks, hostile inputs.

Run: python benchmarks/faults.py [--kills 200] [--stores 10000] [--every 1]

`--kills` ends as many writers with SIGKILL at random moments; `--stores` makes as many small random ledgers and
verifies each. Cuts and flips are at every byte, or every `--every`; failing disks need a Python whose sqlite3 is linked
to a shared library.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count, product
from pathlib import Path
from typing import Any

from machine import ROOT, describe
from vault import PAYLOAD, entry, in_folder, make

from evalkit.errors import EvalkitError, JournalError
from evalkit.vault.entries import Entry
from evalkit.vault.keys import FileKeyring
from evalkit.vault.ledger import Ledger
from evalkit.vault.verification import verify

HERE = Path(__file__).resolve()


def write_until_killed(folder: str) -> None:
    """The killed process: append, and say after each answer how many are acknowledged."""
    place = Path(folder)
    ledger = Ledger.open(place / "ledger.db", keyring=FileKeyring(place / "keys" / "keyring.json"), writable=True)
    people = [
        row[0]
        for row in sqlite3.connect(ledger.path).execute("SELECT subject FROM subject_keys WHERE subject != 'log'")
    ]
    number = ledger.frontier.size
    while True:
        batch = random.choice((1, 3, 20))
        done = ledger.append([entry(number + n, people, b"x" * PAYLOAD) for n in range(batch)])
        number = done.stop
        os.write(1, b"%d\n" % number)


def measure_kills(folder: Path, kills: int) -> dict[str, int]:
    """Kill writers at random moments; count acknowledged records that are gone, and torn transactions."""
    ledger, _ = make(folder, 20)
    ledger.close()
    keyring = FileKeyring(folder / "keys" / "keyring.json")
    lost = alarms = acknowledged = 0
    for _ in range(kills):
        command = [sys.executable, str(HERE), "--write", str(folder)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)})
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(random.uniform(0, 0.03))
        writer.send_signal(signal.SIGKILL)
        lines = writer.stdout.read().split(b"\n")
        writer.wait()
        said = max((int(line) for line in lines[:-1]), default=0)
        seen = verify(folder / "ledger.db", verifiers=keyring.trusted())
        acknowledged = max(acknowledged, said)
        lost += max(0, said - seen.records)
        alarms += not seen.ok
    return {"kills": kills, "acknowledged": acknowledged, "lost": lost, "alarms": alarms}


def measure_stores(folder: Path, stores: int) -> dict[str, int]:
    """Random small ledgers, each verified with its witness and its keyring: how many raise an alarm."""
    from evalkit.vault import retention
    from evalkit.vault.witness import FileWitness

    alarms = 0
    for number in range(stores):
        draw = random.Random(number)
        place = folder / "one"
        place.mkdir()
        keyring = FileKeyring(folder / "keys" / "keyring.json")
        with Ledger.create(place / "ledger.db", keyring=keyring) as ledger:
            ledger.witness = FileWitness(place / "witness.txt")
            for act in draw.choices(
                ("append", "subject", "hold", "shred", "rewrap", "testify"), (8, 3, 1, 1, 1, 1), k=6
            ):
                act_at_random(ledger, act, draw, retention)
        seen = verify(place / "ledger.db", verifiers=keyring.trusted(), keyring=keyring,
                      witness=FileWitness(place / "witness.txt").notes())  # fmt: skip
        alarms += not seen.ok
        for left in place.iterdir():
            left.unlink()
        place.rmdir()
    return {"stores": stores, "alarms": alarms}


def act_at_random(ledger: Ledger, act: str, draw: random.Random, retention: Any) -> None:
    people = [row[0] for row in ledger._connection.execute("SELECT subject FROM subject_keys WHERE subject != 'log'")]
    held = {subject for subject, _ in retention.holds(ledger)}
    if act == "append":
        own = draw.choice(people) if people else ""
        ledger.append([Entry("user:ana", "execute", subject=own, payload=draw.randbytes(draw.randrange(60)))
                       for _ in range(draw.choice((1, 2, 30, 300)) if draw.random() < 0.1 else 3)])  # fmt: skip
    elif act == "subject":
        with ledger.turn() as turn:
            turn.subject(f"person-{draw.randrange(99)}", actor="svc:bench")
    elif act == "hold" and people:
        retention.hold(ledger, draw.choice(people), name="case-1", actor="user:ana")
    elif act == "shred" and set(people) - held:
        retention.shred(ledger, draw.choice(sorted(set(people) - held)), basis="court_order",
                        last_in_effect=lambda _: None, actor="user:ana")  # fmt: skip
    elif act == "rewrap":
        retention.rewrap(ledger, actor="user:ana")
    elif act == "testify":
        ledger.testify()


def small(folder: Path) -> tuple[Path, FileKeyring]:
    """A small ledger: two people, a dozen records with payloads, a hold, a reading."""
    ledger, people = make(folder, 2)
    with ledger:
        ledger.append([entry(n, people, b"canary-%d" % n) for n in range(12)])
        ledger.append([Entry("user:ana", "hold", subject=people[0], target="case-1")])
        ledger.append([Entry("user:ana", "read", subject=people[0], target="seq:3")])
    return ledger.path, FileKeyring(folder / "keys" / "keyring.json")


def measure_cuts(folder: Path, every: int) -> dict[str, int]:
    """Cut the write-ahead log at every byte: what is left must be a whole beginning, signed as it is."""
    ledger, people = make(folder, 1)
    ledger.close()  # all of it is in the file: the log begins with what is appended now
    keyring = FileKeyring(folder / "keys" / "keyring.json")
    ledger = Ledger.open(ledger.path, keyring=keyring, writable=True)
    said = [len(ledger)]
    for n in range(3):
        said.append(ledger.append([entry(n, people, b"canary"), entry(n, people, b"canary")]).stop)
    main, log = ledger.path.read_bytes(), ledger.path.with_name("ledger.db-wal").read_bytes()
    ledger.close()
    place = folder / "cut"
    place.mkdir()
    states, bad = set(), 0
    for length in range(0, len(log) + 1, every):
        for left in place.iterdir():
            left.unlink()
        (place / "ledger.db").write_bytes(main)
        (place / "ledger.db-wal").write_bytes(log[:length])
        with Ledger.open(place / "ledger.db", keyring=keyring, writable=True) as reopened:
            states.add(len(reopened))
        bad += not verify(place / "ledger.db", verifiers=keyring.trusted(), keyring=keyring).ok
    return {"cuts": len(range(0, len(log) + 1, every)), "bad": bad, "states": len(states),
            "torn": len(states - {*said})}  # fmt: skip


def measure_flips(folder: Path, every: int) -> dict[str, int]:
    """Flip a bit of every byte of a small ledger: it is found, or every record and payload reads as before."""
    path, keyring = small(folder)
    whole, before = path.read_bytes(), read_all(path, keyring)
    broken = folder / "broken.db"
    found = silent = harmless = raw = 0
    for place in range(0, len(whole), every):
        body = bytearray(whole)
        body[place] ^= 1 << place % 8
        for left in folder.glob("broken.db*"):
            left.unlink()
        broken.write_bytes(bytes(body))
        try:
            ok = verify(broken, verifiers=keyring.trusted(), keyring=keyring).ok
        except EvalkitError:
            ok = False
        except Exception:  # noqa: BLE001 - what is no clear line is counted
            raw += 1
            continue
        if not ok:
            found += 1
        elif read_all(broken, keyring) == before:
            harmless += 1
        else:
            silent += 1
    return {"flips": found + silent + harmless + raw, "found": found, "harmless": harmless, "silent": silent,
            "tracebacks": raw}  # fmt: skip


def read_all(path: Path, keyring: FileKeyring) -> list[Any]:
    """Every record with its payload."""
    with Ledger.open(path, keyring=keyring) as ledger:
        return [(one, ledger.payload(one.seq) if one.digest else None) for one in ledger.records()]


def measure_disk(folder: Path) -> dict[str, int]:
    """The n-th write or sync fails, alone or with all after it, as full (ENOSPC) or broken (EIO), for every n."""
    spec = importlib.util.spec_from_file_location("failing", ROOT / "tests" / "vault" / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    failing = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(failing)
    shared = failing.find_library()
    if shared is None:
        return {"skipped: Python's sqlite3 is built in": 1}
    counts = dict.fromkeys(("failures", "lost", "torn", "not one clear line"), 0)
    keyring = FileKeyring(folder / "keys" / "keyring.json")
    path = folder / "ledger.db"
    Ledger.create(path, keyring=keyring).close()
    pristine = path.read_bytes()
    with failing.failing_disk(shared) as disk:
        for code, lasting in product((failing.FULL, failing.IOERR_WRITE), (False, True)):
            for fail_at in count(1):
                for left in folder.glob("ledger.db*"):
                    left.unlink()
                path.write_bytes(pristine)
                path.chmod(0o600)
                disk.calls, disk.fail_at, disk.lasting, disk.code = 0, fail_at, lasting, code
                acknowledged, unclear = write_some(path, keyring)
                reached, disk.fail_at = disk.calls >= fail_at, 0
                seen = verify(path, verifiers=keyring.trusted(), keyring=keyring)
                counts["failures"] += reached
                counts["lost"] += not seen.ok or seen.records < acknowledged
                counts["torn"] += seen.records % 3 != 1
                counts["not one clear line"] += unclear
                if not reached:
                    break
    return counts


def write_some(path: Path, keyring: FileKeyring) -> tuple[int, int]:
    """Append until it is enough; records acknowledged, and errors that were no clear line."""
    acknowledged, unclear = 1, 0
    try:
        ledger = Ledger.open(path, keyring=keyring, writable=True)
    except JournalError:
        return acknowledged, 0
    for _ in range(4):
        try:
            acknowledged = ledger.append([Entry("user:ana", "execute", payload=b"canary" * 300)] * 3).stop
        except JournalError as error:
            unclear += "canary" in str(error) or "\n" in str(error)
        except Exception:  # noqa: BLE001 - counted
            unclear += 1
    ledger.close()
    return acknowledged, unclear


def measure_hostile(folder: Path, rounds: int) -> dict[str, Any]:
    """Every hostile input of ``tests/test_hostile.py`` at its door: milliseconds until it is refused."""
    spec = importlib.util.spec_from_file_location("test_hostile", ROOT / "tests" / "test_hostile.py")
    assert spec is not None
    assert spec.loader is not None
    hostile = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hostile)
    hostile.meet(next(iter(hostile.HOSTILE)), folder)
    hostile.billing()  # what a door needs is there before the first guest
    taken, echoed = {}, 0
    for what in hostile.HOSTILE:
        best = float("inf")
        for _ in range(rounds):
            start = time.perf_counter()
            refusal = hostile.meet(what, folder)
            best = min(best, 1000 * (time.perf_counter() - start))
            echoed += hostile.CANARY in str(refusal)
        taken[what] = best
    slowest = max(taken, key=lambda what: taken[what])
    return {"inputs": len(taken), "echoed": echoed, "slowest": slowest, "slowest_ms": taken[slowest],
            "over_100_ms": sum(ms > 100 for ms in taken.values())}  # fmt: skip


def render(found: dict[str, dict[str, Any]]) -> Iterator[str]:
    """A line a part."""
    yield describe()
    for name, counts in found.items():
        parts = (
            f"{what} {counted:,.0f}" if not isinstance(counted, str) else f"{what} {counted}"
            for what, counted in counts.items()
        )
        yield f"{name}: {', '.join(parts)}"


def main() -> None:
    """Every part, or one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="tries of each hostile input")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--stores", type=int, default=10_000)
    parser.add_argument("--every", type=int, default=1, help="cut and flip at every so many bytes")
    parser.add_argument("--only", choices=("kills", "stores", "cuts", "flips", "disk", "hostile"))
    parser.add_argument("--json", action="store_true", dest="as_json")
    parser.add_argument("--write", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.write:
        write_until_killed(given.write)
    parts: dict[str, Callable[[], Any]] = {
        "kills": lambda: in_folder(measure_kills, given.kills),
        "stores": lambda: in_folder(measure_stores, given.stores),
        "cuts": lambda: in_folder(measure_cuts, given.every),
        "flips": lambda: in_folder(measure_flips, given.every),
        "disk": lambda: in_folder(measure_disk),
        "hostile": lambda: in_folder(measure_hostile, given.rounds),
    }
    found = {name: part() for name, part in parts.items() if given.only in {None, name}}
    print(json.dumps({"machine": describe(), **found}, indent=1) if given.as_json else "\n\n".join(render(found)))


if __name__ == "__main__":
    main()
