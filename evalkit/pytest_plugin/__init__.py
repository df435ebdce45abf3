"""The pytest plugin: the boundary as test items, and test output without a value from any case.

::

    pytest --evalkit-spec billing_codes@1.0.0 --evalkit-agent python:my_agent:answer

makes one test item of each rule and case, ``boundary::leak_output[billing_codes-7-000000000003]``, skipped where a rule
had nothing to judge. With it, or with ``--evalkit-scrub`` alone, what any test of the session prints, logs, warns of or
raises stays out of the report (`scrubbing`): CI logs are read by people who may not see a chart. Where none of the
options is used, the plugin does nothing and imports nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from evalkit.pytest_plugin.items import Boundary

_OPTIONS = {
    "spec": ("SPEC", "make test items of the boundary checks of this spec"),
    "agent": ("AGENT", "the agent, as for evalkit check  [rules]"),
    "cases": ("N", "synthetic cases  [20]"),
    "seed": ("N", "their seed  [7]"),
    "gold": ("NAME", "a stored gold set instead of synthetic cases"),
    "deployment": ("FILE", "hops, agreements and hosts of the route (YAML)"),
    "markdown": ("FILE", "write a summary for a pull request here"),
}
_BOUNDARY: pytest.StashKey[Boundary] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options. Each may stand in the ini file instead, as ``evalkit_spec = ...``."""
    group = parser.getgroup("evalkit", "boundary checks of agents that handle protected health information")
    for name, (metavar, what) in _OPTIONS.items():
        group.addoption(f"--evalkit-{name}", metavar=metavar, default="", help=what)
        parser.addini(f"evalkit_{name}", what, default="")
    scrub = "keep values out of the output of every test"
    group.addoption("--evalkit-scrub", action="store_true", default=False, help=scrub)
    parser.addini("evalkit_scrub", scrub, type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Set the scrubber up, and the boundary where a spec is named."""
    words = {name: str(config.getoption(f"--evalkit-{name}") or config.getini(f"evalkit_{name}")) for name in _OPTIONS}
    if not (words["spec"] or config.getoption("--evalkit-scrub") or config.getini("evalkit_scrub")):
        return
    from evalkit.pytest_plugin.scrubbing import Scrubber, refuse_what_goes_past

    refuse_what_goes_past(config)
    config.pluginmanager.register(Scrubber(config.rootpath), "evalkit-scrubber")
    if words["spec"]:
        from evalkit.pytest_plugin.items import make_boundary

        config.stash[_BOUNDARY] = make_boundary(words)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Put the items of the boundary first, before any selection by ``-k``."""
    boundary = session.config.stash.get(_BOUNDARY, None)
    if boundary is not None:
        items[:0] = boundary.collect(session)
