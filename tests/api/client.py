"""A client that calls an application in memory."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx


class Client:
    """Calls an application in memory."""

    def __init__(self, app, *, host: str = "http://127.0.0.1:8000", raises: bool = True) -> None:
        self.app, self._host, self._raises = app, host, raises

    def call(self, method: str, path: str, **more) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=self._raises)
            async with httpx.AsyncClient(transport=transport, base_url=self._host) as client:
                return await client.request(method, path, **more)

        with ThreadPoolExecutor(1) as apart:  # a browser test may have left a loop running here
            return apart.submit(lambda: asyncio.run(once())).result()

    def get(self, path: str, **more) -> httpx.Response:
        return self.call("GET", path, **more)

    def count(self, where: str) -> httpx.Response:
        return self.call("POST", "/api/audience/count", json={"where": where})
