"""What stands before every request: the Host check and the security headers.

The service has no access control yet, so it must be reachable from this machine only. A browser can
be tricked into talking to it under another name (DNS rebinding); such requests carry that name in
their Host header and are refused. Foreign pages cannot read answers: no CORS header is ever sent.
"""

import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zhiyan.api.failures import answer
from zhiyan.errors import Problem

LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
_POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


def host_name(host: str) -> str:
    """Return the name in a Host header without its port and brackets, in lower case."""
    bare = host.strip().lower()
    if bare.startswith("["):
        return bare[1:].partition("]")[0]
    return bare.partition(":")[0]


class Guard:
    """Refuses foreign hosts and adds the headers; ``scope["nonce"]`` is the page's nonce."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope["nonce"] = nonce

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers["content-security-policy"] = _POLICY.format(nonce=nonce)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        host = Headers(scope=scope).get("host", "")
        if host_name(host) in LOCAL_HOSTS:
            await self._app(scope, receive, guarded)
            return
        refusal = answer(
            Request(scope),
            421,
            Problem(
                code="ZY604",
                message="this service answers only to names of this machine",
                where=host[:200],
                hint="open it as http://127.0.0.1:PORT",
            ),
        )
        await refusal(scope, receive, guarded)
