"""An agent behind HTTPS. All egress of requests is in this file.

HTTPS with TLS 1.2 or newer and verified certificates (45 CFR 164.312(e)(1)); plain HTTP only to the loopback
interface. No redirect is followed, no proxy taken from the environment, no cookie kept, no compressed reply accepted.
What goes wrong is an AgentError with a host, a status or a class in it: never the token, the request or the reply.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import secrets
import ssl
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from evalkit.agents.agent import Reply, Request
from evalkit.agents.wire import read_reply, write_request
from evalkit.digests import digest_bytes
from evalkit.errors import AgentError
from evalkit.spec.strictjson import MAX_BYTES

if TYPE_CHECKING:
    import httpx

MAX_REPLY_BYTES = MAX_BYTES
CONNECT_SECONDS = 10.0
FIRST_PAUSE = 0.5
"""Seconds before the first retry; each further pause is twice as long."""
LONGEST_PAUSE = 30.0
"""Seconds; what a server asks for in Retry-After is capped here as well."""
RETRIED = frozenset({429, 502, 503, 504})
MAY_REFUSE = frozenset({400, 403, 422})
"""A refusal may come with these instead of 200, in the same body."""

Notice = Callable[[str, str], None]
"""Told of every answer: ``("headers", ...)``, and ``("body", ...)`` where the body is no reply."""


def endpoint(
    url: str,
    *,
    token: str | None = None,
    token_env: str | None = None,
    timeout: float = 30.0,
    retries: int = 3,
    ca: str | Path | None = None,
) -> Endpoint:
    """An async agent that sends each request by POST to ``url``, in the wire form of `evalkit.agents.wire`.

    ``token`` goes as ``Authorization: Bearer``; ``token_env`` names an environment variable that holds it.
    ``timeout`` is in seconds, for one attempt from connecting to the last byte. Statuses 429, 502, 503 and 504,
    timeouts and broken connections are tried again ``retries`` times with the same ``Idempotency-Key``. ``ca`` is a
    PEM file of certificates to trust instead of the system's.

    Raises AgentError for an address that is not safe, a token that is missing or malformed, or an unreadable ``ca``.
    """
    address = _check_address(url)
    if token_env is not None:
        token = token or os.environ.get(token_env)
        if not token:
            raise AgentError(
                "the token's environment variable is not set", where=token_env, next_step=f"export {token_env}"
            )
    if token is not None and not (token.isascii() and token.isprintable() and " " not in token and token):
        raise AgentError("the token is not printable ASCII without spaces", next_step="check for a stray newline")
    if timeout <= 0 or retries < 0:
        raise AgentError("timeout is positive and retries are not negative", where="endpoint")
    headers = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    made = Endpoint(address, headers, timeout=timeout, retries=retries, trust=_trust(ca))
    made.ca = None if ca is None else str(ca)
    return made


class Endpoint:
    """A remote agent. Made by `endpoint`. One connection pool per event loop, closed with the loop or by `aclose`."""

    __slots__ = ("_headers", "_host", "_pools", "_retries", "_timeout", "_trust", "_url", "agent_id", "ca", "notice")

    def __init__(
        self, address: SplitResult, headers: dict[str, str], *, timeout: float, retries: int, trust: ssl.SSLContext
    ) -> None:
        self._url = address.geturl()
        self._host = address.netloc
        self._headers = headers
        self._timeout = timeout
        self._retries = retries
        self._trust = trust
        self._pools: dict[asyncio.AbstractEventLoop, _Pool] = {}
        self.ca: str | None = None
        """The PEM file that is trusted instead of the system's certificates."""
        self.notice: Notice | None = None
        """Set by whoever watches (`evalkit.executions.taps`)."""
        self.agent_id = f"endpoint:{self._host}@{digest_bytes(self._url.encode())[:8]}"

    async def __call__(self, request: Request) -> Reply:
        """Ask the remote agent. Raises AgentError when there is no reply, or none that can be read."""
        body = write_request(request)
        headers = {"Idempotency-Key": secrets.token_hex(16)}  # one for all attempts, another for each new call
        for attempt in range(self._retries + 1):
            answer = await self._ask(body, headers)
            if isinstance(answer, Reply):
                return answer
            if not answer.again or attempt == self._retries:
                raise AgentError(answer.what, where=self._host, next_step=answer.next_step)
            await asyncio.sleep(pause_before_retry(request.request_id, attempt, answer.retry_after))
        raise AssertionError("the last attempt returns or raises")

    @property
    def address(self) -> str:
        """Where requests go. Holds no secret: an address with a user, query or fragment is refused."""
        return self._url

    async def aclose(self) -> None:
        """Close the connections of the running event loop. Without it they close when the loop shuts down."""
        pool = self._pools.get(asyncio.get_running_loop())
        if pool is not None:
            await pool.keeper.aclose()

    async def _ask(self, body: bytes, headers: dict[str, str]) -> Reply | _Failed:
        """One attempt. Failures are returned, not raised, so that no error keeps a cause that holds the request."""
        import httpx

        client = await self._client()
        try:
            async with asyncio.timeout(self._timeout):
                async with client.stream("POST", self._url, content=body, headers=headers) as response:
                    return await self._read(response)
        except (TimeoutError, httpx.TimeoutException):
            return _Failed(f"no reply within {self._timeout:g} s", again=True)
        except httpx.TransportError as error:
            if _is_about_the_certificate(error):
                return _Failed("the server's certificate is not trusted", next_step="check the address, or give ca=")
            return _Failed(f"the connection failed ({type(error).__name__})", again=True)
        except httpx.HTTPError as error:
            return _Failed(f"the request failed ({type(error).__name__})")
        finally:
            client.cookies.clear()

    async def _read(self, response: httpx.Response) -> Reply | _Failed:
        answer: Reply | _Failed | None = _judge_head(response)
        body = bytearray()
        if answer is None or self.notice is not None:  # the body of a failure interests nobody but a watcher
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > MAX_REPLY_BYTES:
                    answer = _Failed(f"the reply is larger than {MAX_REPLY_BYTES} bytes")
                    break
        answer = answer or _parse(response.status_code, bytes(body))
        if self.notice is not None:
            lines = [f"{name}: {value}" for name, value in response.headers.items()]
            self.notice("headers", "\n".join([response.reason_phrase, *lines]))
            if not isinstance(answer, Reply):
                self.notice("body", bytes(body).decode("utf-8", "backslashreplace"))
        return answer

    async def _client(self) -> httpx.AsyncClient:
        """The client of the running loop, opened on first use."""
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None:
            client = self._open()
            pool = self._pools[loop] = _Pool(client, self._keep(loop, client))
            await anext(pool.keeper)
        return pool.client

    async def _keep(self, loop: asyncio.AbstractEventLoop, client: httpx.AsyncClient) -> AsyncGenerator[None]:
        """Closes the client with its loop.

        An event loop finalises its async generators when it shuts down (`asyncio.run`, `asyncio.Runner` and the runner
        of executions see to that), so the sockets close with the loop that they belong to, whoever runs it.
        """
        try:
            yield
        finally:
            self._pools.pop(loop, None)
            await client.aclose()

    def _open(self) -> httpx.AsyncClient:
        import httpx

        return httpx.AsyncClient(
            headers=self._headers,
            verify=self._trust,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(self._timeout, connect=min(CONNECT_SECONDS, self._timeout)),
            limits=httpx.Limits(max_connections=1000, max_keepalive_connections=100),
        )

    def __repr__(self) -> str:
        return f"Endpoint({self._host})"


