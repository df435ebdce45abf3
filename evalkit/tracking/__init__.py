"""MLflow as a sink: the only room that knows it.

In: a run, its comparison, gates and report page. Out: names, numbers, ids and digests in MLflow, through one gateway
(`admission`). No case, no answer, no failure text and no machine's path ever leaves through here.
"""

from evalkit.tracking.evaluations import track
from evalkit.tracking.sink import Destination, TrackedRun

__all__ = ["Destination", "TrackedRun", "track"]
