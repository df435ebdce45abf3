"""`import evalkit`: every public name is there, comes from one place and costs nothing until it is used."""

from __future__ import annotations

import importlib
import re
from importlib.metadata import version

import pytest

import evalkit


@pytest.mark.parametrize("name", evalkit.__all__)
def test_a_public_name_is_the_object_of_its_room(name: str) -> None:
    place = importlib.import_module(evalkit._PLACES[name])
    assert getattr(evalkit, name) is getattr(place, name)


def test_what_type_checkers_see_is_what_is_loaded(root) -> None:
    source = (root / "evalkit" / "__init__.py").read_text(encoding="utf-8")
    declared = {b: a for a, b in re.findall(r"from ([\w.]+) import (\w+) as \2", source)}
    assert declared == evalkit._PLACES


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'evalute'"):
        evalkit.evalute  # noqa: B018


def test_the_version_is_that_of_the_distribution() -> None:
    assert evalkit.__version__ == version("evalkit")
