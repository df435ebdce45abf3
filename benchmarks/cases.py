"""Synthetic cases: complete ones to JSON lines beside plain Faker records, processes, memory, near copies, a scan.

The Faker record has 26 fields as a patient record of ours has: names, date of birth, numbers, addresses, contacts,
employer, and a complaint and a history of lorem ipsum. It has no note, no label and no answer. Rounds alternate, so
that a busy machine is busy for both. Seconds are processor time; only processes are timed by the clock.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing import Process
from pathlib import Path

from machine import describe, spread, table

from evalkit.cases.diversity import near_copies
from evalkit.cases.goldset import case_to_json
from evalkit.cases.patients import make_patient
from evalkit.cases.randomness import Stream, stream
from evalkit.cases.scan import scan_file
from evalkit.cases.shards import read_shards
from evalkit.phi.views import leaves
from evalkit.tasks import FAMILIES
from evalkit.tasks.bulk import make_shards, plan_shards

MADE_UP = tuple(name for name, family in FAMILIES.items() if family.make_case is not None)
ROUNDS, RECORDS = 7, 300
NOTE_CHARS = 200
"""A text of the input from this length on is a note."""


def faker_record(weighted: bool) -> Callable[[], bytes]:
    """A maker of one 26-field record as JSON, names by frequency or not."""
    from faker import Faker

    fake = Faker("en_US", use_weighting=weighted)
    fake.seed_instance(7)

    def make() -> bytes:
        record = {
            "first": fake.first_name(), "last": fake.last_name(), "middle": fake.first_name(),
            "dob": fake.date_of_birth().isoformat(), "sex": fake.random_element("MF"), "ssn": fake.ssn(),
            "phone": fake.phone_number(), "fax": fake.phone_number(), "email": fake.email(),
            "street": fake.street_address(), "city": fake.city(), "state": fake.state_abbr(), "zip": fake.zipcode(),
            "mrn": fake.bothify("MRN########"), "account": fake.bothify("AT##########"),
            "member": fake.bothify("ZZT#########"), "npi": fake.numerify("##########"), "provider": fake.name(),
            "facility": fake.company(), "employer": fake.company(), "job": fake.job(), "contact": fake.name(),
            "contact_phone": fake.phone_number(), "seen": fake.date_this_year().isoformat(),
            "complaint": fake.sentence(), "history": fake.paragraph(5),
        }  # fmt: skip
        return json.dumps(record).encode()

    return make


def case_maker(family: str) -> Callable[[], bytes]:
    """A maker of one complete case as a line of JSON: the next index each time."""
    make_case = FAMILIES[family].make_case
    assert make_case is not None
    at = iter(range(10**9))
    return lambda: case_to_json(make_case(7, next(at)))


def patient_maker() -> Callable[[], bytes]:
    """A maker of one patient of 26 fields or more as JSON, all 18 categories: like for like with Faker's record."""
    at = iter(range(10**9))

    def make() -> bytes:
        patient = make_patient(7, next(at))
        more = {"sex": patient.sex, "state": patient.state, "middle": patient.middle, "payer": patient.coverage[0]}
        return json.dumps({**patient.record, **more}).encode()

    return make


