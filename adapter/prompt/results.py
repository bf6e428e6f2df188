"""Tool results as messages of the role that the dialect, or the caller, gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.prompt.call_ids import shown_id
from adapter.prompt.native import NATIVE
from adapter.prompt.parts import with_media

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapter.dialects.registry import Dialect


def result_messages(dialect: Dialect, results: Sequence[Mapping[str, str]], media: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """Render neighbouring results.

    In the role `user` the results are a single message, with media after its text. In the role `tool` each result is a message
    with its `tool_call_id`, which servers require; chat templates group neighbouring results if the model wants groups. Media
    follow in a message of the user, because servers refuse media in `tool` messages.

    Args:
        dialect: The dialect, with the form and the role of results.
        results: Mappings with `content`, `name` and `id`.
        media: Parts of the results other than text.
    """
    if dialect.result_role == "tool":
        plain: list[dict[str, Any]] = [
            {
                "role": "tool",
                "tool_call_id": result["id"],
                "content": dialect.tool_results([result]),
                NATIVE: {"results": _shown([result], dialect)},
            }
            for result in results
        ]
        return [*plain, {"role": "user", "content": list(media)}] if media else plain
    content = with_media(dialect.tool_results(results), media)
    return [{"role": "user", "content": content, NATIVE: {"results": _shown(results, dialect)}}]


def _shown(results: Sequence[Mapping[str, str]], dialect: Dialect) -> list[dict[str, str]]:
    return [{**result, "id": shown_id(result["id"], dialect.call_ids)} for result in results]
