"""evalkit: evaluation and test harness for AI agents that handle protected health information.

>>> import evalkit as ek
>>> spec = ek.load_spec("billing_codes@1.0.0")
>>> spec
Spec(billing_codes@1.0.0, billing_codes, behaviour ...)

Public names are loaded when they are first used, so that the import itself costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalkit.agents.agent import Reply as Reply
    from evalkit.agents.agent import Request as Request
    from evalkit.agents.endpoint import endpoint as endpoint
    from evalkit.agents.faulty import faulty as faulty
    from evalkit.agents.guard import guard as guard
    from evalkit.agents.replay import replay as replay
    from evalkit.agents.scripted import scripted as scripted
    from evalkit.boundary.suite import check as check
    from evalkit.cases.case import Case as Case
    from evalkit.evaluation.comparison import compare as compare
    from evalkit.evaluation.datasets import load_gold as load_gold
    from evalkit.evaluation.gates import gate as gate
    from evalkit.evaluation.pipeline import evaluate as evaluate
    from evalkit.evaluation.recordings import load_recording as load_recording
    from evalkit.evaluation.runs import load_run as load_run
    from evalkit.executions.runner import Settings as Settings
    from evalkit.executions.runner import execute as execute
    from evalkit.metrics.scoring import Ratio as Ratio
    from evalkit.metrics.scoring import score as score
    from evalkit.report.html import render_html as render_html
    from evalkit.tasks import load_spec as load_spec
    from evalkit.tasks import offline_agent as offline_agent
    from evalkit.tasks import synthesize as synthesize
    from evalkit.tracking import track as track

_PLACES = {
    "Case": "evalkit.cases.case",
    "Ratio": "evalkit.metrics.scoring",
    "Reply": "evalkit.agents.agent",
    "Request": "evalkit.agents.agent",
    "Settings": "evalkit.executions.runner",
    "check": "evalkit.boundary.suite",
    "compare": "evalkit.evaluation.comparison",
    "endpoint": "evalkit.agents.endpoint",
    "evaluate": "evalkit.evaluation.pipeline",
    "execute": "evalkit.executions.runner",
    "faulty": "evalkit.agents.faulty",
    "gate": "evalkit.evaluation.gates",
    "guard": "evalkit.agents.guard",
    "load_gold": "evalkit.evaluation.datasets",
    "load_recording": "evalkit.evaluation.recordings",
    "load_run": "evalkit.evaluation.runs",
    "load_spec": "evalkit.tasks",
    "offline_agent": "evalkit.tasks",
    "render_html": "evalkit.report.html",
    "replay": "evalkit.agents.replay",
    "score": "evalkit.metrics.scoring",
    "scripted": "evalkit.agents.scripted",
    "synthesize": "evalkit.tasks",
    "track": "evalkit.tracking",
}

__all__ = sorted(_PLACES)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("evalkit")
    if name not in _PLACES:
        raise AttributeError(f"module 'evalkit' has no attribute {name!r}")
    value = getattr(importlib.import_module(_PLACES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})
