"""A call in a message with a type: JSON with the arguments under `args`, behind a header that may name the tool."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from adapter.syntax.json.in_tags_block import JsonBlock
from adapter.syntax.reading import End, RawCall, Reading, Unheard, moved
from adapter.text.json_spans import loads
from adapter.text.json_writer import quoted

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.syntax.contract import Follower
    from adapter.syntax.json.payload import Payload

KEY = "args"  # of the arguments
_ENTITY = r"&(?:quot|#34);"
# In the place of a quote: behind a bracket, comma or colon, or before one.
_FOR_QUOTE = re.compile(rf"(?<=[{{\[,:]){_ENTITY}|(?<=[{{\[,:] ){_ENTITY}|{_ENTITY}(?=[ \t\r\n]{{0,8}}[,:}}\]])")
_CLOSES = re.compile(rf"{_ENTITY}[ \t\r\n]{{0,8}}[,:}}\]]")
_HALF = re.compile(r"&(?:q(?:uo?)?|quot;?|#(?:34?)?|#34;)?(?:(?<=;)[ \t\r\n]{0,8})?\Z")
_SPECIAL = re.compile(r'["\\\x00-\x1f<\]}&]').search


class _Watching:
    """A follower of deltas without an entity, which may stand for a quote."""

    __slots__ = ("_follower", "special")

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self.special: Callable[[str], re.Match[str] | None] = _SPECIAL

    @property
    def in_string(self) -> bool:
        return self._follower.in_string

    @in_string.setter
    def in_string(self, value: bool) -> None:
        self._follower.in_string = value

    def follow(self, text: str) -> str | None:
        return None if "&" in text else self._follower.follow(text)


class TypedBlock(JsonBlock):
    """A reader of one block.

    Models write `&quot;` for a quote of JSON now and then. A call that is JSON as it stands keeps the entity: it is data there.

    Args:
        opening: The header.
        name: The name in the header; empty without one.
        payload: Reads the JSON.
        slips: Sentences on slips in the header.
    """

    def __init__(self, opening: str, name: str, payload: Payload, slips: tuple[str, ...] = ()) -> None:
        super().__init__(opening, payload)
        self._name = name
        self._slips = slips

    def plain(self) -> None:
        """None: the arguments stand under another key than in plain calls."""

    def follower(self) -> Follower | None:
        """The follower of the JSON, for deltas without an entity."""
        found = super().follower()
        return None if found is None else _Watching(found)

    def _step(self, text: str, position: int) -> tuple[int, End | None]:
        if "&" not in text or (self._begun and self._finder is None) or type(self.steps) is Unheard:
            return super()._step(text, position)
        found = _CLOSES.search(text, position) or _HALF.search(text, position)
        if found is None:
            return super()._step(text, position)
        if found.start() > position:
            return super()._step(text[: found.start()], position)
        if found.end() < len(text) or _CLOSES.match(text, position):
            self._doubt()
            return super()._step(text, position)
        return position, None

    def _doubt(self) -> None:
        """Say nothing more of the block before its end: a string may have ended by an entity."""
        if not self._begun:
            self._begin()
        self._strict, self.steps = None, Unheard(self.steps)
        if self._finder is not None:
            finder, self._finder = self._finder, None
            self._resume(finder)

    def read(self, end: End) -> Reading:
        """The calls of the block."""
        reading = super().read(end)
        if not reading.calls or reading.repaired:
            reading = self._with_quotes(end) or self._named(end) or reading
        names = [call.name for call in reading.calls if isinstance(call, RawCall)]
        told = self._slips if names else ()
        if self._name and names and names[0] != self._name:
            told += (f"the header of the call names {self._name!r}, and its JSON {names[0]!r}, which counts",)
        return replace(reading, mended=(*reading.mended, *told)) if told else reading

    def _written(self) -> str:
        return self._text.part(0, self._payload_end)

    def _with_quotes(self, end: End) -> Reading | None:
        """Read the payload with quotes in the place of entities; None without a call that is JSON then."""
        written = self._written()
        text = _FOR_QUOTE.sub('"', written)
        reading = None if text == written else self._payload.read(text, end)
        if reading is None or reading.repaired or not reading.calls:
            return None
        return replace(reading, calls=moved(reading.calls, None), repaired=True)

    def _named(self, end: End) -> Reading | None:
        """Read JSON without a name as the arguments of the tool that the header names, or as an object around them."""
        if not self._name or end is End.CUT:
            return None
        try:
            value = loads(self._written().strip())
        except ValueError:
            return None
        if not isinstance(value, dict) or "name" in value:
            return None
        inside = self._written().strip()
        wrapped = isinstance(value.get(KEY), dict) and len(value) == 1
        text = f'{{"name":{quoted(self._name)},' + (inside[1:] if wrapped else f'"{KEY}":{inside}}}')
        reading = self._payload.read(text, end)
        told = f"the call of {self._name!r} has its name in the header only"
        return replace(reading, calls=moved(reading.calls, None), mended=(*reading.mended, told))
