"""`evalkit review`: lay executions on the desk, and decide on what lies there."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import click

from evalkit.cli.audit import opened
from evalkit.errors import PromotionError
from evalkit.evaluation.datasets import load_gold
from evalkit.promotion.candidates import Room, make_candidate
from evalkit.promotion.decisions import VERDICTS, Decision
from evalkit.promotion.flags import flag
from evalkit.promotion.production import stored_execution, stored_executions
from evalkit.promotion.review import Desk, Laid
from evalkit.promotion.sources import sources_of
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
@click.option("--run", help="The flagged executions of this run.")
@click.option("--most", type=click.IntRange(1), default=20, show_default=True, help="Of the flagged ones, the first N.")
@click.option("--gold", help="Flag what this gold set has never shown, too.")
def lay(spec: str, numbers: tuple[int, ...], run: str | None, most: int, gold: str | None) -> None:
    """De-identify executions and lay them on the desk; what cannot be is named and left.

    Those of the numbers given, or of a run those that deserve a look, the most worth one first.

    \b
    Example:
      evalkit review lay billing_codes@1.0.0 --record 17 --record 42
      evalkit review lay billing_codes@1.0.0 --run billing_codes-1.0.0-20261124T153942-456e8a --most 30
    """
    document = load_spec(spec)
    if bool(numbers) == (run is not None):
        raise PromotionError("neither, or both, of --record and --run", next_step="say which executions are meant")
    with opened() as audit:
        if run is None:
            chosen, why = [stored_execution(audit, number) for number in numbers], {}
        else:
            stored = stored_executions(audit, spec=document.ref, run=run)
            flags = flag(stored, spec=document, gold=load_gold(gold) if gold is not None else None)[:most]
            why = {one.execution: [reason.words for reason in one.reasons] for one in flags}
            chosen = [one for one in stored if one.name in why]
        room = Room.of(datetime.now(UTC).date(), lambda: secrets.randbits(64))
        made, left = [], []
        for source in sources_of(chosen, document, origin=audit.ledger.origin, why=why):
            try:
                made.append(make_candidate(source, room))
            except PromotionError as error:
                left.append(str(error))
        count = Desk(audit, document).lay(made)
    for line in left:
        click.echo(f"left: {visible(line, most=400)}")
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
