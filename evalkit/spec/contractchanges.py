"""What a new version changes in the contract: inputs, minimum necessary, refusals, outputs, review and models.

More that a model sees, and less that is refused, are what these rules look for.
"""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.spec.difference import Change, Severity, shown
from evalkit.spec.schema import Echo, InputField, OutputField, Spec

_ALARM = "PHI alarm: "


def contract_changes(old: Spec, new: Spec) -> Iterator[Change]:
    """Every difference between the contracts of two versions, in the order of the head."""
    for name in ("family", "data_class", "purpose_of_use", "legal_basis", "code_table"):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield Change("head changed", name, f"{shown(before)} -> {shown(after)}", "loud")
    yield from _input_changes(old, new)
    yield from _necessity_changes(old, new)
    yield from _refusal_changes(old, new)
    yield from _output_changes(old, new)
    yield from _review_changes(old, new)
    yield from _model_changes(old, new)


def _input_changes(old: Spec, new: Spec) -> Iterator[Change]:
    for name, field in new.input.items():
        place = f"input/{name}"
        if name not in old.input:
            phi = f" that may hold {', '.join(field.phi)}" if field.phi else ""
            what = f"{_ALARM}new field{phi}, {field.use}"
            yield Change("input widened", place, what, "loud")
        else:
            yield from _field_changes(place, old.input[name], field)
    for name in old.input:
        if name not in new.input:
            yield Change("input narrowed", f"input/{name}", "field removed", "loud")


def _field_changes(place: str, old: InputField, new: InputField) -> Iterator[Change]:
    if old.type != new.type:
        yield Change("input changed", place, f"type: {old.type} -> {new.type}", "loud")
    if old.required != new.required:
        what = "required -> optional" if old.required else "optional -> required"
        yield _width(place, what, wider=old.required)
    if old.use != new.use:
        yield _width(place, f"use: {old.use} -> {new.use}", wider=_REACH.index(new.use) > _REACH.index(old.use))
    if old.derive != new.derive:
        yield Change("input changed", place, f"derive: {shown(old.derive)} -> {shown(new.derive)}", "loud")
    if old.max_chars != new.max_chars:
        wider = new.max_chars is None or (old.max_chars is not None and new.max_chars > old.max_chars)
        yield _width(place, f"max_chars: {shown(old.max_chars)} -> {shown(new.max_chars)}", wider=wider)
    if old.phi != new.phi:
        wider = not set(new.phi) <= set(old.phi)
        what = f"phi: {shown(old.phi)} -> {shown(new.phi)}"
        yield _width(place, what, wider=True) if wider else Change("label removed", place, what, "loud")
    if old.values != new.values:
        wider = not set(new.values) <= set(old.values)
        yield _width(place, f"values: {shown(old.values)} -> {shown(new.values)}", wider=wider)


_REACH = ("validate_only", "derive", "send")
"""How much of a field reaches a model, least first."""


def _width(place: str, what: str, *, wider: bool) -> Change:
    if wider:
        return Change("input widened", place, f"{_ALARM}{what}", "loud")
    return Change("input narrowed", place, what, "loud")


def _necessity_changes(old: Spec, new: Spec) -> Iterator[Change]:
    before, after = old.minimum_necessary, new.minimum_necessary
    for name in after.allow:
        place = f"minimum_necessary/allow/{name}"
        if name not in before.allow:
            yield Change("input widened", place, f"{_ALARM}now reaches the model: {after.allow[name]}", "loud")
        elif before.allow[name] != after.allow[name]:
            yield Change("reason changed", place, f"{before.allow[name]} -> {after.allow[name]}", "note")
    for name in before.allow:
        if name not in after.allow:
            place = f"minimum_necessary/allow/{name}"
            yield Change("input narrowed", place, "no longer reaches the model", "loud")
    for name in before.forbid:
        if name not in after.forbid:
            place = f"minimum_necessary/forbid/{name}"
            yield Change("safeguard removed", place, f"{_ALARM}no longer forbidden", "blocking")
    for name in after.forbid:
        if name not in before.forbid:
            yield Change("safeguard added", f"minimum_necessary/forbid/{name}", "now forbidden", "loud")
    yield from _echo_changes(before.echo, after.echo)
    if before.chart_window_days != after.chart_window_days:
        what = f"{shown(before.chart_window_days)} -> {shown(after.chart_window_days)} days"
        wider = after.chart_window_days is None or (before.chart_window_days or 0) < after.chart_window_days
        narrowed = before.chart_window_days is None
        yield _width("minimum_necessary/chart_window_days", what, wider=wider and not narrowed)


