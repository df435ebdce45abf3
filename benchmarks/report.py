"""The report of 1,000 cases, and the case browser of 10,000: seconds to make, bytes, and seconds to open in a browser.

Run: python benchmarks/report.py

Two runs are made first (not timed). The report's time is a whole process: `evalkit report` with a baseline, from start
to exit, calibration, history and drift included. The browser's is `browse` and its page in a process that has loaded
the runs. Opening is measured by headless Chromium (navigation to the end of loading), where there is one.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import ROOT, describe

ROUNDS = 5
MAKE = """
import sys
import evalkit as ek
cases = ek.synthesize(ek.load_spec("billing_codes@1.0.0"), n=int(sys.argv[1]), seed=7)
for version in ("1.0.0", "2.0.0"):
    spec = ek.load_spec(f"billing_codes@{version}")
    ek.evaluate(spec, cases, ek.offline_agent(spec))
"""
BROWSE = """
import sys, time
from pathlib import Path
import evalkit as ek
from evalkit.report.casebrowser import browse
cases = ek.synthesize(ek.load_spec("billing_codes@1.0.0"), n=int(sys.argv[1]), seed=7)
before, after = (ek.load_run(f"billing_codes@{version}") for version in ("1.0.0", "2.0.0"))
start = time.perf_counter()
page = browse(after, base=before, cases=cases).page()
print(time.perf_counter() - start)
Path("cases.html").write_text(page, encoding="utf-8")
start = time.perf_counter()
browse(after, base=before, cases=cases)._repr_html_()
print(time.perf_counter() - start)
"""
LOADED = "(() => { const [n] = performance.getEntriesByType('navigation'); return n.loadEventEnd - n.startTime })()"


def row(what: str, taken: list[float], size: int | None, limit: str) -> str:
    """A row of the table: median, range, size and the goal."""
    kilobytes = f"{size / 1024:,.0f}" if size else ""
    return f"| {what} | {statistics.median(taken):.2f} | {min(taken):.2f}-{max(taken):.2f} | {kilobytes} | {limit} |"


def open_pages(folder: Path, pages: list[Path]) -> dict[Path, list[float]]:
    """Seconds to load each page; nothing where there is no Chromium."""
    sys.path.insert(0, str(ROOT))
    from tests.report.browser import find_chromium, launch

    if find_chromium() is None:
        return {}
    taken: dict[Path, list[float]] = {page: [] for page in pages}
    with launch(folder / "profile") as tab:
        for page in pages * (ROUNDS + 1):
            tab.open(page)
            taken[page].append(tab.run(LOADED) / 1000)
    return {page: times[1:] for page, times in taken.items()}


def main() -> None:
    """Make runs of 1,000 and 10,000 cases, then time what people look at."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "EVALKIT_KEYRING": f"{name}/keys/keyring.json"}
        for size in (1_000, 10_000):
            place = {**environment, "EVALKIT_HOME": f"{name}/{size}"}
            subprocess.run([sys.executable, "-c", MAKE, str(size)], cwd=folder, env=place, check=True)
        report, reported = folder / "report.html", []
        command = [sys.executable, "-c", "from evalkit.cli import main; main()", "report", "billing_codes@2.0.0",
                   "--baseline", "billing_codes@1.0.0", "-o", str(report)]  # fmt: skip
        for _ in range(ROUNDS + 1):
            start = time.perf_counter()
            place = {**environment, "EVALKIT_HOME": f"{name}/1000"}
            subprocess.run(command, cwd=folder, env=place, check=True, capture_output=True)
            reported.append(time.perf_counter() - start)
        paged, carded = [], []
        for _ in range(ROUNDS):
            place = {**environment, "EVALKIT_HOME": f"{name}/10000"}
            done = subprocess.run([sys.executable, "-c", BROWSE, "10000"], cwd=folder, env=place, check=True,
                                  capture_output=True, text=True)  # fmt: skip
            page, card = map(float, done.stdout.split())
            paged.append(page)
            carded.append(card)
        cases = folder / "cases.html"
        opened = open_pages(folder, [report, cases])
        print(f"## Report and case browser\n\n{describe()}\n")
        print("| what | median s | min-max | kB | goal |\n|---|---|---|---|---|")
        print(row("`evalkit report`, 1,000 cases, whole process", reported[1:], report.stat().st_size, "3 s, 2,048 kB"))
        print(row("case browser, 10,000 cases: page", paged, cases.stat().st_size, "2 s with opening"))
        print(row("case browser, 10,000 cases: card", carded, None, ""))
        for page, times in opened.items():
            print(row(f"{page.name} opened in Chromium", times, page.stat().st_size, ""))


if __name__ == "__main__":
    main()
