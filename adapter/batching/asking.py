"""A data set of requests, asked of a server: one row out for one row in, in the form of OpenAI's batches."""

from __future__ import annotations

import json
import threading
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openai import OpenAI

    from adapter.events import Problem

_PATH = "/chat/completions"
_HOPELESS = frozenset({401, 403, 404})
_PASSING = frozenset({408, 409, 429})
_OK, _SERVER_FAULT = 200, 500


class Unreachable(Exception):
    """The server cannot be asked at all; the message says the reason."""


class Request(NamedTuple):
    """A row of a data set of requests.

    Attributes:
        number: The number of the row, from 0.
        line: The row.
    """

    number: int
    line: bytes


class BadRequestRow(ValueError):
    """A row that is no request; the message says the reason."""


class RequestAsker:
    """Asks requests of a server; for several threads.

    Args:
        client: An openai client of the server, which retries.
        options: Options of `adapter.wrap`.
        model: The model of requests that name none; empty without.

    Raises:
        AdapterError: An option is none, or a dialect.
    """

    def __init__(self, client: OpenAI, options: Mapping[str, Any], model: str = "") -> None:
        import adapter

        self._present = threading.local()
        self._model = model
        self._settings = json.dumps([dict(options), model], sort_keys=True, default=repr)
        self._client: Any = adapter.wrap(client, **{**options, "on_event": self._told})
        self._answered = False

    def _told(self, problem: Problem) -> None:
        self._present.problems.append(problem)

    def fingerprint(self, line: bytes) -> str:
        """Return a checksum of a row and of the settings."""
        return blake2b(line.strip() + b"\n" + self._settings.encode("utf-8", "replace"), digest_size=8).hexdigest()

    def ask(self, request: Request) -> dict[str, Any]:
        """Ask a request.

        Returns:
            `row`, `custom_id` (that of the row), `response` with `status_code` and `body`, `error` with `code` and `message`
            where there is no response, the `problems` that the adapter told, and the checksum `request`.

        Raises:
            Unreachable: The server refuses all requests, or does not answer, and has answered none.
        """
        row: dict[str, Any] = {"row": request.number, "custom_id": None, "response": None, "error": None}
        self._present.problems = []
        try:
            found = _object(request.line)
            row["custom_id"] = found.get("custom_id")
            row |= self._answer(self._body(found))
        except BadRequestRow as error:
            row["error"] = {"code": "bad_row", "message": str(error)}
        told = [{"kind": one.kind, "message": one.message, "raw": one.raw} for one in self._present.problems]
        return {**row, "problems": told, "request": self.fingerprint(request.line)}

    def _body(self, found: Any) -> dict[str, Any]:
        """Return the body of a chat request."""
        if "body" in found and "messages" not in found:
            if not str(found.get("url", _PATH)).endswith(_PATH):
                raise BadRequestRow(f"url {found['url']!r}: only requests to …{_PATH} are asked")
            found = found["body"]
        if not isinstance(found, dict) or not isinstance(found.get("messages"), list):
            raise BadRequestRow("the row is no chat request: it has no list 'messages', and no 'body' with one")
        body = {key: value for key, value in found.items() if key not in {"stream", "stream_options", "custom_id"}}
        if found.get("stream"):
            from adapter.events import Problem

            self._told(Problem("left_out", "stream: the answer of a row is whole"))
        if self._model:
            body.setdefault("model", self._model)
        if not isinstance(body.get("model"), str):
            raise BadRequestRow("the request names no 'model'; name one there, or with --model")
        return body

    def _answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the members `response` or `error` of an answer."""
        import openai
        from openai.types.chat import ChatCompletion

        try:
            answer = self._client.post(_PATH, cast_to=ChatCompletion, body=body)
        except openai.APIStatusError as error:
            if error.status_code in _HOPELESS and not self._answered:
                raise Unreachable(f"{self._client.base_url}: {error.status_code}: {_said(error)}") from error
            shown = error.body if isinstance(error.body, dict) else {"message": _said(error)}
            return {"response": {"status_code": error.status_code, "body": {"error": shown}}}
        except openai.APIError as error:
            if not self._answered:
                raise Unreachable(f"{self._client.base_url}: {_said(error)}") from error
            return {"error": {"code": "no_answer", "message": _said(error)}}
        self._answered = True
        return {"response": {"status_code": _OK, "body": answer.model_dump(mode="json", exclude_unset=True)}}


def is_answered(row: Mapping[str, Any]) -> bool:
    """Tell if a row has the answer of a model."""
    return row["response"] is not None and bool(row["response"]["status_code"] == _OK)


def is_final(row: Mapping[str, Any]) -> bool:
    """Tell if a row of an earlier run stands: it has an answer, or an error that the same request gets again."""
    error, response = row["error"], row["response"]
    if error is not None:
        return bool(error["code"] == "bad_row")
    status = response["status_code"]
    return status < _SERVER_FAULT and status not in _PASSING and status not in _HOPELESS


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadRequestRow(f"the line is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise BadRequestRow("the line is no JSON object")
    return found


def _said(error: Exception) -> str:
    cause = f" ({error.__cause__})" if error.__cause__ else ""
    return " ".join(f"{error}{cause}".split())
