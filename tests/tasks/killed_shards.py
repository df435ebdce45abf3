"""Makes shards of billing cases and is killed while it does: see test_bulk."""

import os
import sys
from multiprocessing import active_children
from pathlib import Path

from evalkit.tasks.bulk import make_shards, plan_shards

if __name__ == "__main__":
    folder, kill_after, workers = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    plan = plan_shards("billing_codes", cases=50, seed=3, shard_size=10)

    def watch(done: int, _total: int) -> None:
        print(done, *(child.pid for child in active_children()), flush=True)
        if done >= kill_after:
            os.kill(os.getpid(), 9)

    make_shards(folder, plan, progress=watch, workers=workers)