def measure_speed() -> None:
    """Records and cases a second, one core."""
    makers = {
        "Faker record, names by frequency (its default)": faker_record(weighted=True),
        "Faker record, `use_weighting=False`": faker_record(weighted=False),
        "patient with all identifiers": patient_maker(),
        **{f"{family} case": case_maker(family) for family in MADE_UP},
    }
    rates: dict[str, list[float]] = {name: [] for name in makers}
    for make in makers.values():
        make()
    for _ in range(ROUNDS):
        for name, make in makers.items():
            start = time.process_time()
            size = sum(len(make()) for _ in range(RECORDS))
            rates[name].append(RECORDS / (time.process_time() - start))
            assert size
    weighted, plain = (sorted(rates[name])[ROUNDS // 2] for name in list(makers)[:2])
    rows = []
    for name, found in rates.items():
        middle = sorted(found)[ROUNDS // 2]
        rows.append([name, spread(found, "/s"), f"{middle / weighted:.2f}", f"{middle / plain:.2f}"])
    print(table(["to JSON, one core", "a second", "x Faker, default", "x Faker, unweighted"], rows))


def measure_floor() -> None:
    """Where the time of a case goes, beside what no way of making it could save: its draws, its text, its JSON."""
    rows = []
    for family in MADE_UP:
        make_case = FAMILIES[family].make_case
        assert make_case is not None
        cases = [make_case(7, index) for index in range(RECORDS)]
        pieces = [
            [piece for leaf in leaves(case.input) for piece in re.split(r"(?<=[.:\n]) ?", leaf.text)] for case in cases
        ]
        chars = sum(len(piece) for listed in pieces for piece in listed) / RECORDS
        blocks = count_blocks(lambda: [make_case(7, index) for index in range(RECORDS)])  # noqa: B023
        one = stream(7, "benchmark")
        parts = [
            micros(lambda: [make_case(7, index) for index in range(RECORDS)]),  # noqa: B023
            micros(lambda: [one.block(index) for index in range(blocks)]),  # noqa: B023
            micros(lambda: ["".join(listed) for listed in pieces]),  # noqa: B023
            micros(lambda: [case_to_json(case) for case in cases]),  # noqa: B023
        ]
        made, drawn, joined, written = parts
        shares = [f"{made + written:.0f} us", f"{(made + written) * 1000 / chars:.0f} ns"]
        rows.append([family, f"{chars:,.0f}", *shares, *(f"{part:.0f} us" for part in (drawn, joined, written))])
    head = ["a case", "characters", "takes", "a character", "its random blocks alone", "joining its text", "its JSON"]
    print(table(head, rows))


def count_blocks(work: Callable[[], object]) -> int:
    """How many blocks of random numbers some work takes."""
    taken = 0
    original = Stream.block

    def counted(self: Stream, index: int, block: int = 0) -> tuple[int, ...]:
        nonlocal taken
        taken += 1
        return original(self, index, block)

    Stream.block = counted  # type: ignore[method-assign]
    try:
        work()
    finally:
        Stream.block = original  # type: ignore[method-assign]
    return taken


def micros(work: Callable[[], object]) -> float:
    """Microseconds of processor time a case, the median of some rounds of `RECORDS` cases."""
    found = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        found.append((time.process_time() - start) / RECORDS * 1e6)
    return sorted(found)[ROUNDS // 2]


def spin(count: int) -> None:
    """Plain work for the processor: what two processes can be at best on this machine."""
    found: dict[int, str] = {}
    for number in range(count):
        found[number & 1023] = str(number)


def ceiling() -> float:
    """How many times the work of one process two do in the same time."""
    start = time.perf_counter()
    spin(8_000_000)
    one = time.perf_counter() - start
    both = [Process(target=spin, args=(8_000_000,)) for _ in range(2)]
    start = time.perf_counter()
    for process in both:
        process.start()
    for process in both:
        process.join()
    return 2 * one / (time.perf_counter() - start)


def measure_processes(count: int) -> None:
    """One process against two, whether the bytes are the same, and what the machine allows.

    By the clock, and in processor time of the busier of the two: what the clock would say on two idle cores.
    """
    script = (
        "import os, sys, time; from pathlib import Path; from evalkit.tasks.bulk import *\n"
        "if __name__ == '__main__':\n"
        f" plan = plan_shards(sys.argv[1], cases={count}, seed=7, shard_size={count // 20})\n"
        " begun = sum(os.times()[:2]); start = time.perf_counter()\n"
        " make_shards(Path(sys.argv[2]), plan, workers=int(sys.argv[3]))\n"
        " spent = os.times(); own, other = spent.user + spent.system, spent.children_user + spent.children_system\n"
        " print(time.perf_counter() - start, max(own - begun, other))\n"
    )
    rows = []
    for family in MADE_UP:
        taken: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
        digests = set()
        for _ in range(3):
            for workers in taken:
                with tempfile.TemporaryDirectory() as folder:
                    file = Path(folder) / "make.py"
                    file.write_text(script)
                    command = [sys.executable, str(file), family, f"{folder}/set", str(workers)]
                    done = subprocess.run(command, capture_output=True, text=True, check=True)
                    clock, busy = map(float, done.stdout.split())
                    taken[workers].append((clock, busy))
                    digests.add(digest_of(Path(folder) / "set"))
        (one, busy_one), (two, busy_two) = (
            [min(part) for part in zip(*found, strict=True)] for found in taken.values()
        )
        best = max(ceiling() for _ in range(3))
        rows.append([
            family, f"{one:.2f} s", f"{two:.2f} s", f"{one / two:.2f}", f"{best:.2f}",
            f"{busy_one:.2f} s, {busy_two:.2f} s, {busy_one / busy_two:.2f}", str(len(digests) == 1),
        ])  # fmt: skip
    head = ["one process", "two", "times as quick", "plain loops", "processor time of the busier", "same bytes"]
    print(table([f"{count:,} cases", *head], rows))


def digest_of(folder: Path) -> str:
    """SHA-256 over names and bytes of the files of a folder."""
    whole = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()


def measure_set(family: str, count: int) -> list[str]:
    """Peak memory of making a set, near copies among some 10,000 of its notes, and a scan of all of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "set"
        make_shards(folder, plan_shards(family, cases=count, seed=7))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        scans = [scan_file(path) for path in sorted(folder.glob("cases-*"))]
        texts = []
        for case in read_shards(folder):
            if len(texts) < 10_000 and not any("copy_forward" in tag for tag in case.tags):
                texts += [leaf.text for leaf in leaves(case.input) if len(leaf.text) >= NOTE_CHARS]
    found = sum(scan.count(strict=True) for scan in scans)
    near = len(near_copies(texts)) / len(texts)
    read = sum(scan.texts for scan in scans)
    return [family, f"{count:,}", f"{peak:.0f} MB", f"{near:.2%} of {len(texts):,}", f"{found} in {read:,} texts"]


def main() -> None:
    """Print every table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="cases of the sets that are made and measured")
    parser.add_argument("--only", choices=["speed", "floor", "processes", "sets"], help="one part")
    chosen = parser.parse_args()
    gc.set_threshold(100_000, 50, 50)  # as the command line does
    print(f"## Synthetic cases\n\n{describe()}\n")
    if chosen.only in {None, "speed"}:
        measure_speed()
        print()
    if chosen.only in {None, "floor"}:
        measure_floor()
        print()
    if chosen.only in {None, "processes"}:
        measure_processes(chosen.cases)
        print()
    if chosen.only in {None, "sets"}:
        head = ["family", "cases", "peak memory", "near copies (>= 0.8)", "identifiers that can belong to somebody"]
        print(table(head, [measure_set(family, chosen.cases) for family in MADE_UP]))


if __name__ == "__main__":
    main()