@dataclass(frozen=True, slots=True)
class _Pool:
    """The client of one event loop, and the async generator that closes it."""

    client: httpx.AsyncClient
    keeper: AsyncGenerator[None]


@dataclass(frozen=True, slots=True)
class _Failed:
    """Why one attempt gave no reply, and whether to try again."""

    what: str
    again: bool = False
    retry_after: str | None = None
    next_step: str | None = None


def pause_before_retry(request_id: str, attempt: int, retry_after: str | None = None) -> float:
    """Seconds to wait after attempt number ``attempt`` (from 0): exponential back-off with jitter.

    The jitter is drawn from the request id, between half and the whole of the pause, so that requests which failed
    together do not come back together and a run repeats. ``Retry-After`` (RFC 9110, seconds or a date) is honoured
    up to `LONGEST_PAUSE`.
    """
    asked = _seconds(retry_after) if retry_after is not None else None
    if asked is not None:
        return min(max(asked, 0.0), LONGEST_PAUSE)
    draw = int(digest_bytes(f"{request_id}\n{attempt}".encode())[:8], 16) / 0xFFFFFFFF
    return min(FIRST_PAUSE * 2.0 ** min(attempt, 16), LONGEST_PAUSE) * (0.5 + draw / 2)


def _seconds(retry_after: str) -> float | None:
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp()


def _judge_head(response: httpx.Response) -> _Failed | None:
    """What status and headers alone make a failure; None where the body decides."""
    status = response.status_code
    if status in RETRIED:
        return _Failed(f"HTTP status {status}", again=True, retry_after=response.headers.get("Retry-After"))
    if 300 <= status < 400:
        return _Failed(f"HTTP status {status}: redirects are not followed", next_step="give the final address")
    if status != HTTPStatus.OK and status not in MAY_REFUSE:
        return _Failed(f"HTTP status {status}")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        return _Failed("the reply is compressed, which was not asked for")
    return None


def _parse(status: int, body: bytes) -> Reply | _Failed:
    try:
        reply = read_reply(body)
    except AgentError as error:
        what, next_step = error.what, error.next_step
    else:
        if status == HTTPStatus.OK or reply.status == "refused":
            return reply
        return _Failed(f"HTTP status {status} with an answer in it")
    return _Failed(what, next_step=next_step) if status == HTTPStatus.OK else _Failed(f"HTTP status {status}")


def _check_address(url: str) -> SplitResult:
    """The parts of an address that is safe to send PHI to. The errors do not show it: a secret may stand in it."""
    try:
        address = urlsplit(url)
        host, _ = address.hostname, address.port
    except ValueError:
        host = None
    if not host or not url.isascii() or not url.isprintable() or " " in url:
        raise AgentError("the agent's address is not a URL", where="endpoint", next_step="give https://host/path")
    if address.username is not None or address.query or address.fragment:
        raise AgentError(
            "the agent's address holds a user, a query or a fragment, which logs would show",
            where=f"endpoint {host}",
            next_step="give a token instead",
        )
    if address.scheme != "https" and not (address.scheme == "http" and _is_loopback(host)):
        raise AgentError(
            "requests go over https; plain http only to the loopback interface",
            where=f"endpoint {host}",
            next_step="give an https:// address",
        )
    return address


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _trust(ca: str | Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(ca) if ca is not None else None)
    except (OSError, ssl.SSLError):
        raise AgentError(
            "the file of trusted certificates cannot be read", where="ca", next_step="give a PEM file"
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _is_about_the_certificate(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
