"""Scrubbing: what a test session says about a failure without anything that a case may hold.

Values cannot be told from words once they are in a traceback, so nothing is filtered: of a failure stay the files, the
lines and the class of the exception; of captured output, logs and warnings stays how much there was. Messages,
assertion introspection, local variables, source lines and parameters are left out, in the terminal and in JUnit alike.
"""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from evalkit.figures import count

HIDDEN = "hidden by evalkit, for it may hold a value from a case"
SAFE = "evalkit_safe"
"""Attribute of an item whose own report holds no value."""
_PAST = {
    "capture": (("no",), "-s prints past the scrubber"),
    "usepdb": ((True,), "--pdb shows values"),
    "trace": ((True,), "--trace shows values"),
    "setupshow": ((True,), "--setup-show prints parameters"),
    "setupplan": ((True,), "--setup-plan prints parameters"),
    "log_cli_level": ((), "live logging prints past the scrubber"),
    "log_file": ((), "a log file is written past the scrubber"),
    "report_log": ((), "a report log is written past the scrubber"),
}
"""Option -> the values that are refused (any, where there are none), and why."""


def refuse_what_goes_past(config: pytest.Config) -> None:
    """Raise UsageError for options under which output does not pass through reports."""
    for name, (values, why) in _PAST.items():
        given = getattr(config.option, name, None)
        if given in values or (not values and given is not None):
            raise pytest.UsageError(f"evalkit: {why}; run without it")
    if config.getini("log_cli") or config.getini("log_file"):
        raise pytest.UsageError("evalkit: log_cli and log_file print past the scrubber; leave them out of the ini file")


class Scrubber:
    """Hooks around every report of a session."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Leave of a test's report what is safe."""
        report = yield
        if not getattr(item, SAFE, False):
            report.longrepr = self._retell(report, call)
            report.user_properties = [(name, HIDDEN) for name, _ in report.user_properties]
            if hasattr(report, "wasxfail"):
                report.wasxfail = HIDDEN
        _hide_output(report)
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """A module that cannot be imported may say why with a value in it."""
        report = yield
        if report.failed:
            call = getattr(report, "call", None)
            report.longrepr = self._retell(report, call) if call is not None else f"cannot be collected: {HIDDEN}"
        elif report.skipped and isinstance(report.longrepr, tuple):
            report.longrepr = (report.longrepr[0], report.longrepr[1], "Skipped")
        _hide_output(report)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Reports that are added to after they were made: those of subtests get their output and parameters late."""
        _hide_output(report)
        context: Any = getattr(report, "context", None)
        if context is not None:
            object.__setattr__(context, "kwargs", {})
            object.__setattr__(context, "msg", None)

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """A warning keeps its class and its place."""
        warning_message.message = UserWarning(HIDDEN)
        warning_message.source = None
        warning_message.line = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_make_parametrize_id(self, val: object, argname: str) -> str | None:
        """A parameter is named by its argument: a text may be a name."""
        return argname if isinstance(val, (str, bytes)) else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[Any]) -> None:
        """The reason that ``pytest.exit`` gives is shown at the end."""
        if isinstance(excinfo.value, pytest.exit.Exception):
            excinfo.value.args = (HIDDEN,)
            excinfo.value.msg = HIDDEN

    def _retell(self, report: pytest.TestReport | pytest.CollectReport, call: pytest.CallInfo[Any]) -> Any:
        """The way to a failure, and its class."""
        if report.skipped:
            path, line, _ = report.location or ("", None, "")
            return (path, (line or 0) + 1, "Skipped") if not hasattr(report, "wasxfail") else "xfailed"
        if not report.failed or call.excinfo is None:
            return report.longrepr if report.longrepr is None else HIDDEN
        error = call.excinfo.value
        if isinstance(error, pytest.Collector.CollectError) and error.__cause__ is not None:
            error = error.__cause__  # why a module could not be imported
        steps = [
            f"{Path(frame.f_code.co_filename).relative_to(self._root)}:{line}: in {frame.f_code.co_name}"
            for frame, line in traceback.walk_tb(error.__traceback__)
            if Path(frame.f_code.co_filename).is_relative_to(self._root)
        ]
        return "\n".join([*steps[-MOST_STEPS:], f"{_name_of(type(error))}: {HIDDEN}"])


MOST_STEPS = 20
"""Of the way to a failure; steps outside the tests' own folder are left out."""


def _name_of(kind: type[BaseException]) -> str:
    """The name of a class, where it reads like one: a name can be made of anything."""
    name = kind.__name__
    return name if name.isidentifier() and name.isascii() and len(name) <= 60 else "Exception"


def _hide_output(report: pytest.TestReport | pytest.CollectReport) -> None:
    report.sections = [
        (title, text if text.startswith(_COUNTED) else f"{_COUNTED}{count(len(text.splitlines()), 'line')}, {HIDDEN}")
        for title, text in report.sections
    ]


_COUNTED = "evalkit: "
