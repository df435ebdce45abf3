"""The scrubber in a pytest of its own: every way in which a test can say a value, and not one of them comes out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CANARIES = ("Quillan Ostrander", "MRN52010384", "1947-03-09")

HOSTILE = """
import logging, sys, threading, unittest, warnings
import pytest
from values import BORN, MRN, NAME

print(NAME)

def test_introspection():
    assert {"mrn": MRN, "name": NAME} == {"mrn": NAME, "name": [BORN]}

def test_long_introspection():
    assert [NAME] * 40 == [MRN] * 40

def test_message():
    assert False, f"patient {NAME}"

def test_exception():
    raise KeyError(NAME)

def test_chained():
    try:
        int(NAME)
    except ValueError as error:
        raise RuntimeError(MRN) from error

def test_group():
    raise ExceptionGroup(NAME, [ValueError(MRN)])

class Odd(Exception):
    pass

def test_class_made_of_a_name():
    raise type(NAME, (Odd,), {})(MRN)

def test_note():
    error = ValueError("x")
    error.add_note(NAME)
    raise error

def test_locals():
    patient = NAME
    assert not patient

def test_captured():
    print(NAME)
    sys.stderr.write(MRN)
    logging.getLogger("x").error("for %s", BORN)
    assert 0

def test_passes_and_prints():
    print(NAME)
    logging.getLogger("x").error("for %s", BORN)

def test_warns():
    warnings.warn(f"patient {NAME}")

def test_warns_with_a_class_of_its_own():
    warnings.warn(DeprecationWarning(MRN))

@pytest.mark.parametrize("patient", [NAME, MRN])
def test_parameters(patient):
    assert patient == ""

@pytest.mark.parametrize("patient", [{"name": NAME}, BORN.encode()])
def test_other_parameters(patient):
    assert patient is None

def test_skipped():
    pytest.skip(NAME)

@pytest.mark.skipif(True, reason=NAME)
def test_skipped_by_a_mark():
    pass

@pytest.mark.xfail(reason=MRN)
def test_expected():
    assert 0, NAME

@pytest.mark.xfail(reason=MRN, strict=True)
def test_expected_and_passes():
    pass

def test_failed_by_hand():
    pytest.fail(f"for {NAME}")

def test_property(record_property):
    record_property("patient", NAME)

def test_subtests(subtests):
    for value in (NAME, MRN):
        with subtests.test(msg=value, patient=value):
            print(value)
            assert value == ""

@pytest.fixture
def broken_before():
    print(NAME)
    raise ValueError(MRN)

@pytest.fixture
def broken_after():
    yield
    raise ValueError(NAME)

def test_setup(broken_before):
    pass

def test_teardown(broken_after):
    pass

def test_thread():
    thread = threading.Thread(target=lambda: int(NAME))
    thread.start()
    thread.join()

class TestCase(unittest.TestCase):
    def test_unittest(self):
        self.assertEqual(NAME, MRN)

    def test_unittest_subtest(self):
        with self.subTest(patient=NAME):
            self.assertTrue(False, MRN)
"""
BROKEN = "from values import NAME\nraise ImportError(f'no chart of {NAME}')\n"
SKIPPED = "import pytest\nfrom values import NAME\npytest.skip(NAME, allow_module_level=True)\n"
EXITS = "import pytest\nfrom values import NAME\ndef test_exit():\n    pytest.exit(f'stopped at {NAME}')\n"


def run(folder: Path, *options: str, code: int | None = None) -> str:
    """Everything that a pytest in a folder prints."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "evalkit.pytest_plugin", "-p", "no:cacheprovider", *options]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if code is not None:
        assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose tests say values in every way. The values stand in no test, so no source line shows them."""
    made = tmp_path_factory.mktemp("project")
    name, mrn, born = CANARIES
    (made / "values.py").write_text(f"NAME, MRN, BORN = {name!r}, {mrn!r}, {born!r}\n", encoding="utf-8")
    (made / "test_hostile.py").write_text(HOSTILE, encoding="utf-8")
    (made / "test_broken.py").write_text(BROKEN, encoding="utf-8")
    (made / "test_skipped.py").write_text(SKIPPED, encoding="utf-8")
    (made / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def said(folder: Path) -> str:
    """What the hostile project prints under the scrubber, as loudly as it can, with its JUnit file."""
    shown = run(folder, "--evalkit-scrub", "-vv", "-rA", "-l", "--tb=long", "--junitxml=junit.xml", "--durations=5",
                "--continue-on-collection-errors", code=1)  # fmt: skip
    return shown + (folder / "junit.xml").read_text(encoding="utf-8")


@pytest.mark.parametrize("canary", [*CANARIES, "Ostrander", "52010384"])
def test_no_value_comes_out(said: str, canary: str) -> None:
    assert canary not in said
    assert canary.replace(" ", "_") not in said


def test_without_the_scrubber_every_canary_does(folder: Path) -> None:
    shown = run(folder, "-vv", "-rA", "-l", "test_hostile.py", code=1)
    assert [canary for canary in CANARIES if canary not in shown] == []


def test_what_failed_and_where_can_still_be_read(said: str) -> None:
    for name, kind in (("introspection", "AssertionError"), ("exception", "KeyError"), ("chained", "RuntimeError")):
        assert re.search(rf"test_hostile\.py:\d+: in test_{name}\n{kind}: hidden by evalkit", said), name
    assert "in test_class_made_of_a_name\nException: hidden" in said
    assert re.search(r"\d+ failed, \d+ passed, \d+ skipped", said)
    assert "test_parameters[patient0]" in said
    assert re.search(r"test_broken\.py:\d+: in <module>\nImportError: hidden", said)
    assert re.search(r"evalkit: 1 line, hidden", said)


@pytest.mark.parametrize(("options", "why"), [
    (["-s"], "-s prints past the scrubber"), (["--log-cli-level=INFO"], "live logging"), (["--pdb"], "--pdb shows values"),
    (["--setup-show"], "--setup-show prints parameters"), (["--log-file=x.log"], "a log file"),
    (["-o", "log_cli=true"], "log_cli and log_file"), (["--capture=no"], "-s prints past"),
])  # fmt: skip
def test_options_that_print_past_the_scrubber_are_refused(folder: Path, options: list[str], why: str) -> None:
    shown = run(folder, "--evalkit-scrub", *options, code=4)
    assert why in shown
    assert "Traceback" not in shown


def test_the_reason_for_an_early_end_is_hidden(tmp_path: Path) -> None:
    (tmp_path / "values.py").write_text(f"NAME = {CANARIES[0]!r}\n", encoding="utf-8")
    (tmp_path / "test_exit.py").write_text(EXITS, encoding="utf-8")
    shown = run(tmp_path, "--evalkit-scrub")
    assert CANARIES[0] not in shown
    assert "hidden by evalkit" in shown


def test_where_no_option_is_used_the_plugin_imports_nothing(tmp_path: Path) -> None:
    test = "import sys\ndef test_it():\n    assert not [m for m in sys.modules if m.startswith('evalkit.') and 'plugin' not in m]\n"
    (tmp_path / "test_quiet.py").write_text(test, encoding="utf-8")
    run(tmp_path, code=0)


def test_scrubbing_can_stand_in_the_ini_file(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nevalkit_scrub = true\n", encoding="utf-8")
    (tmp_path / "test_it.py").write_text(
        "def test_it():\n    assert ''.join(['MRN', '52010384']) == ''\n", encoding="utf-8"
    )
    shown = run(tmp_path, code=1)
    assert "MRN52010384" not in shown
