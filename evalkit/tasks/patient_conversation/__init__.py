"""Patient conversations: a clinic's calls and chats over many turns. In: a caller, tools. Out: what was said and done.

- `kinds`, `scenarios`: who calls and what for; `phrases`, `speech`, `caller`: how; `clinic`: what tools act on;
- `stage`: a case as a scene; `metrics`, `baselines`: how it is judged;
- `tables`, `rules`: the offline agent; `hearing`, `reading`, `intents`, `dialogue`, `services`: its parts.
"""

from __future__ import annotations

from evalkit.tasks.family import Family, made_by
from evalkit.tasks.patient_conversation.baselines import BASELINES
from evalkit.tasks.patient_conversation.metrics import DESCRIPTIVE, LOWER_IS_BETTER, METRICS
from evalkit.tasks.patient_conversation.rules import rules
from evalkit.tasks.patient_conversation.stage import stage
from evalkit.tasks.patient_conversation.tables import TABLES

FAMILY = Family(
    name="patient_conversation",
    tables=TABLES,
    metrics=METRICS,
    head_metric="task_done",
    lower_is_better=LOWER_IS_BETTER,
    descriptive=DESCRIPTIVE,
    make_case=made_by("evalkit.tasks.patient_conversation.scenarios"),
    converser=rules,
    stage=stage,
    baselines=BASELINES,
)
