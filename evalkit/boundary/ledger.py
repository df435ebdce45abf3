"""Rules about audit records: who did what to which record, when, by which model, and who else had to agree.

They hold for the records of any system (`evalkit.boundary.records`). Each function judges the records of its kind; with
no such record among those given, nothing was there to judge, and without any records nothing is proven.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from evalkit.boundary.envelopes import ACTOR, PURPOSES
from evalkit.boundary.records import Action, Record, days_between, years_after
from evalkit.boundary.standing import Judged, Standing, StandingRule
from evalkit.figures import count

KEPT_YEARS = 6
"""45 CFR 164.316(b)(2)(i): from creation or from when it was last in effect, whichever is later."""
LONGEST_SESSION = timedelta(hours=12)
LONGEST_IDLE = timedelta(minutes=15)
LONGEST_EMERGENCY = timedelta(minutes=60)
LATEST_NOTICE_DAYS = 60
"""45 CFR 164.410(b): calendar days after discovery, and without unreasonable delay."""
LATEST_CONTINGENCY_NOTICE = timedelta(hours=24)
TOUCHES: tuple[Action, ...] = ("execute", "read", "export", "decrypt")
"""What shows somebody a record."""
SHOWN = frozenset({"valid"})
"""What a token must be for anything to be done."""
_OPERATOR: tuple[Action, ...] = ("export", "decrypt", "shred", "hold", "lift_hold")


def record_each_call_once(standing: Standing) -> Judged | None:
    """Every call has exactly one record, calls that failed too (45 CFR 164.312(b))."""
    if standing.records is None or standing.calls is None:
        return None
    made = Counter(standing.calls)
    kept = Counter(record.request_id for record in standing.records if record.action == "execute")
    judged = {
        call: _unless(kept[call] == times, f"{count(kept[call], 'record')} for {count(times, 'call')}")
        for call, times in made.items()
    }
    return {**judged, "records of no call": _unless(not kept.keys() - made.keys(), "records that no call made")}


def answer_the_auditor(standing: Standing) -> Judged | None:
    """A record of an execution says who, which fields, which spec and model, when, and which tools (164.312(b))."""

    def judge(record: Record) -> Iterator[str]:
        for name, there in (
            ("who", record.actor), ("fields", record.fields), ("spec", record.spec), ("model", record.model),
            ("tools", record.tools is not None),
        ):  # fmt: skip
            if not there and not (record.outcome == "denied" and name in {"model", "fields"}):
                yield f"does not say {name}"

    return _each(standing, judge, "execute")


def tell_actors_apart(standing: Standing) -> Judged | None:
    """An actor is one person, agent or service; a token is one actor's (45 CFR 164.312(a)(2)(i))."""
    owners: dict[str, set[str]] = {}
    for record in standing.records or ():
        if record.token_id:
            owners.setdefault(record.token_id, set()).add(record.actor)

    def judge(record: Record) -> Iterator[str]:
        yield from _unless(ACTOR.fullmatch(record.actor) is not None, "an actor that names nobody in particular")
        yield from _unless(len(owners.get(record.token_id, ())) < 2, "a token that several actors have shown")

    return _each(standing, judge)


def deny_what_is_not_granted(standing: Standing) -> Judged | None:
    """Nothing was done by a role that the table of grants does not give it (45 CFR 164.312(a)(1), 164.514(d)(2))."""
    grants = standing.deployment.operations.grants if standing.deployment is not None else None
    if grants is None:
        return None

    def judge(record: Record) -> Iterator[str]:
        granted = record.action in grants.get(record.role, ())
        yield from _unless(granted or record.outcome == "denied", "done by a role that was not granted it")

    return _each(standing, judge, *TOUCHES, "promote", "purge", "shred", "hold", "lift_hold")


def authenticate_everybody(standing: Standing) -> Judged | None:
    """Without a valid token nothing was done (45 CFR 164.312(d))."""

    def judge(record: Record) -> list[str] | None:
        if not record.token and record.outcome != "denied":
            return None
        return _unless(record.token in SHOWN or record.outcome == "denied", "done without a valid token")

    return _each(standing, judge, *TOUCHES, "promote")


def log_off(standing: Standing) -> Judged | None:
    """A token ends 12 hours after it was issued and after 15 idle minutes (45 CFR 164.312(a)(2)(iii))."""

    def judge(record: Record) -> list[str] | None:
        if record.outcome == "denied":
            return []
        if record.token_issued is None:
            return None
        problems = _unless(record.at - record.token_issued <= LONGEST_SESSION, "a token older than a session")
        idle = record.at - (record.token_last_used or record.token_issued)
        return problems + _unless(idle <= LONGEST_IDLE, "a token that was idle too long")

    return _each(standing, judge, *TOUCHES)


