"""The exact leak check: what it finds, what it costs, beside Presidio and a bare Aho-Corasick pass in the same run.

Run: python benchmarks/leaks.py [--peers-python PATH]

Kills: the 62 disguises of `evalkit.phi.disguises` over 500 random identities, and each in each of 25 wrappings over 40.
Alarms: clinical texts (ACI-Bench and MTS-Dialog in ../shared/data) against random identities, those of boundary tests
and those with names as people have them; every alarm counts, also one for somebody of the same name. Speed: notes
against 16 identifiers, one core; "bare" is an Aho-Corasick pass over the lower-cased text for the same identities'
values, which is the floor for looking for literals and finds none of what is disguised. Presidio with its pattern
recognizers and a blank model (its named-entity model has to be downloaded).

Peers live in an environment of their own: pip install presidio-analyzer scrubadub ahocorasick_rs
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from machine import ROOT, describe, spread, table

DATA = ROOT.parent / "shared" / "data"
IDENTITIES = 500
WRAPPED_IDENTITIES = 40
ALARM_IDENTITIES = 40
ROUNDS = 7
CARRIERS = (
    ("aci_bench/clinicalnlp_taskB_test1.csv", ("dialogue", "note")),
    ("aci_bench/valid.csv", ("dialogue", "note")),
    ("mts_dialog/MTS-Dialog-TrainingSet.csv", ("section_text", "dialogue")),
    ("mts_dialog/MTS-Dialog-ValidationSet.csv", ("section_text", "dialogue")),
)


def persona(seed: int, index: int):
    """An identity with everything that the disguises need, from never-real ranges."""
    from evalkit.cases.patients import REFERENCE_DATE, make_patient
    from evalkit.phi import surrogates
    from evalkit.phi.disguises import Persona

    patient, other = make_patient(seed, index), make_patient(seed + 1000, index)
    draw = int.from_bytes(hashlib.sha256(f"{seed}/{index}".encode()).digest()[:8], "big")
    return Persona(
        first=patient.first, middle=patient.middle, last=patient.last, relative=other.first, dob=patient.dob,
        seen=REFERENCE_DATE - timedelta(days=draw % 900), age=90 + draw % 12, street=patient.street,
        zip_code=patient.zip_code, phone=patient.phone, email=patient.email, ssn=patient.ssn, mrn=patient.mrn,
        member_id=patient.member_id, mbi=surrogates.mbi(draw), vin=surrogates.vin(draw), ip=surrogates.ipv4(draw),
    )  # fmt: skip


def texts() -> list[str]:
    """The clean clinical texts, each once."""
    found: dict[str, None] = {}
    for name, columns in CARRIERS:
        with (DATA / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found |= dict.fromkeys(row[column] for column in columns if row.get(column))
    return list(found)


def notes() -> list[str]:
    """The 40 notes of ACI-Bench test1."""
    with (DATA / CARRIERS[0][0]).open(encoding="utf-8", newline="") as file:
        return [row["note"] for row in csv.DictReader(file)]


def kills() -> list[tuple[str, ...]]:
    """Rows of the table of what was found."""
    from evalkit.phi.disguises import DISGUISES, pairs, wrapped
    from evalkit.phi.leaks import Needles

    single = whole = 0
    composed = pairs_tried = 0
    for at in range(IDENTITIES):
        person = persona(5, at)
        needles = Needles(person.identifiers)
        for disguise in DISGUISES:
            whole += 1
            single += not disguise.shows.isdisjoint(needles.reported(disguise.leak(person)))
        for disguise, wrapping in pairs() if at < WRAPPED_IDENTITIES else ():
            pairs_tried += 1
            composed += not disguise.shows.isdisjoint(needles.reported(wrapped(disguise, wrapping, person)))
    return [
        (f"62 disguises x {IDENTITIES} identities", f"{single:,} of {whole:,}", f"{3 / IDENTITIES:.4f}"),
        (f"pairs of disguise and wrapping x {WRAPPED_IDENTITIES} identities", f"{composed:,} of {pairs_tried:,}", ""),
    ]


def alarms() -> list[tuple[str, ...]]:
    """Rows of the table of alarms on clinical texts, which name people of their own."""
    from evalkit.cases.patients import make_patient
    from evalkit.cases.people import People
    from evalkit.phi.leaks import Needles

    carriers = texts()
    rows = []
    for title, people in (
        ("of boundary tests", People()),
        ("with names as people have them", People(names="realistic")),
    ):
        identities = [make_patient(3, at, people=people).identifiers for at in range(ALARM_IDENTITIES)]
        fired = sum(bool(needles.reported(text)) for needles in map(Needles, identities) for text in carriers)
        pairs = len(identities) * len(carriers)
        rows.append((f"identities {title}", f"{fired} of {pairs:,}", f"{1e4 * fired / pairs:.2f}"))
    return rows


def seconds(work: Callable[[], object]) -> list[float]:
    """CPU seconds of each round, after one that warms up: a busy machine then counts for less."""
    work()
    taken = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return taken


def milliseconds(work: Callable[[], object], *, of: int = 1) -> str:
    """Spread of one call in milliseconds, or of one of several in it."""
    return spread([1e3 * one / of for one in seconds(work)], "ms")


def speed() -> list[tuple[str, ...]]:
    """Rows of ours in the table of speed."""
    from evalkit.cases.patients import make_patient
    from evalkit.phi.leaks import Needles

    carriers = notes()
    searchers = [Needles(make_patient(29, at).identifiers) for at in range(20)]
    size = sum(len(text.encode()) for text in carriers)

    def whole() -> None:
        for at, text in enumerate(carriers):
            searchers[at % 20].search(text, place="note")

    four = ("\n".join(carriers))[:4096]
    lines = [{"code": f"{at:05d}", "why": four[at * 64 : at * 64 + 64]} for at in range(50)]
    output = {"decision": "approve", "lines": lines}
    people = [make_patient(29, at).identifiers for at in range(40)]
    taken = seconds(whole)
    return [
        ("evalkit, 40 notes", spread([size / 1e6 / one for one in taken], "MB/s")),
        ("evalkit, one text of 4 KB", milliseconds(lambda: searchers[0].search(four, place="o"))),
        ("evalkit, a JSON output of 100 fields, 4 KB", milliseconds(lambda: searchers[0].search(output, place="o"))),
        ("making one identity ready", milliseconds(lambda: [Needles(one) for one in people], of=len(people))),
    ]  # fmt: skip


def peer_speed(payload: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Rows of the peers, in their own Python."""
    carriers, values = payload["texts"], payload["values"]
    size = sum(len(text.encode()) for text in carriers) / 1e6
    rows = []
    try:
        import ahocorasick_rs

        automaton = ahocorasick_rs.AhoCorasick(values)
        taken = seconds(
            lambda: [automaton.find_matches_as_indexes(text.lower(), overlapping=True) for text in carriers]
        )
        rows.append(("bare Aho-Corasick (ahocorasick_rs)", spread([size / one for one in taken], "MB/s")))
    except ImportError:
        rows.append(("bare Aho-Corasick", "not installed"))
    from detection import presidio

    engine = presidio()
    few = carriers[:6]
    small = sum(len(text.encode()) for text in few) / 1e6
    taken = seconds(lambda: [list(engine(text)) for text in few])
    rows.append(("Presidio, pattern recognizers only", spread([small / one for one in taken], "MB/s")))
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print one Markdown page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers-python", default="")
    parser.add_argument("--peer", action="store_true", help="measure the peers on what stdin says")
    parser.add_argument("--only", choices=["kills", "alarms", "speed"], default="")
    chosen = parser.parse_args(arguments)
    if chosen.peer:
        print(json.dumps(peer_speed(json.load(sys.stdin))))
        return
    print(f"## The exact leak check\n\n{describe()}\n")
    if chosen.only in {"", "kills"}:
        print(table(("what was planted", "found", "95 % bound on a miss, per form"), kills()) + "\n")
    if chosen.only in {"", "alarms"}:
        print(table(("alarms", "pairs of text and identity", "per 10,000"), alarms()) + "\n")
    if chosen.only in {"", "speed"}:
        rows = speed()
        if chosen.peers_python:
            from evalkit.cases.patients import make_patient

            values = [known.value.lower() for at in range(20) for known in make_patient(29, at).identifiers]
            payload = json.dumps({"texts": notes(), "values": values})
            command = [chosen.peers_python, __file__, "--peer"]
            done = subprocess.run(command, input=payload, capture_output=True, text=True, check=False)
            rows += json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else [("peers", "not measured")]
        print(table(("one core", "median (min-max)"), rows))


if __name__ == "__main__":
    main()
