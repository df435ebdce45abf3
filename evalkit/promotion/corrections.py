"""Corrections from a file: what people gave instead of what an agent answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evalkit.errors import PromotionError
from evalkit.spec.strictjson import MAX_BYTES, ContractBreach, strict_json


def read_corrections(path: Path) -> dict[str, Any]:
    """Execution (``run/case/trial``) -> the output that is right, or the refusal code: one strict JSON object.

    Raises PromotionError for anything else, twice the same execution and more than 1 MB among it; shows nothing of it.
    """
    try:
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            raise PromotionError("there is no such file of corrections, or it is over 1 MB", where=str(path))
        read = strict_json(path.read_bytes())
    except OSError:
        raise PromotionError("the corrections cannot be read", where=str(path)) from None
    except ContractBreach as breach:
        raise PromotionError(f"there are no corrections: {breach.what}", where=str(path)) from None
    if not all(isinstance(one, dict | str) for one in read.values()):
        raise PromotionError(
            "corrections are an object: execution -> the output that is right, or the refusal code", where=str(path)
        )
    return read