def account_for_emergencies(standing: Standing) -> Judged | None:
    """Emergency access has a reason, a second person, an end within the hour and an alarm (164.312(a)(2)(ii))."""
    alarms = [record.at for record in standing.records or () if record.action == "alarm"]

    def judge(record: Record) -> Iterator[str]:
        yield from _unless(bool(record.reason), "emergency access without a reason")
        yield from _unless(record.second_actor not in {"", record.actor}, "emergency access by one person alone")
        ends = record.expires is not None and record.expires - record.at <= LONGEST_EMERGENCY
        yield from _unless(ends, "emergency access without an end within the hour")
        sounded = any(timedelta(0) <= alarm - record.at <= timedelta(minutes=5) for alarm in alarms)
        yield from _unless(sounded, "emergency access without an alarm")

    return _each(standing, judge, "break_glass")


def keep_six_years(standing: Standing) -> Judged | None:
    """Nothing is purged within six years of its making or of when it was last in effect (164.316(b)(2)(i))."""

    def judge(record: Record) -> Iterator[str]:
        if record.outcome == "denied":
            return
        if record.created is None:
            yield "a purge that does not say how old the record was"
        elif record.retired is None:
            yield "purged while its spec is in effect"
        elif record.at < years_after(max(record.created, record.retired), KEPT_YEARS):
            yield "purged before six years were over"

    return _each(standing, judge, "purge")


def hold_what_is_held(standing: Standing) -> Judged | None:
    """What is under a legal hold is not purged or shredded, and two people lift a hold. (Not in the HIPAA text.)"""
    records = sorted(standing.records or (), key=lambda record: record.seq)
    held: set[str] = set()
    problems: dict[int, list[str]] = {}
    for record in records:
        if record.action == "hold":
            held.add(record.subject)
        elif record.action == "lift_hold" and record.outcome == "done":
            held.discard(record.subject)
            alone = record.second_actor in {"", record.actor}
            problems[record.seq] = ["a hold lifted by one person alone"] if alone else []
        elif record.action in {"purge", "shred"} and record.outcome != "denied":
            problems[record.seq] = _unless(record.subject not in held, "taken away under a legal hold")
    return _each(standing, lambda record: problems.get(record.seq, ()), "purge", "shred", "lift_hold")


def name_every_exception(standing: Standing) -> Judged | None:
    """A use names its purpose by a code of the closed list (45 CFR 164.502(b)(2))."""

    def judge(record: Record) -> Iterator[str]:
        yield from _unless(record.purpose in PURPOSES or record.outcome == "denied", "a purpose that is no code")

    return _each(standing, judge, *TOUCHES)


def give_notice_in_time(standing: Standing) -> Judged | None:
    """A breach is notified within the agreed days, and in 60 at most, of its discovery (45 CFR 164.410(b))."""
    limit = standing.deployment.limits.breach_notice_days if standing.deployment is not None else LATEST_NOTICE_DAYS
    notices = [record for record in standing.records or () if record.action == "notice"]

    def judge(record: Record) -> Iterator[str]:
        if record.discovered is None:
            yield "an incident without the day of its discovery"
            return
        given = [one.at for one in notices if one.incident == record.incident]
        known = min(given) if given else None
        if known is None:
            late = (standing.today - record.discovered.date()).days > limit
            yield from _unless(not late, "no notice, and the days for it are over")
        else:
            yield from _unless(days_between(record.discovered, known) <= limit, "the notice came late")

    return _each(standing, judge, "incident")


def name_everybody_affected(standing: Standing) -> Judged | None:
    """A notice lists exactly those whose records were shown while the incident was open (45 CFR 164.410(c)(1)).

    That of a contingency lists nobody and is not judged here.
    """
    incidents = {record.incident: record for record in standing.records or () if record.action == "incident"}
    others = {record.incident for record in standing.records or () if record.action == "contingency"} - set(incidents)

    def judge(record: Record) -> Iterator[str]:
        incident = incidents.get(record.incident)
        if incident is None or incident.window is None:
            yield "a notice of no incident with a window of time"
            return
        affected = _shown(standing.records or (), incident.actor, window=incident.window)
        yield from _unless(not affected - set(record.subjects), "somebody who was affected is not named")
        yield from _unless(not set(record.subjects) - affected, "somebody is named who was not affected")

    judged = _each(standing, judge, "notice")
    elsewhere = {f"record {record.seq}" for record in standing.records or () if record.incident in others}
    return None if judged is None else {name: problems for name, problems in judged.items() if name not in elsewhere}


def _shown(records: Iterable[Record], reporter: str, *, window: tuple[datetime, datetime]) -> set[str]:
    first, last = window
    return {
        record.subject
        for record in records
        if record.action in TOUCHES and record.outcome == "done" and record.subject and first <= record.at <= last
        and record.actor != reporter
    }  # fmt: skip


