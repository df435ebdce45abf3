"""`evalkit review`: lay executions on the desk, and decide on what lies there."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import click

from evalkit.cli.audit import opened
from evalkit.errors import PromotionError
from evalkit.promotion.candidates import Room, make_candidate
from evalkit.promotion.decisions import VERDICTS, Decision
from evalkit.promotion.review import Desk, Laid
from evalkit.promotion.sources import find_executions, open_sources
from evalkit.promotion.terminal import lines_of, read_answer, review_all
from evalkit.tasks import load_spec
from evalkit.visible import visible

_SPEC = click.argument("spec")


@click.group()
def review() -> None:
    """Review recorded executions, de-identified, before they become gold cases.

    \b
    Example:
      evalkit review lay billing_codes@1.0.0 --record 17 --record 42
      evalkit review start billing_codes@1.0.0
    """


@review.command()
@_SPEC
@click.option("--record", "numbers", type=int, multiple=True, help="The execution of this number in the ledger.")
@click.option("--run", help="Every execution of this run.")
@click.option("--status", "statuses", multiple=True, type=click.Choice(["ok", "refused", "needs_review", "error"]),
              help="Of the run, those that ended so  [default: all]")  # fmt: skip
@click.option("--why", default="", help="Why they are looked at, without the person.")
def lay(spec: str, numbers: tuple[int, ...], run: str | None, statuses: tuple[str, ...], why: str) -> None:
    """De-identify executions and lay them on the desk; what cannot be is named and left.

    \b
    Example:
      evalkit review lay billing_codes@1.0.0 --run billing_codes-1.0.0-3f0c5d1e --status needs_review
    """
    document = load_spec(spec)
    with opened() as audit:
        records = find_executions(audit, document, run=run)
        chosen = [one for one in records if one.seq in numbers or (run and (not statuses or one.outcome in statuses))]
        missing = set(numbers) - {one.seq for one in chosen}
        if missing or not chosen:
            raise PromotionError(
                "no such execution of this version is on record",
                where=f"record {min(missing)}" if missing else spec,
                next_step=f"evalkit audit search --action execute --spec {document.ref}",
            )
        room = Room.of(datetime.now(UTC).date(), lambda: secrets.randbits(64))
        made, left = [], []
        for source in open_sources(audit, document, chosen, why={one.target: (why,) for one in chosen if why}):
            try:
                made.append(make_candidate(source, room))
            except PromotionError as error:
                left.append(error)
        count = Desk(audit, document).lay(made)
    for why_not in left:
        click.echo(f"left: {visible(str(why_not), most=400)}")
    click.echo(
        f"laid {count} on the desk; {len(made) - count} lay there already, {len(left)} could not be de-identified"
    )


@review.command("list")
@_SPEC
def list_(spec: str) -> None:
    """List what lies on the desk and how it stands.

    \b
    Example:
      evalkit review list billing_codes@1.0.0
    """
    with opened() as audit:
        desk = Desk(audit, load_spec(spec))
        laid = desk.look()
        both = desk.agreement()
    for one in laid:
        click.echo(f"{one.candidate.case.case_id}  {one.candidate.status:<12}  {one.outcome.standing}")
    click.echo(f"{len(laid)} candidates" + (f"; two reviewers: {both}" if both else ""))


@review.command()
@_SPEC
@click.argument("case_id")
def show(spec: str, case_id: str) -> None:
    """Show a candidate: evidence in [[ ]], invented identifiers in { }.

    \b
    Example:
      evalkit review show billing_codes@1.0.0 billing_codes-p-3f0c5d1e2a9b
    """
    with opened() as audit:
        for line in lines_of(_find(Desk(audit, load_spec(spec)), case_id)):
            click.echo(line)


@review.command()
@_SPEC
@click.argument("case_id")
@click.argument("verdict", type=click.Choice(VERDICTS))
@click.option("--reason", default="", help="One line, without the person; needed to correct or reject.")
@click.option("--answer", help="The right answer as JSON, or: refuse CODE.")
@click.option("--adjudicate", is_flag=True, help="Decide between two reviewers who differ.")
def decide(spec: str, case_id: str, verdict: str, reason: str, answer: str | None, adjudicate: bool) -> None:
    """Put one word on record.

    \b
    Example:
      evalkit review decide billing_codes@1.0.0 billing_codes-p-3f0c5d1e2a9b reject --reason "cut short"
    """
    gold, refusal = read_answer(answer) if answer is not None else (None, None)
    with opened() as audit:
        desk = Desk(audit, load_spec(spec))
        laid = _find(desk, case_id)
        decision = Decision(
            laid.candidate.digest, desk.person, verdict, reason, gold=gold, refusal=refusal, adjudicates=adjudicate  # type: ignore[arg-type]  # one of VERDICTS
        )  # fmt: skip
        click.echo(f"{case_id}: {desk.decide(laid, decision).standing}")


@review.command()
@_SPEC
@click.option("--adjudicate", is_flag=True, help="Decide between two reviewers who differ.")
def start(spec: str, adjudicate: bool) -> None:
    """Go through what waits for you, one after the other. Each word is on disk before the next is shown.

    \b
    Example:
      evalkit review start billing_codes@1.0.0
    """
    with opened() as audit:
        desk = Desk(audit, load_spec(spec))
        done = review_all(desk, ask=lambda text: str(click.prompt(text)), tell=click.echo, adjudicate=adjudicate)
    click.echo(f"{done} decided")


def _find(desk: Desk, case_id: str) -> Laid:
    found = next((one for one in desk.look() if one.candidate.case.case_id == case_id), None)
    if found is None:
        raise PromotionError("no such candidate on the desk", where=visible(case_id), next_step="evalkit review list")
    return found
