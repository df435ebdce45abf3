"""The registry: versions that never change, production that moves only with a reason, and one call back."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from evalkit.digests import canonical_json, digest_bytes
from evalkit.errors import RegistryError, SpecError
from evalkit.spec.document import parse_spec
from evalkit.spec.registry import Registry
from evalkit.spec.schema import Spec

AT = "2026-07-01T09:30:00Z"
WHO: dict[str, Any] = {"author": "wound-care", "reason": "a test", "at": AT}
Change = Callable[..., str]
Load = Callable[..., Spec]


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "specs")


@pytest.fixture
def version(load: Load, change: Change) -> Callable[..., Spec]:
    """The document under another version, with further edits."""

    def make(number: str, *pairs: str) -> Spec:
        return load(change("version: 1.2.0", f"version: {number}", "supersedes: 1.1.0", "supersedes: null", *pairs))

    return make


def passed(registry: Registry, spec: Spec, verdict: str = "pass") -> None:
    registry.record_gate(
        spec.id, spec.version, verdict=verdict, run_id=f"run-{verdict}", digest=spec.content_sha, at=AT
    )


def test_a_published_version_reads_back_as_it_was(registry: Registry, spec: Spec, load: Load) -> None:
    path = registry.publish(spec, **WHO)
    text, where = registry.read("wound_care", "1.2.0")
    assert (text, where) == (spec.source, path)
    assert path == registry.path("wound_care", "1.2.0") == registry.root / "wound_care" / "1.2.0.md"
    assert load(text, path=str(where)).content_sha == spec.content_sha
    assert registry.versions("wound_care") == ("1.2.0",)
    assert registry.aliases("wound_care") == {}


def test_a_publication_is_on_record_with_its_digests_and_its_parent(
    registry: Registry, spec: Spec, version: Callable[..., Spec]
) -> None:
    registry.publish(spec, **WHO)
    later = version("1.2.1")
    registry.publish(later, author="second", reason="another", at=AT)
    first, second = registry.log("wound_care")
    assert first["parent_sha"] is None
    assert second["parent_sha"] == spec.content_sha
    assert second["content_sha"] == later.content_sha
    assert second["behaviour_sha"] == spec.behaviour_sha
    assert (second["event"], second["author"], second["reason"], second["at"]) == ("publish", "second", "another", AT)


def test_a_file_that_stands_in_its_place_already_may_be_published(registry: Registry, spec: Spec) -> None:
    path = registry.path("wound_care", "1.2.0")
    path.parent.mkdir(parents=True)
    path.write_bytes(spec.source.replace("\n", "\r\n").encode())
    registry.publish(spec, **WHO)
    assert path.read_bytes() == spec.source.encode()


def test_another_file_in_its_place_is_not_overwritten(registry: Registry, spec: Spec) -> None:
    path = registry.path("wound_care", "1.2.0")
    path.parent.mkdir(parents=True)
    path.write_text("a draft of somebody\n")
    with pytest.raises(RegistryError, match="another text stands in the place"):
        registry.publish(spec, **WHO)
    assert path.read_text() == "a draft of somebody\n"
    assert registry.versions("wound_care") == ()


def test_a_version_is_published_once(registry: Registry, spec: Spec, version: Callable[..., Spec]) -> None:
    registry.publish(spec, **WHO)
    with pytest.raises(RegistryError, match="registered already -> nothing to do"):
        registry.publish(spec, **WHO)
    with pytest.raises(RegistryError, match="registered already, with another text -> give"):
        registry.publish(version("1.2.0"), **WHO)


@pytest.mark.parametrize(
    ("pairs", "need"),
    [
        (("Read one note", "Read a note"), "patch"),
        (("the wound is described here", "the wound stands here"), "patch"),
        (("foam; foam pad", "foam"), "minor"),
        (("rule: each", "rule: all"), "minor"),
        (("threshold: 0.8", "threshold: 0.7"), "minor"),
        (("min: 0.9}", "min: 0.8}"), "minor"),
        (("allow: [rules/offline]", "allow: [rules/offline, acme/large]"), "minor"),
        (("max_chars: 5000", "max_chars: 9000"), "major"),
        (("not flags.consent", "not flags.agreed"), "major"),
        ((", employer]", "]"), "major"),
        (("count: integer", "count: number"), "major"),
        (("purpose_of_use: TREAT", "purpose_of_use: HPAYMT"), "major"),
        (("foam; foam pad", "foam", "max_chars: 5000", "max_chars: 9000"), "major"),
    ],
)
def test_a_version_is_raised_as_far_as_its_changes_need(
    registry: Registry, spec: Spec, version: Callable[..., Spec], pairs: tuple[str, ...], need: str
) -> None:
    registry.publish(spec, **WHO)
    raised = {"patch": "1.2.1", "minor": "1.3.0", "major": "2.0.0"}
    enough = list(raised).index(need)
    for name, number in list(raised.items())[:enough]:
        with pytest.raises(RegistryError, match=f"need a new {need} version"):
            registry.publish(version(number, *pairs), **WHO)
        assert name != need
    registry.publish(version(raised[need], *pairs), **WHO)


def test_a_version_below_the_highest_is_refused(registry: Registry, version: Callable[..., Spec]) -> None:
    registry.publish(version("1.10.0"), **WHO)
    with pytest.raises(RegistryError, match="the highest version is 1.10.0"):
        registry.publish(version("1.9.0"), **WHO)
    registry.publish(version("1.10.1"), **WHO)
    assert registry.versions("wound_care") == ("1.10.0", "1.10.1")


def test_a_changed_file_is_refused(registry: Registry, spec: Spec) -> None:
    path = registry.publish(spec, **WHO)
    path.write_text(spec.source.replace("layers", "layers "), encoding="utf-8")
    for ask in (lambda: registry.read("wound_care", "1.2.0"), registry.verify):
        with pytest.raises(RegistryError, match="was changed.*new version"):
            ask()


def test_a_missing_file_is_refused(registry: Registry, spec: Spec) -> None:
    registry.publish(spec, **WHO).unlink()
    with pytest.raises(RegistryError, match="is gone"):
        registry.read("wound_care", "1.2.0")


def test_line_ends_that_version_control_rewrote_are_no_change(registry: Registry, spec: Spec) -> None:
    path = registry.publish(spec, **WHO)
    path.write_bytes(spec.source.replace("\n", "\r\n").encode())
    assert registry.read("wound_care", "1.2.0")[0] == spec.source


def test_what_is_not_registered_is_not_read(registry: Registry, spec: Spec) -> None:
    with pytest.raises(RegistryError, match="no such version.*publish it first"):
        registry.read("wound_care", "1.2.0")
    registry.publish(spec, **WHO)
    with pytest.raises(RegistryError, match="registered: 1.2.0"):
        registry.read("wound_care", "9.9.9")
    with pytest.raises(RegistryError, match="no such version or alias"):
        registry.read("wound_care", "production")


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("../../etc", "1.0.0"), ("/etc", "1.0.0"), ("a/b", "1.0.0"), ("", "1.0.0"), ("A", "1.0.0"), ("a\n", "1.0.0"),
        ("ok", "../x"), ("ok", "1.0"), ("ok", "1.0.0\n"), ("ok", "1.0.0/../../x"), ("ok", "latest"), ("ok", "１.0.0"),
    ],
)  # fmt: skip
def test_a_path_never_leaves_the_folder(registry: Registry, name: str, number: str) -> None:
    with pytest.raises(RegistryError):
        registry.path(name, number)


# ------------------------------------------------------------------------------------------------------ promotion


def test_production_moves_with_a_passing_gate(registry: Registry, spec: Spec) -> None:
    registry.publish(spec, **WHO)
    passed(registry, spec)
    registry.promote("wound_care", "1.2.0", **WHO)
    assert registry.aliases("wound_care") == {"production": "1.2.0"}
    assert registry.read("wound_care", "production")[0] == spec.source
    moved = registry.log("wound_care")[-1]
    assert (moved["event"], moved["from"], moved["gate"], moved["override"]) == ("alias", None, "run-pass", None)
    assert registry.verify() == 3


@pytest.mark.parametrize(
    "verdicts", [(), ("fail",), ("undecided",), ("incomplete",), ("pass", "fail"), ("pass", "undecided")]
)
def test_production_stays_without_a_passing_gate(registry: Registry, spec: Spec, verdicts: tuple[str, ...]) -> None:
    registry.publish(spec, **WHO)
    for verdict in verdicts:
        passed(registry, spec, verdict)
    with pytest.raises(RegistryError, match=f"{verdicts[-1] if verdicts else 'no gate'}.*override"):
        registry.promote("wound_care", "1.2.0", **WHO)
    assert registry.aliases("wound_care") == {}


def test_a_gate_passed_after_it_failed_is_enough(registry: Registry, spec: Spec) -> None:
    registry.publish(spec, **WHO)
    passed(registry, spec, "fail")
    passed(registry, spec)
    registry.promote("wound_care", "1.2.0", **WHO)


def test_the_gate_of_another_version_is_no_ground(registry: Registry, version: Callable[..., Spec]) -> None:
    first, second = version("1.0.0"), version("1.0.1")
    registry.publish(first, **WHO)
    registry.publish(second, **WHO)
    passed(registry, first)
    with pytest.raises(RegistryError, match="no gate on record"):
        registry.promote("wound_care", "1.0.1", **WHO)


def test_a_gate_on_another_text_is_not_recorded(registry: Registry, version: Callable[..., Spec], spec: Spec) -> None:
    registry.publish(spec, **WHO)
    edited = version("1.2.0", "rule: each", "rule: all")
    with pytest.raises(RegistryError, match="judged another text"):
        passed(registry, edited)
    with pytest.raises(RegistryError, match="no such version"):
        passed(registry, version("9.0.0"))
    with pytest.raises(RegistryError, match="not a verdict"):
        passed(registry, spec, "maybe")


def test_an_override_is_a_name_and_is_recorded(registry: Registry, spec: Spec) -> None:
    registry.publish(spec, **WHO)
    with pytest.raises(RegistryError, match="the override is 1 to 400 visible characters"):
        registry.promote("wound_care", "1.2.0", **WHO, override=" ")
    registry.promote("wound_care", "1.2.0", **WHO, override="chief of nursing")
    moved = registry.log("wound_care")[-1]
    assert (moved["override"], moved["gate"], moved["reason"]) == ("chief of nursing", None, "a test")
    assert registry.verify() == 2


def test_a_version_is_not_promoted_twice_or_unpublished_or_changed(registry: Registry, spec: Spec) -> None:
    with pytest.raises(RegistryError, match="no such version"):
        registry.promote("wound_care", "1.2.0", **WHO)
    path = registry.publish(spec, **WHO)
    passed(registry, spec)
    registry.promote("wound_care", "1.2.0", **WHO)
    with pytest.raises(RegistryError, match="in production already"):
        registry.promote("wound_care", "1.2.0", **WHO)
    path.write_text("changed\n")
    with pytest.raises(RegistryError, match="was changed"):
        registry.read("wound_care", "production")


def promote_all(registry: Registry, specs: list[Spec]) -> None:
    for spec in specs:
        registry.publish(spec, **WHO)
        passed(registry, spec)
        registry.promote(spec.id, spec.version, **WHO)


def test_going_back_is_one_call_and_then_one_more(registry: Registry, version: Callable[..., Spec]) -> None:
    promote_all(registry, [version("1.0.0"), version("1.0.1"), version("1.0.2")])
    assert registry.rollback("wound_care", author="on-call", reason="denials", at=AT) == "1.0.1"
    assert registry.aliases("wound_care") == {"production": "1.0.1"}
    assert registry.rollback("wound_care", **WHO) == "1.0.0"
    with pytest.raises(RegistryError, match="no version before"):
        registry.rollback("wound_care", **WHO)
    back = registry.log("wound_care")[-2]
    assert (back["event"], back["from"], back["version"], back["author"]) == ("rollback", "1.0.2", "1.0.1", "on-call")
    assert registry.verify() == 11


def test_after_going_back_one_may_go_forward(registry: Registry, version: Callable[..., Spec]) -> None:
    promote_all(registry, [version("1.0.0"), version("1.0.1")])
    registry.rollback("wound_care", **WHO)
    registry.promote("wound_care", "1.0.1", **WHO)
    assert registry.rollback("wound_care", **WHO) == "1.0.0"


def test_one_does_not_go_back_to_a_changed_file(registry: Registry, version: Callable[..., Spec]) -> None:
    promote_all(registry, [version("1.0.0"), version("1.0.1")])
    registry.path("wound_care", "1.0.0").write_text("changed\n")
    with pytest.raises(RegistryError, match="was changed"):
        registry.rollback("wound_care", **WHO)
    assert registry.aliases("wound_care") == {"production": "1.0.1"}


# ------------------------------------------------------------------------------------------------- the log itself


@pytest.mark.parametrize("text", ["", "  ", "a\nb", "a\tb", "a\x1b[31mb", "a\u202eb", "a\u200b", "x" * 401])
def test_nobody_signs_with_what_forges_a_log(registry: Registry, spec: Spec, text: str) -> None:
    for who in ({"author": text, "reason": "r"}, {"author": "a", "reason": text}):
        with pytest.raises(RegistryError, match="visible characters on one line"):
            registry.publish(spec, **who)
    assert not registry.root.exists()


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (AT, AT),
        ("2026-07-01T11:30:00+02:00", AT),
        (datetime(2026, 7, 1, 9, 30, tzinfo=UTC), AT),
        (datetime(2026, 7, 1, 4, 30, tzinfo=timezone(timedelta(hours=-5))), AT),
    ],
)
def test_times_are_kept_in_utc(registry: Registry, spec: Spec, at: Any, shown: str) -> None:
    registry.publish(spec, author="a", reason="r", at=at)
    assert registry.log("wound_care")[0]["at"] == shown


@pytest.mark.parametrize("at", ["yesterday", "2026-07-01T09:30:00", datetime(2026, 7, 1)])
def test_a_time_without_its_offset_is_refused(registry: Registry, spec: Spec, at: Any) -> None:
    with pytest.raises(RegistryError, match="the time"):
        registry.publish(spec, author="a", reason="r", at=at)


def test_the_clock_is_asked_only_where_no_time_is_given(registry: Registry, spec: Spec) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    registry.publish(spec, author="a", reason="r")
    assert before <= datetime.fromisoformat(registry.log("wound_care")[0]["at"]) <= datetime.now(UTC)


def test_the_log_is_of_one_spec(registry: Registry, spec: Spec, version: Callable[..., Spec]) -> None:
    registry.publish(spec, **WHO)
    registry.publish(version("1.0.0", "id: wound_care", "id: foot_care"), **WHO)
    assert [event["id"] for event in registry.log("foot_care")] == ["foot_care"]
    assert registry.versions("foot_care") == ("1.0.0",)


def test_a_history_that_was_changed_stops_everything(registry: Registry, spec: Spec) -> None:
    registry.publish(spec, **WHO)
    passed(registry, spec, "fail")
    passed(registry, spec, "undecided")
    log = registry.root / "registry.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"fail"', b'"pass"'))
    for ask in (
        registry.verify,
        registry.head,
        lambda: registry.read("wound_care", "1.2.0"),
        lambda: registry.versions("wound_care"),
        lambda: registry.promote("wound_care", "1.2.0", **WHO),
    ):
        with pytest.raises(RegistryError, match="history was changed"):
            ask()


def test_a_promotion_forged_with_a_whole_new_chain_is_found(registry: Registry, spec: Spec) -> None:
    """Whoever rewrites the end of the chain still has to show a passing gate or a name."""
    registry.publish(spec, **WHO)
    log = registry.root / "registry.jsonl"
    forged = {
        "event": "alias", "id": "wound_care", "alias": "production", "version": "1.2.0", "content_sha": spec.content_sha,
        "from": None, "gate": None, "override": None, "author": "x", "reason": "x", "at": AT,
        "prev": digest_bytes(log.read_bytes().rstrip(b"\n")),
    }  # fmt: skip
    with log.open("ab") as file:
        file.write(canonical_json(forged) + b"\n")
    with pytest.raises(RegistryError, match="a promotion without a passing gate"):
        registry.verify()


def test_a_torn_line_is_reported_and_mended(registry: Registry, spec: Spec) -> None:
    registry.publish(spec, **WHO)
    head = registry.head()
    with (registry.root / "registry.jsonl").open("ab") as file:
        file.write(b'{"event":')
    with pytest.raises(RegistryError, match="torn"):
        registry.verify()
    assert registry.mend() == 9
    assert registry.verify() == 1
    assert registry.head() == head


def publish_copy(root: Path, sources: list[str], schemas: Any, results: Any) -> None:
    registry = Registry(root)
    for source in sources:
        try:
            registry.publish(parse_spec(source, path="x", schemas=schemas), author="a", reason="r", at=AT)
            results.put("published")
        except RegistryError:
            results.put("refused")


def test_of_writers_at_once_one_publishes_each_version(
    registry: Registry, version: Callable[..., Spec], schemas: Any
) -> None:
    sources = [version(f"1.0.{number}").source for number in range(6)]
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    writers = [context.Process(target=publish_copy, args=(registry.root, sources, schemas, results)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert all(writer.exitcode == 0 for writer in writers)
    said = [results.get() for _ in range(18)]
    published = registry.versions("wound_care")
    assert said.count("published") == len(published) == registry.verify()
    assert published[-1] == "1.0.5"


def test_an_unreadable_document_in_the_folder_is_a_spec_error(registry: Registry, spec: Spec) -> None:
    path = registry.publish(spec, **WHO)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SpecError):
        registry.read("wound_care", "1.2.0")


def test_every_line_of_the_log_names_its_spec_and_time(registry: Registry, version: Callable[..., Spec]) -> None:
    promote_all(registry, [version("1.0.0"), version("1.0.1")])
    registry.rollback("wound_care", **WHO)
    for line in (registry.root / "registry.jsonl").read_text().splitlines():
        assert {"id", "version", "content_sha", "at", "event", "prev"} <= set(json.loads(line))
