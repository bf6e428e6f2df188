"""A gateway that only passes on: a raw ASGI application with aiohttp to upstream, given a port and upstream's address."""

from __future__ import annotations

import sys
from typing import Any

import aiohttp
import uvicorn


def application(upstream: str) -> Any:
    """The application."""
    session: aiohttp.ClientSession | None = None

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        nonlocal session
        if scope["type"] != "http":
            raise RuntimeError("no lifespan")
        if session is None:
            session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {"content-type": "application/json"}
        async with session.post(upstream + scope["path"].removeprefix("/v1"), data=body, headers=headers) as answer:
            kind = answer.headers["content-type"].encode()
            await send({"type": "http.response.start", "status": answer.status, "headers": [(b"content-type", kind)]})
            async for data in answer.content.iter_any():
                await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return app


if __name__ == "__main__":
    uvicorn.run(
        application(sys.argv[2]), port=int(sys.argv[1]), http="httptools", lifespan="off", access_log=False, log_level="error"
    )
