"""How alike 10,000 billing notes are: near copies by an exact search, and the nearest neighbour of every thousandth."""

from __future__ import annotations

import statistics

from evalkit.cases.diversity import NEAR, near_copies, nearest_similarities
from evalkit.tasks.billing_codes.scenarios import make_case

NOTES, LOOKED_AT = 10_000, 1_000


def main() -> None:
    """One Markdown table."""
    cases = [make_case(7, index) for index in range(NOTES)]
    notes = [case.input["note_text"] for case in cases if "edge:copied_forward" not in case.tags]
    copies = near_copies(notes)
    nearest = nearest_similarities(notes[:LOOKED_AT])
    lengths = sorted(len(note) for note in notes)
    print("| figure | value |\n|---|---|")
    print(f"| notes, those with a passage copied on purpose left out | {len(notes):,} |")
    print(f"| with another note of similarity {NEAR} or more | {len(copies)} ({len(copies) / len(notes):.2%}) |")
    middle, most = statistics.median(nearest), max(nearest)
    print(f"| similarity to the nearest of {LOOKED_AT:,}: median, highest | {middle:.2f}, {most:.2f} |")
    print(f"| characters: shortest, median, longest | {lengths[0]}, {statistics.median(lengths):.0f}, {lengths[-1]} |")


if __name__ == "__main__":
    main()
