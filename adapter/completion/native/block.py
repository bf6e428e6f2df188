"""The reader of a call of upstream's own: the name and the end come from the wire, the arguments are JSON like the model's."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from adapter.events import CallPlaces
from adapter.syntax.block import Block, Where
from adapter.syntax.json.call_forms import read_arguments
from adapter.syntax.reading import End, RawCall, Reading, Step, StepKind
from adapter.text.json_cursor import JsonCursor
from adapter.text.json_plain import in_string
from adapter.text.json_repair import repair

if TYPE_CHECKING:
    from adapter.schema.known_place import KnownPlace
    from adapter.syntax.contract import Follower


class NativeBlock(Block):
    """A reader of one call, whose text is `{"name": …, "arguments": …}` with the arguments as upstream wrote them.

    Args:
        name: The tool.
        call_id: Upstream's id of the call; empty without an id.
        place: Place of the tool's arguments in its schema.
    """

    def __init__(self, name: str, call_id: str, place: KnownPlace) -> None:
        super().__init__(f'{{"name": {json.dumps(name, ensure_ascii=False)}, "arguments": ', Where.ARGUMENTS)
        self._name, self._id = name, call_id
        self._cursor = JsonCursor(in_string(""), place)
        self.steps.append(Step(StepKind.CALL, name, id=call_id, start=0, progress=self._cursor))

    @property
    def complete(self) -> bool:
        """The arguments are a complete object or list of JSON."""
        return self._cursor.over and not self._cursor.broken

    def _step(self, text: str, position: int) -> tuple[int, End | None]:
        cursor = self._cursor
        said = cursor.feed(text[position:]) if cursor.pending or not cursor.over else ""
        if said:
            self.steps.append(Step(StepKind.TEXT, said))
        return len(text), None

    def follower(self) -> Follower | None:
        """The cursor in the arguments."""
        return None if self._cursor.over else self._cursor

    def flowed(self, text: str) -> str:
        """Consume text that was followed."""
        self._cursor.passed += len(text)
        self._text.append(text)
        self._read += len(text)
        return text

    def finish(self, tail: str, *, cut: bool) -> End:
        """End the call."""
        self._finished(tail)
        self._text.append("}")
        self._block_end += 1
        return End.CUT if cut else End.TAG

    def read(self, end: End) -> Reading:
        """The call; arguments that stay no JSON are handed on as an invalid call."""
        text = self._text.part(0, self._payload_end)
        written = text.rstrip()
        try:
            return Reading((self._with_id(read_arguments(self._name, written, CallPlaces())),))
        except ValueError as error:
            if end is End.CUT:
                return Reading((), fault=f"not JSON: {error}")
        mended = repair(written)
        call = RawCall(self._name, text) if mended is None else read_arguments(self._name, mended, CallPlaces())
        return Reading((self._with_id(call),), repaired=mended is not None)

    def _with_id(self, call: RawCall) -> RawCall:
        return replace(call, id=self._id, places=None)
