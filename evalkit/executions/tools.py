"""Tools under watch: what an agent passes to a function that acts for it is seen like any other way out.

::

    find_slots = watched_tool(find_slots)          # or @watched_tool above its definition

Inside an execution, in a watched child or not, each call is kept with its arguments; outside of one nothing happens.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic_core import to_json

from evalkit.executions.execution import Sighting
from evalkit.executions.logs import notice
from evalkit.executions.watching import current_watch

Tool = TypeVar("Tool", bound=Callable[..., Any])


def watched_tool(tool: Tool) -> Tool:
    """The same tool, with every call noticed. Works for ``def`` and ``async def``."""
    name = getattr(tool, "__name__", type(tool).__name__)

    def tell(args: tuple[Any, ...], named: dict[str, Any]) -> None:
        arguments = to_json([list(args), named], fallback=str).decode()
        watch = current_watch()
        if watch is not None:
            watch.note("tool", name, arguments)
        else:
            notice(Sighting("watch", "tool", "tool"), Sighting("tool", name, arguments))

    if inspect.iscoroutinefunction(tool):

        @functools.wraps(tool)
        async def called_async(*args: Any, **named: Any) -> Any:
            tell(args, named)
            return await tool(*args, **named)

        return called_async  # type: ignore[return-value]

    @functools.wraps(tool)
    def called(*args: Any, **named: Any) -> Any:
        tell(args, named)
        return tool(*args, **named)

    return called  # type: ignore[return-value]
