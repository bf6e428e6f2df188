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
    """Results that follow one another.

    As `user` they are one message, with images and the like after its text. As `tool` each is a message with its
    `tool_call_id`, which servers ask for; their chat templates group neighbouring ones where the model wants that. Images
    follow in a message of the user's, for servers refuse them in `tool` messages.

    Args:
        dialect: How results are written, and by whom.
        results: Each with `content`, `name` and `id`.
        media: Parts of the results that are no text.
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