def ask_operators_twice(standing: Standing) -> Judged | None:
    """Export, decryption, shredding and holds take a second factor (90 FR 898, proposed multi-factor rule)."""

    def judge(record: Record) -> list[str] | None:
        if record.second_factor is None and record.outcome != "denied":
            return None
        return _unless(bool(record.second_factor) or record.outcome == "denied", "done with one factor alone")

    return _each(standing, judge, *_OPERATOR)


def tell_of_contingencies(standing: Standing) -> Judged | None:
    """That a contingency plan was activated is told within 24 hours (90 FR 898, proposed for business associates).

    Nothing is proven as long as the hours for it may not be over.
    """
    notices = [record for record in standing.records or () if record.action == "notice"]

    def judge(record: Record) -> list[str] | None:
        told = [one.at - record.at for one in notices if one.incident == record.incident]
        in_time = any(timedelta(0) <= after <= LATEST_CONTINGENCY_NOTICE for after in told)
        if not told and (standing.today - record.at.date()).days <= 1:
            return None
        return _unless(in_time, "a contingency that was not told of within 24 hours")

    return _each(standing, judge, "contingency")


def leave_nothing_after_shredding(standing: Standing) -> Judged | None:
    """What was shredded is never shown again (45 CFR 164.310(d)(2)(i))."""
    shredded: dict[str, int] = {}
    for record in standing.records or ():
        if record.action == "shred" and record.outcome == "done":
            shredded.setdefault(record.subject, record.seq)

    def judge(record: Record) -> Iterator[str]:
        gone = record.subject in shredded and record.seq > shredded[record.subject] and record.action != "execute"
        yield from _unless(not gone or record.outcome != "done", "shown after it was shredded")

    return _each(standing, judge, *TOUCHES)


def count_without_gaps(standing: Standing) -> Judged | None:
    """Records are numbered one after another, and their times never go back (45 CFR 164.312(c)(1))."""
    records = standing.records
    if records is None:
        return None
    judged: dict[str, list[str]] = {}
    for before, record in zip((None, *records), records, strict=False):
        problems = []
        if before is not None:
            problems = _unless(record.seq == before.seq + 1, "a record is missing or repeated before this one")
            problems += _unless(record.at >= before.at, "its time lies before that of the record before it")
        judged[f"record {record.seq}"] = problems
    return judged


def _each(standing: Standing, judge: Callable[[Record], Iterable[str] | None], *actions: Action) -> Judged | None:
    """Every record of these kinds, or of any, by its number; None where it does not say what it is judged by."""
    if standing.records is None:
        return None
    judged: dict[str, list[str] | None] = {}
    for record in standing.records:
        if not actions or record.action in actions:
            problems = judge(record)
            judged[f"record {record.seq}"] = None if problems is None else list(problems)
    return judged


def _unless(good: bool, what: str) -> list[str]:
    return [] if good else [what]


RULES = (
    StandingRule("one_record", "One record for each call", "45 CFR 164.312(b)", record_each_call_once),
    StandingRule("audit_answers", "Records answer an auditor", "45 CFR 164.312(b)", answer_the_auditor),
    StandingRule("record_order", "Records are numbered without gaps", "45 CFR 164.312(c)(1)", count_without_gaps),
    StandingRule("actors", "Actors and tokens are one person's", "45 CFR 164.312(a)(2)(i)", tell_actors_apart),
    StandingRule("grants", "Roles do what they were granted", "45 CFR 164.312(a)(1), 164.514(d)(2)",
                 deny_what_is_not_granted),
    StandingRule("authentication", "Nothing without a valid token", "45 CFR 164.312(d)", authenticate_everybody),
    StandingRule("logoff", "Tokens end", "45 CFR 164.312(a)(2)(iii)", log_off),
    StandingRule("emergency", "Emergency access is accounted for", "45 CFR 164.312(a)(2)(ii)", account_for_emergencies),
    StandingRule("retention", "Records are kept six years", "45 CFR 164.316(b)(2)(i)", keep_six_years),
    StandingRule("legal_hold", "Held records stay", "litigation hold, not in the HIPAA text; 45 CFR 164.316(b)(2)",
                 hold_what_is_held),
    StandingRule("exceptions", "Uses name their purpose by its code", "45 CFR 164.502(b)(2)", name_every_exception),
    StandingRule("breach_notice", "Breaches are notified in time", "45 CFR 164.410(a), (b)", give_notice_in_time),
    StandingRule("breach_content", "A notice names everybody affected", "45 CFR 164.410(c)(1)",
                 name_everybody_affected),
    StandingRule("shredding", "What was shredded stays gone", "45 CFR 164.310(d)(2)(i)", leave_nothing_after_shredding),
    StandingRule("second_factor", "Operators show a second factor", "90 FR 898", ask_operators_twice,
                 "proposed"),
    StandingRule("contingency_notice", "Contingencies are told of within 24 hours", "90 FR 898", tell_of_contingencies,
                 "proposed"),
)  # fmt: skip
