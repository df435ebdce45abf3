"""Judging notes: which planted errors are found, at how many false alarms, and how long a thousand notes take.

One error at a random place of a right note, twelve kinds. Made up visits: the damaged note, and the right one in other
words than the reference, are held against the facts of the visit. Visits of ACI-Bench (where ../shared/data has them):
facts are what the reader finds in the clinician's note, so that only misses count; a right note cannot alarm.

python benchmarks/notes.py [--visits N]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

from evalkit.cases.corpora import read_aci_bench
from evalkit.cases.randomness import stream
from evalkit.figures import rate, rate_interval
from evalkit.stats.intervals import wilson
from evalkit.tasks.note_summary.factmetrics import facts_of
from evalkit.tasks.note_summary.judging import Known, judge
from evalkit.tasks.note_summary.planting import KINDS, plant, shows
from evalkit.tasks.note_summary.scenarios import make_case
from evalkit.tasks.note_summary.statements import read_statements
from evalkit.tasks.note_summary.visits import make_visit
from evalkit.tasks.note_summary.writeups import write_note

ACI_BENCH = Path(__file__).resolve().parents[2] / "shared" / "data" / "aci_bench"
SEED = 11


def main() -> None:
    """Two tables and the speed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=1000)
    visits = parser.parse_args().visits
    print(f"Planted errors, {visits} made up visits; 95 % Wilson intervals\n")
    tabulate(list(made_up(visits)))
    if (ACI_BENCH / "clinicalnlp_taskB_test1.csv").exists():
        print("\nThe same in the clinicians' notes of ACI-Bench (test1), facts read from the right note\n")
        gold = read_aci_bench(ACI_BENCH)
        tabulate([(str(case.gold["note"]), facts_of(case)) for case in gold])
    else:
        print("\nACI-Bench: not there")
    speed(visits)


def made_up(visits: int) -> Iterator[tuple[str, tuple[Known, ...]]]:
    """Right notes in words drawn anew, with the facts of their visits."""
    for index in range(visits):
        case = make_case(SEED, index)
        if case.refusal is None:
            yield write_note(make_visit(SEED, index), stream(SEED, "planting.words").at(index)), facts_of(case)


def tabulate(notes: list[tuple[str, tuple[Known, ...]]]) -> None:
    """A line for each kind of error."""
    print("| error | planted | found | | false alarms | |\n|---|---|---|---|---|---|")
    for kind in KINDS:
        planted = found = alarms = 0
        for place, (note, facts) in enumerate(notes):
            alarms += shows(kind, note, facts)
            damaged = plant(kind, note, stream(SEED, f"planting.{kind}").at(place))
            if damaged is not None:
                planted += 1
                found += shows(kind, damaged, facts)
        print(f"| {kind} | {planted} | {share(found, planted)} | {share(alarms, len(notes))} |")


def share(hits: int, of: int) -> str:
    """``99.1 % | 98.2 to 99.6 %``."""
    if not of:
        return "- | "
    low, high = wilson(hits, of)
    return f"{rate(hits / of)} | {rate_interval(low, high)}"


def speed(visits: int) -> None:
    """Reading and judging notes beside their dialogues, each text once."""
    cases = [case for case in (make_case(SEED + 1, index) for index in range(visits)) if case.refusal is None]
    begun = time.process_time()
    for case in cases:
        read_statements.__wrapped__(str(case.input["dialogue"]))
        judge(read_statements.__wrapped__(str(case.gold["note"])), facts_of(case))
    spent = time.process_time() - begun
    size = sum(len(str(case.input["dialogue"])) + len(str(case.gold["note"])) for case in cases)
    print(f"\n{len(cases)} note and dialogue pairs in {spent:.2f} s of processor time, {size / spent / 1e6:.1f} MB/s")


if __name__ == "__main__":
    main()
