"""The command line: parse, call, exit code.

Exit codes: 0 pass, 1 gate failed, 2 usage or bad input, 3 undecided, 4 incomplete.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import sys
from collections.abc import Sequence

import click

from evalkit.errors import EvalkitError
from evalkit.visible import visible

_LINE = 2000
"""Characters of an error on stderr."""

COMMANDS = {
    "demo": "evalkit.cli.demo:demo",
    "synthesize": "evalkit.cli.cases:synthesize",
    "check-identifiers": "evalkit.cli.cases:check_identifiers",
    "check": "evalkit.cli.evaluation:check",
    "inventory": "evalkit.cli.inventory:inventory",
    "evaluate": "evalkit.cli.evaluation:evaluate",
    "compare": "evalkit.cli.judgement:compare",
    "gate": "evalkit.cli.judgement:gate",
    "plan": "evalkit.cli.plan:plan",
    "report": "evalkit.cli.judgement:report",
    "browse": "evalkit.cli.browse:browse",
    "track": "evalkit.cli.judgement:track",
    "suite": "evalkit.cli.suite:suite",
    "drift": "evalkit.cli.drift:drift",
    "calibrate": "evalkit.cli.calibration:calibrate",
    "runs": "evalkit.cli.runs:runs",
    "spec": "evalkit.cli.spec:spec",
    "import": "evalkit.cli.imports:import_",
    "export": "evalkit.cli.exports:export",
    "flags": "evalkit.cli.flags:flags",
    "replay": "evalkit.cli.replay:replay",
    "audit": "evalkit.cli.audit:audit",
    "records": "evalkit.cli.records:records",
    "review": "evalkit.cli.review:review",
    "promote": "evalkit.cli.promote:promote",
    "init": "evalkit.cli.init:init",
    "doctor": "evalkit.cli.doctor:doctor",
}
"""Command -> where it stands. A module is imported when its command is used, so that ``--help`` is quick."""


class LazyGroup(click.Group):
    """A group that imports a command when it is used."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Every command, in the order of the main job."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 pass, 1 gate failed, 2 usage or bad input, 3 undecided, 4 incomplete.",
)
@click.version_option(package_name="evalkit", prog_name="evalkit")
def cli() -> None:
    """Test and evaluate AI agents that handle protected health information.

    \b
    Example:
      evalkit evaluate billing_codes@2.0.0 --synthesize 400 --seed 7
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code: every expected error is one line on stderr and code 2."""
    try:
        code = cli.main(list(arguments), prog_name="evalkit", standalone_mode=False)
    except click.ClickException as usage:
        usage.show()
        return 2
    except click.Abort:
        click.echo("interrupted: what is journalled is kept, the same command goes on from there", err=True)
        return 4
    except EvalkitError as error:
        click.echo(f"evalkit: {visible(str(error), most=_LINE)}", err=True)
        return 2
    return code if isinstance(code, int) else 0


def main() -> None:
    """The console script."""
    _leave_no_core()
    gc.set_threshold(100_000, 50, 50)  # a command makes many records and few cycles: looking for them took half of it
    code = run(sys.argv[1:])
    gc.freeze()  # what is left goes with the process: no last search for cycles
    sys.exit(code)


def _leave_no_core() -> None:
    """A process that crashes would leave its memory in a file, and with it what is sealed everywhere else."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