def _echo_changes(old: tuple[Echo, ...], new: tuple[Echo, ...]) -> Iterator[Change]:
    before, after = ({(echo.field, echo.needle): echo.reason for echo in echoes} for echoes in (old, new))
    for (field, needle), reason in after.items():
        place = f"minimum_necessary/echo/{field}/{needle}"
        if (field, needle) not in before:
            what = f"{_ALARM}{needle} may now stand in output {field}: {reason}"
            yield Change("safeguard removed", place, what, "blocking")
        elif before[field, needle] != reason:
            yield Change("reason changed", place, f"{before[field, needle]} -> {reason}", "note")
    for field, needle in before:
        if (field, needle) not in after:
            place = f"minimum_necessary/echo/{field}/{needle}"
            yield Change("safeguard added", place, "no longer allowed in the output", "loud")


def _refusal_changes(old: Spec, new: Spec) -> Iterator[Change]:
    before, after = {rule.code: rule for rule in old.refuse}, {rule.code: rule for rule in new.refuse}
    for code, rule in before.items():
        place = f"refuse/{code}"
        if code not in after:
            yield Change("refusal removed", place, f"no longer refused: {rule.when}", "blocking")
        elif after[code].when != rule.when:
            yield Change("refusal changed", place, f"{rule.when} -> {after[code].when}", "loud")
        elif after[code].field != rule.field:
            what = f"names another field: {shown(rule.field)} -> {shown(after[code].field)}"
            yield Change("refusal changed", place, what, "loud")
    for code in after:
        if code not in before:
            yield Change("refusal added", f"refuse/{code}", f"now refused: {after[code].when}", "loud")
    if [code for code in before if code in after] != [code for code in after if code in before]:
        yield Change("refusals reordered", "refuse", "the first hit wins, and the order is another", "loud")


def _output_changes(old: Spec, new: Spec) -> Iterator[Change]:
    for name, field in new.output.items():
        place = f"output/{name}"
        if name not in old.output:
            yield Change("output widened", place, "new field", "loud")
        elif old.output[name] != field:
            yield Change("output changed", place, _output_step(old.output[name], field), "loud")
    for name in old.output:
        if name not in new.output:
            yield Change("output narrowed", f"output/{name}", "field removed", "loud")


def _output_step(old: OutputField, new: OutputField) -> str:
    names = [name for name in OutputField.model_fields if getattr(old, name) != getattr(new, name)]
    return ", ".join(f"{name}: {shown(getattr(old, name))} -> {shown(getattr(new, name))}" for name in names)


def _review_changes(old: Spec, new: Spec) -> Iterator[Change]:
    if old.review.threshold != new.review.threshold:
        fewer = new.review.threshold < old.review.threshold
        kind = "review lowered" if fewer else "review raised"
        what = f"{shown(old.review.threshold)} -> {shown(new.review.threshold)}"
        yield Change(kind, "review/threshold", f"{what}: {'fewer' if fewer else 'more'} answers go to a person", "loud")
    if old.review.band != new.review.band:
        yield Change("review changed", "review/band", f"{shown(old.review.band)} -> {shown(new.review.band)}", "loud")


def _model_changes(old: Spec, new: Spec) -> Iterator[Change]:
    if old.models.policy != new.models.policy:
        wider: Severity = "blocking" if old.models.policy == "offline_only" else "loud"
        yield Change("model policy changed", "models/policy", f"{old.models.policy} -> {new.models.policy}", wider)
    for name in new.models.allow:
        if name not in old.models.allow:
            yield Change("model policy widened", "models/allow", f"{_ALARM}{name} may be called", "loud")
    for name in old.models.allow:
        if name not in new.models.allow:
            yield Change("model policy narrowed", "models/allow", f"{name} may no longer be called", "loud")
