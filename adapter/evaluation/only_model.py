"""The model of a server that has a single one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from adapter.evaluation.arms import BadArm

if TYPE_CHECKING:
    from openai import OpenAI

_MOST_NAMED = 8


def listed_models(client: OpenAI) -> list[str]:
    """Return the names of a server's models, in its order.

    Raises:
        openai.APIError: The server does not answer, or with an error.
        ValueError: The answer is no list of models: a page for people, say.
    """
    body = client.models.with_raw_response.list().http_response.content  # the client's own reader stumbles over a page
    try:
        return [str(model["id"]) for model in json.loads(body)["data"]]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError("/models answered with no list of models; check the URL (http://host:port/v1)") from error


def only_model(client: OpenAI, url: str) -> str:
    """Return the name of a server's only model.

    Raises:
        BadArm: The server does not answer, or has no model or several.
    """
    import openai

    try:
        names = listed_models(client)
    except ValueError as error:
        raise BadArm(f"{url}: {error}") from error
    except openai.APIStatusError as error:
        wrong_key = error.status_code in {401, 403}
        fix = (
            "give the key with --api-key-env VAR" if wrong_key else "give --model NAME, or check the URL (http://host:port/v1)"
        )
        raise BadArm(f"{url}: /models answered {error.status_code}; {fix}") from error
    except openai.APIError as error:
        raise BadArm(f"{url}: no answer ({error.__cause__ or error}); start the server, or check the URL") from error
    if len(names) != 1:
        more = ", …" if len(names) > _MOST_NAMED else ""
        shown = f"has {', '.join(names[:_MOST_NAMED])}{more}" if names else "names no model"
        raise BadArm(f"{url} {shown}; give --model NAME")
    return names[0]
