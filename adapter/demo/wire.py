"""The real wire: the prompt sent upstream, and the raw completion received."""

from __future__ import annotations

import json
from typing import Any

from openai import DefaultHttpxClient, OpenAI


class Wire:
    """An openai client that remembers its last exchange, through the hooks of its HTTP client.

    Attributes:
        client: The client.
        prompt: The messages of the last request, as sent upstream.
        completion: The text of the last answer, as received.
    """

    def __init__(self, base_url: str, api_key: str) -> None:
        self.prompt: list[dict[str, Any]] = []
        self.completion = ""
        hooks: dict[str, list[Any]] = {"request": [self._request], "response": [self._response]}
        http = DefaultHttpxClient(event_hooks=hooks)
        self.client = OpenAI(base_url=base_url, api_key=api_key, http_client=http, max_retries=0, timeout=300)

    def _request(self, request: Any) -> None:
        body = request.read()
        self.prompt = json.loads(body).get("messages", []) if body else []

    def _response(self, response: Any) -> None:
        if response.status_code == 200 and "json" in response.headers.get("content-type", ""):
            response.read()
            self.completion = response.json()["choices"][0]["message"].get("content") or ""
