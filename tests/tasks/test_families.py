"""The families by name: each imported when it is asked for, and the names of cases apart from everything else in them."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from evalkit.tasks import FAMILIES
from evalkit.tasks.families import Schemas

LOADED = "print(*sorted(name for name in sys.modules if name.startswith('evalkit.tasks.') and name.count('.') == 2))"


def modules_after(code: str) -> set[str]:
    script = f"import sys; {code}; {LOADED}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_a_command_imports_the_family_that_it_works_with_and_no_other() -> None:
    loaded = modules_after("from evalkit.tasks import load_spec; load_spec('billing_codes@1.0.0')")
    assert "evalkit.tasks.billing_codes" in loaded
    assert not {"evalkit.tasks.prior_authorization", "evalkit.tasks.note_summary"} & loaded


def test_judging_needs_nothing_that_makes_cases() -> None:
    script = "import sys; from evalkit.tasks import FAMILIES; FAMILIES['billing_codes'].metrics; print('faker' in "
    script += "sys.modules, 'evalkit.tasks.billing_codes.scenarios' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_the_names_are_there_before_any_family_is() -> None:
    assert {"billing_codes", "note_summary", "prior_authorization"} <= set(FAMILIES)
    assert repr(FAMILIES).startswith("Families(billing_codes")


def test_a_family_is_the_same_each_time() -> None:
    assert FAMILIES["billing_codes"] is FAMILIES["billing_codes"]
    assert FAMILIES.get("billing_codes") is FAMILIES["billing_codes"]


def test_schemas_know_the_families_and_no_others() -> None:
    schemas = Schemas(FAMILIES)
    assert set(schemas) == set(FAMILIES)
    assert len(schemas) == len(FAMILIES)
    assert schemas["billing_codes"] == FAMILIES["billing_codes"].tables
    with pytest.raises(KeyError):
        schemas["a_family_of_ours"]


@pytest.mark.parametrize("family", ["billing_codes", "prior_authorization"])
def test_no_word_of_a_text_is_a_canary_name_by_chance(family: str) -> None:
    """What is written around the identifiers holds no part of any name of the case: a sighting is always a leak."""
    make_case = FAMILIES[family].make_case
    assert make_case is not None
    for index in range(200):
        case = make_case(7, index)
        names = {
            part.casefold()
            for known in case.identifiers
            if known.category == "name"
            for part in re.findall(r"[^\W\d_]{5,}", known.value)
        }
        for field in set(case.spans.field):
            text = list(case.text_of(field) or "")
            for name, start, end in zip(case.spans.field, case.spans.start, case.spans.end, strict=True):
                if name == field:
                    text[start:end] = " " * (end - start)
            words = {word.casefold() for word in re.findall(r"[^\W\d_]+", "".join(text))}
            assert not names & words
