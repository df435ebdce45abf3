"""Detection of unknown identifiers: recall, precision and speed beside Presidio and scrubadub, in one run.

Run: python benchmarks/detection.py [--peers-python PATH]

Two held-out sets: the odd rows of the public labelled sentences (../shared/data/phi_labelled; rules were tuned on the
even ones) and notes planted from the even ones of the 24 templates below (tuned on the odd ones). Characters count,
white space apart; a character is found if any engine's finding covers it, whatever it is called. Intervals: 95 %,
bootstrap over texts. Presidio runs with its pattern recognizers and a blank model: its named-entity model has to be
downloaded, which this machine cannot do; with one it finds names and places as well.

Peers live in an environment of their own: pip install presidio-analyzer scrubadub
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterable

from machine import ROOT, describe, table

DATA = ROOT.parent / "shared" / "data" / "phi_labelled"
NOT_PROTECTED = {"TITLE", "PREFIX", "NRP", "AGE", "ORGANIZATION"}
"""Labels that are no Safe Harbor identifier of a person; found or not, they count neither way."""
NOTES = 600

Span = tuple[int, int]
Labelled = tuple[str, list[Span], list[Span]]
"""Text, spans to be found, spans that count neither way."""
Engine = Callable[[str], Iterable[Span]]

TEMPLATES = (
    "HPI: {name} is a 54-year-old seen on {seen} for low back pain. DOB {dob}. MRN: {mrn}.",
    "Pt {last}, {first} (MRN {mrn}) called from {phone} about a refill of lisinopril 20 mg daily.",
    "Mr. {last} lives at {street}, {city}, {state} {zip} with his wife {relative}.",
    "DISCHARGE SUMMARY\nPatient: {name}\nAdmitted: {seen}\nSSN: {ssn}\nBP 132/84, HR 76, SpO2 97%.",
    "Please fax results to {phone}. Member ID {member}. Thank you, {name}",
    "{first} reports 7/10 pain since {seen}. Reach her at {email}.",
    "MBI {mbi}; NPI {npi}; claim for CPT 99213-25 and 72148 dated {seen}.",
    "The patient's daughter, {relative}, may be reached at {phone}. WBC 7.7, Hgb 13.2.",
    "Vehicle {vin} was involved. {name} was the driver. Neck supple, C5-6 disc bulge.",
    "Portal login from {ip}; see {url} for messages of {seen}.",
    "Account {account}, licence {license}. Metformin 1000 mg BID, A1c 7.2.",
    "A {old}-year-old woman, {name}, born {dob}, with heart failure.",
    "Dear Dr. {relative}, I saw {name} on {seen}. Plan: PT twice weekly for 6 weeks.",
    "RE: {last}, {first}   DOB: {dob}   SSN {ssn}\nLCD L34220 applies.",
    "Spouse {relative} present. Home address: {street}. Phone: {phone}",
    "{name} (ssn {ssn}) was referred by the clinic on {seen}; Glasgow 15, pain 3/10.",
    "Email {email} bounced; wrote to {street}, {city}, {state} {zip} instead.",
    "Insurance: member {member}. Patient name {name}. Date of birth {dob}.",
    "Called {phone} twice. {first} declined. MRN {mrn} updated {seen}.",
    "Device check: serial {mac}, implanted {seen}. {name} tolerated it. Foley removed.",
    "NPI {npi} billed for {name}, account {account}, on {seen}.",
    "Imaging of {seen} shows L4-L5 stenosis. Ms. {last} agrees to surgery. 2.1 x 1.9 cm nodule.",
    "Client address {ip}, user {email}, record {mrn}, seen {seen}, aged {old}.",
    "Transfer to {city}, {state} {zip}. Contact {relative} at {phone}. Na 140, K 4.2.",
)


def labelled(part: int) -> list[Labelled]:
    """Every second of the public sentences."""
    rows = []
    for name in ("presidio_generated_large", "presidio_synth_dataset_v2"):
        lines = (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        rows += [json.loads(line) for line in lines]
    return [
        (
            row["text"],
            [(start, end) for start, end, kind in row["spans"] if kind not in NOT_PROTECTED],
            [(start, end) for start, end, kind in row["spans"] if kind in NOT_PROTECTED],
        )
        for row in rows[part::2]
    ]


def planted(part: int, notes: int = NOTES) -> list[Labelled]:
    """Notes from every second template, each with an identity from never-real ranges."""
    from evalkit.cases.patients import make_patient
    from evalkit.phi import surrogates

    templates = TEMPLATES[part::2]
    draws = random.Random(part)
    found = []
    for at in range(notes):
        patient, other = make_patient(71 + part, at), make_patient(81 + part, at)
        draw = draws.getrandbits(64)
        day = f"{1 + draw % 12:02d}/{1 + draw % 28:02d}/2025"
        values = {
            "name": patient.name, "first": patient.first, "last": patient.last, "relative": other.name, "seen": day,
            "dob": f"{patient.dob:%m/%d/%Y}" if at % 2 else f"{patient.dob:%B} {patient.dob.day}, {patient.dob.year}",
            "mrn": patient.mrn, "phone": patient.phone, "street": patient.street, "city": patient.city,
            "state": patient.state, "zip": patient.zip_code, "ssn": patient.ssn, "member": patient.member_id,
            "email": patient.email,
            "mbi": surrogates.mbi(draw), "npi": surrogates.npi(draw), "vin": surrogates.vin(draw),
            "ip": surrogates.ipv4(draw), "url": surrogates.url(draw), "account": surrogates.account(draw),
            "license": surrogates.license_number(draw), "old": str(90 + draw % 9), "mac": surrogates.mac(draw),
        }  # fmt: skip
        text, spans, at_template = "", [], templates[at % len(templates)]
        for piece in at_template.replace("}", "{").split("{"):
            if piece in values:
                if piece != "state":
                    spans.append((len(text), len(text) + len(values[piece])))
                text += values[piece]
            else:
                text += piece
        found.append((text, spans, []))
    return found


def counts(row: Labelled, spans: Iterable[Span]) -> tuple[int, int, int]:
    """(characters to be found, of them found, characters flagged for nothing) of one text."""
    text, wanted, neither = row
    seen = {at for start, end in spans for at in range(start, end) if not text[at].isspace()}
    gold = {at for start, end in wanted for at in range(start, end) if not text[at].isspace()}
    open_ = {at for start, end in neither for at in range(start, end)}
    return len(gold), len(gold & seen), len(seen - gold - open_)


def judge(rows: list[Labelled], engine: Engine) -> dict[str, float]:
    """Recall and precision with bootstrap intervals, and megabytes a second."""
    start = time.perf_counter()
    spans = [list(engine(text)) for text, _, _ in rows]
    seconds = time.perf_counter() - start
    each = [counts(row, found) for row, found in zip(rows, spans, strict=True)]
    draws = random.Random(7)
    samples = sorted(_rates(draws.choices(each, k=len(each)))[0] for _ in range(400))
    precise = sorted(_rates(draws.choices(each, k=len(each)))[1] for _ in range(400))
    recall, precision = _rates(each)
    return {
        "recall": recall, "recall_low": samples[10], "recall_high": samples[389], "precision": precision,
        "precision_low": precise[10], "precision_high": precise[389],
        "mb_s": sum(len(text.encode()) for text, _, _ in rows) / 1e6 / seconds,
    }  # fmt: skip


def _rates(each: list[tuple[int, int, int]]) -> tuple[float, float]:
    wanted, found, wrong = (sum(column) for column in zip(*each, strict=True))
    return found / wanted if wanted else 1.0, found / (found + wrong) if found + wrong else 1.0


def engines(names: Iterable[str]) -> Iterable[tuple[str, Engine]]:
    """The named engines, as far as this Python has them."""
    if "evalkit" in names:
        from evalkit.phi.detection import detect

        yield "evalkit", lambda text: ((one.start, one.end) for one in detect(text))
    if "presidio" in names:
        yield "presidio", presidio()
    if "scrubadub" in names:
        import scrubadub

        scrubber = scrubadub.Scrubber()
        yield "scrubadub", lambda text: ((filth.beg, filth.end) for filth in scrubber.iter_filth(text))


def presidio() -> Engine:
    """Presidio with its pattern recognizers and no named-entity model."""
    import spacy
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    class Blank(SpacyNlpEngine):
        """A tokenizer only."""

        def __init__(self) -> None:
            super().__init__(models=[{"lang_code": "en", "model_name": "en_core_web_sm"}])
            self.nlp = {"en": spacy.blank("en")}

        def load(self) -> None:
            """Nothing to load."""

    engine = AnalyzerEngine(nlp_engine=Blank(), supported_languages=["en"])
    return lambda text: ((one.start, one.end) for one in engine.analyze(text, language="en"))


def measure(names: list[str], rows: dict[str, list[Labelled]]) -> dict[str, dict[str, dict[str, float]]]:
    """Engine -> set -> figures."""
    return {name: {label: judge(texts, engine) for label, texts in rows.items()} for name, engine in engines(names)}


def main() -> None:
    """Measure ours here and the peers in their own Python, on the same texts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers-python", default="")
    parser.add_argument("--measure", default="", help="engines to measure on rows read from stdin")
    chosen = parser.parse_args()
    if chosen.measure:
        rows = json.load(sys.stdin)
        print(json.dumps(measure(chosen.measure.split(","), rows)))
        return
    rows = {"labelled sentences, held out": labelled(1), "planted notes, held out": planted(0)}
    figures = measure(["evalkit"], rows)
    if chosen.peers_python:
        for peer in ("presidio", "scrubadub"):
            command = [chosen.peers_python, __file__, "--measure", peer]
            done = subprocess.run(command, input=json.dumps(rows), capture_output=True, text=True, check=False)
            figures |= json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {}
            if done.returncode:
                print(f"{peer}: not measured ({done.stderr.strip().splitlines()[-1]})")
    print(f"## Detection of unknown identifiers\n\n{describe()}\n")
    for label, texts in rows.items():
        print(f"{label}: {len(texts):,} texts\n")
        lines = [
            (
                name,
                f"{one['recall']:.3f} ({one['recall_low']:.3f}-{one['recall_high']:.3f})",
                f"{one['precision']:.3f} ({one['precision_low']:.3f}-{one['precision_high']:.3f})",
                f"{one['mb_s']:.2f}",
            )
            for name, sets in figures.items()
            for one in (sets[label],)
        ]
        print(table(("engine", "character recall", "character precision", "MB/s"), lines) + "\n")


if __name__ == "__main__":
    main()
