"""What a FHIR resource says in a chart: its plain texts, or what an Observation measured, as data."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

Resource = Mapping[str, Any]
_MEASURED = ("resourceType", "status", "code", "effectiveDateTime", "valueQuantity", "valueBoolean",
             "valueCodeableConcept", "dataAbsentReason")  # fmt: skip
"""What of an Observation is taken: what was measured, and when. Not whose it is, nor who measured it."""


def kind_of(resource: Resource) -> str:
    """The type of the note that the resource becomes."""
    if resource["resourceType"] == "Observation":
        return "Observation"
    kind = resource.get("type") or resource.get("code") or {}
    codings = kind.get("coding", ())
    text = kind.get("text") or next((coding["display"] for coding in codings if "display" in coding), None)
    return text[:100] if isinstance(text, str) else str(resource["resourceType"])


def texts_of(resource: Resource) -> Iterator[str]:
    """The plain texts that a resource carries; other attachments, and what is no UTF-8, are left out.

    An Observation is one text: its measurement as JSON.
    """
    if resource["resourceType"] == "Observation":
        taken = {name: resource[name] for name in _MEASURED if name in resource}
        yield json.dumps(taken, default=_number, ensure_ascii=False)
    attachments = [entry.get("attachment", {}) for entry in resource.get("content", ())]
    for attachment in [*attachments, *resource.get("presentedForm", ())]:
        kind = attachment.get("contentType", "text/plain").partition(";")[0].strip().lower()
        if kind == "text/plain" and "data" in attachment:
            try:
                text = base64.b64decode(attachment["data"]).decode("utf-8")
            except UnicodeDecodeError:
                continue
            if text.strip():
                yield text.replace("\r\n", "\n")


def _number(value: Any) -> Any:
    """A decimal, as the parser reads numbers, as a JSON number: whole where it is whole."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError
