"""`ToolRouter`: out of many tools those that a turn of a conversation needs."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from adapter.errors import BadRequest
from adapter.routing.asked import read_asked
from adapter.routing.definition import read_definition
from adapter.routing.index import Index
from adapter.routing.meaning import Meaning, combined
from adapter.routing.selection import Kind, SelectedTool, ToolSelection
from adapter.tools.one_tool import ToolDefinition, wrong_type

if TYPE_CHECKING:
    from adapter.routing.asked import Asked
    from adapter.routing.meaning import Embed

_SHOWN = 4  # words in a reason


class ToolRouter:
    """Chooses the tools for a turn by the words of the conversation (BM25), and by the caller's embeddings if given.

        router = adapter.ToolRouter(tools, limit=8, always=["search_tools"])
        client.chat.completions.create(messages=messages, tools=router.select(messages).tools, …)

    A router never changes and may be shared by threads. The definitions are read once: after a change of the tools make a new
    router, or call `with_tools`, which keeps the embeddings.

    Args:
        tools: Functions and custom tools, as in a chat request's `tools`, or flat as in the Responses
            API; or a `ToolSet`.
        limit: Tools in a selection at most, from 1.
        always: Names of tools that are in every selection.
        embed: A function from a list of texts to a list of vectors, one for each text. Called once for all tools, at the first
            selection, and once for each new text of the user's, together with its sentences.

    Attributes:
        tools: The definitions, in the caller's order.
        by_name: The definitions by name, in the caller's order.
        limit: As given.
        always: As given.

    Raises:
        BadRequest: A definition cannot be read, or two tools have the same name; `param` names the place.
        ValueError: `limit` is below 1, `always` names no tool, or more tools than `limit`.
        TypeError: An argument of another type.
    """

    def __init__(
        self,
        tools: Iterable[Mapping[str, Any] | ToolDefinition],
        limit: int = 20,
        always: Iterable[str] = (),
        embed: Embed | None = None,
    ) -> None:
        if isinstance(tools, str | bytes | Mapping) or not isinstance(tools, Iterable):
            raise wrong_type("tools", tools, "a list of tool definitions")
        if embed is not None and not callable(embed):
            raise TypeError(f"embed is a function from a list of texts to a list of vectors, not {embed!r}")
        self.tools = tuple(item.wire if isinstance(item, ToolDefinition) else item for item in tools)
        self.limit = _checked_limit(limit)
        definitions = [read_definition(item, f"tools[{place}]") for place, item in enumerate(self.tools)]
        self._names = [one.name for one in definitions]
        self._places = _places(self._names)
        self.by_name = dict(zip(self._names, self.tools, strict=True))
        self._texts = [one.texts for one in definitions]
        self.always = tuple(dict.fromkeys(self.known(always, "always")))
        _check_room(self.always, "always", self.limit)
        self._index = Index(definitions)
        self._meaning = None if embed is None else Meaning(embed)

    def __repr__(self) -> str:
        embed = ", embed=…" if self._meaning else ""
        return f"ToolRouter({len(self.tools)} tools, limit={self.limit}, always={list(self.always)}{embed})"

    def with_tools(self, tools: Iterable[Mapping[str, Any] | ToolDefinition]) -> ToolRouter:
        """Return a router over other tools with the same settings; definitions that stay keep their embeddings.

        Raises:
            BadRequest: A definition cannot be read.
            ValueError: `always` names a tool that is gone.
        """
        router = ToolRouter(tools, self.limit, self.always)
        router._meaning = self._meaning and self._meaning.only(router._texts)
        return router

    def select(self, messages: Any, *, keep: Iterable[str] = (), limit: int | None = None) -> ToolSelection:
        """Choose the tools for the next turn.

        Tools of `always` and `keep` come first, then tools that the model has called, the last call first, for at most half of
        the places left, then the others by their score; ties go by the caller's order. The last turn of the user counts most,
        earlier turns less and less, tool results and the model's words a quarter. A selection has fewer tools than the limit
        where fewer meet.

        Args:
            messages: Chat messages, items of the Responses API, a client's own message objects, or one text.
            keep: Names of further tools for this turn, such as that of a `tool_choice`.
            limit: Tools at most in this selection; None for the router's limit.

        Raises:
            BadRequest: `messages` is no conversation.
            ValueError: `keep` names no tool, or more tools than have place; or `embed` returned no usable vectors.
        """
        most = self.limit if limit is None else _checked_limit(limit)
        asked = read_asked(messages)
        kept = dict.fromkeys([*self.always, *self.known(keep, "keep")])
        _check_room(kept, "always and keep", most)
        found = {term: self._index.impacts(term) for term in asked.terms}
        words = self._scores(asked, found)
        scores = words if self._meaning is None else combined(words, self._meaning.cosines(self._texts, asked.texts))
        kinds: dict[int, Kind] = {self._places[name]: "always" if name in self.always else "kept" for name in kept}
        called = [self._places[name] for name in asked.called if name in self._places and name not in kept]
        room = (most - len(kinds) + 1) // 2
        kinds.update((place, "called") for place in called[:room])
        self._fill(kinds, scores, most)
        met = self._met(asked, found, kinds)
        selected = tuple(self._selected(place, kinds[place], scores[place], met.get(place, [])) for place in sorted(kinds))
        return ToolSelection(selected, tuple(self._names[place] for place in called if place not in kinds))

    def known(self, names: Iterable[str], argument: str) -> list[str]:
        """Return names, which are names of tools.

        Args:
            names: The names.
            argument: The caller's word for them, for messages.

        Raises:
            ValueError: A name is no tool's.
            TypeError: No list of names.
        """
        if isinstance(names, str) or not isinstance(names, Iterable):
            raise TypeError(f"{argument} is a list of names of tools, not {names!r}")
        listed: list[Any] = list(names)
        for name in listed:
            if not isinstance(name, str) or name not in self._places:
                near = difflib.get_close_matches(str(name), list(self._places), 1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise ValueError(f"{argument} names {name!r}, which is none of the {len(self._places)} tools{hint}")
        return listed

    def _scores(self, asked: Asked, found: Mapping[str, Sequence[tuple[int, float]]]) -> list[float]:
        scores = [0.0] * len(self.tools)
        for term, (weight, _) in asked.terms.items():
            for place, impact in found[term]:
                scores[place] += weight * impact
        return scores

    def _fill(self, kinds: dict[int, Kind], scores: Sequence[float], most: int) -> None:
        """Give the places left to the tools with the best scores."""
        kind: Kind = "fits" if len(scores) <= most else "words" if self._meaning is None else "meaning"
        least = 0.0 if kind == "words" else float("-inf")
        for place in sorted((place for place, score in enumerate(scores) if score > least), key=lambda place: -scores[place]):
            if len(kinds) >= most:
                return
            kinds.setdefault(place, kind)
        if kind == "words" and not any(scores):
            for place in range(len(scores)):
                if len(kinds) < most:
                    kinds.setdefault(place, "fallback")

    def _met(
        self, asked: Asked, found: Mapping[str, Sequence[tuple[int, float]]], kinds: Mapping[int, Kind]
    ) -> dict[int, list[tuple[float, str]]]:
        """Return the words that met each chosen tool, with their share of its score."""
        met: dict[int, list[tuple[float, str]]] = {}
        for term, (weight, word) in asked.terms.items():
            for place, impact in found[term]:
                if place in kinds:
                    met.setdefault(place, []).append((-weight * impact, word))
        return met

    def _selected(self, place: int, kind: Kind, score: float, met: list[tuple[float, str]]) -> SelectedTool:
        words = ", ".join(repr(word) for _, word in sorted(met)[:_SHOWN])
        if kind == "fits" and met:
            kind = "words"
        reason = _REASONS[kind] + (f"{': ' if kind == 'words' else '; words in common: '}{words}" if words else "")
        return SelectedTool(self._names[place], self.tools[place], score, kind, reason)


_REASONS: dict[Kind, str] = {
    "always": "in every selection",
    "kept": "named for this turn",
    "called": "called before",
    "words": "words in common",
    "meaning": "near in meaning",
    "fits": "all tools fit within the limit",
    "fallback": "nothing in the conversation meets a tool: the first tools stand in",
}


def _checked_limit(limit: Any) -> int:
    if isinstance(limit, bool) or not isinstance(limit, int):
        raise TypeError(f"limit is a number of tools, not {limit!r}")
    if limit < 1:
        raise ValueError(f"limit is at least 1, not {limit!r}")
    return limit


def _check_room(names: Collection[str], argument: str, limit: int) -> None:
    if len(names) > limit:
        raise ValueError(
            f"more tools than have place: {argument} with {len(names)}, limit={limit}; raise the limit, or name fewer"
        )


def _places(names: Sequence[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        if places.setdefault(name, place) != place:
            raise BadRequest(
                f"Duplicate function name {name!r}: tools[{places[name]}] has it too. Give each tool a name of its own.",
                param=f"tools[{place}]",
            )
    return places
