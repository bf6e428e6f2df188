"""Tokens counted by a model server: `/tokenize` of llama.cpp, vLLM and SGLang, `/apply-template` of llama.cpp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from adapter.errors import TokenizerError

_MOST_KEPT = 4096
_ELSE = "give a tokenizer.json or a .gguf file"


class ServerTokenizer:
    """Counts with the tokenizer of a server.

    Args:
        client: An openai client.
        model: The model's name.

    Raises:
        TokenizerError: The server cannot be reached, or has no `/tokenize`.
    """

    def __init__(self, client: Any, model: str) -> None:
        self._client = client
        self._model = model
        self._known: dict[str, int] = {}
        parts = urlsplit(str(client.base_url))
        self._root = urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/").removesuffix("/v1"), "", ""))

    def __call__(self, text: str) -> int:
        """Return the number of tokens of a text."""
        if not text:
            return 0
        if text not in self._known:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            self._known[text] = self._counted(text)
        return self._known[text]

    def _counted(self, text: str) -> int:
        # `content` is llama.cpp's name of the text, `prompt` that of vLLM and SGLang; each leaves the other's fields alone.
        body = {"content": text, "prompt": text, "add_special": False, "parse_special": True, "add_special_tokens": False}
        answer = self._asked("/tokenize", {**body, **({"model": self._model} if self._model else {})})
        if isinstance(answer, Mapping):
            count, tokens = answer.get("count"), answer.get("tokens")
            if isinstance(tokens, Sequence) and not isinstance(tokens, str):
                return len(tokens)
            if isinstance(count, int) and count >= 0:
                return count
        raise TokenizerError(f"{self._root}/tokenize answered without a count; {_ELSE}")

    def rendered(self, messages: Sequence[Mapping[str, Any]]) -> str | None:
        """Return the text that the server makes of messages; None for a server that does not tell."""
        try:
            answer = self._asked("/apply-template", {"messages": list(messages)})
        except TokenizerError:
            return None
        prompt = answer.get("prompt") if isinstance(answer, Mapping) else None
        return prompt if isinstance(prompt, str) else None

    def _asked(self, path: str, body: Mapping[str, Any]) -> Any:
        """Return the decoded answer to a request beside the API."""
        from openai import APIError, APIStatusError

        url = self._root + path
        try:
            return self._client.post(url, body=dict(body), cast_to=object)
        except APIStatusError as error:
            message = f"{url} answered {error.status_code}: the server does not count tokens there; {_ELSE}"
            raise TokenizerError(message) from error
        except ValueError as error:
            raise TokenizerError(f"{url} answered no JSON; {_ELSE}") from error
        except APIError as error:
            raise TokenizerError(f"{url}: {error.message.rstrip('.')}; {_ELSE}") from error
