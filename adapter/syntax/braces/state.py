"""The state of a reader of arguments in braces: all that is remembered between two pieces of text."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from adapter.syntax.braces.writer import ArgumentsText

if TYPE_CHECKING:
    from adapter.schema.known_place import KnownPlace
    from adapter.schema.place import Place
    from adapter.syntax.braces.literals import Literals


class Stop(Enum):
    """The reason why no more of the arguments is read."""

    COMPLETE = auto()  # the last brace is closed
    END = auto()  # the next text may end the block
    FAULT = auto()  # the text is no arguments
    LOST_QUOTE = auto()  # a closing marker in an apparent string ended the block


class Part(Enum):
    """The part of the arguments that is being read."""

    __hash__ = object.__hash__  # Enum's own is written in Python

    KEY = auto()
    VALUE = auto()  # before its first character
    WORD = auto()  # a value without quotes
    STRING = auto()  # between quote tokens
    QUOTED = auto()  # between quotes, double or single
    AFTER = auto()  # behind a value


class State:
    """The state of one reader.

    Args:
        literals: The markers of the dialect.
        place: The place of the arguments in the tool's schema, for early release of values.
        declared: The same place, for the names of the parameters.
        bracket: The opening bracket of the arguments, as the model wrote the bracket.

    Attributes:
        text: The arguments as JSON.
        said: Pieces of the JSON that may leave; whoever takes the pieces clears the list.
        stop: The reason why no more is read, once there is a reason.
        fault: The fault, if there is a fault.
        closer: Offset of the first closing marker inside the present string; -1 without a marker.
        offset: Code points read.
        base: Added to a position in the text being fed, gives an offset.
        part: The part that is being read.
        taken: Pieces of a key or a value that is being taken.
        quote: In QUOTED the quote.
        blank: In STRING nothing of the string has come yet.
        openers: Opening markers inside the present string, less the closing ones.
        loose: Brackets around the last element of a list that stood without any quotes; 0 for other values.
        at_end: The completion ends with the text being fed.
        offered: The tool is offered: a string without its end is mended, elsewhere the text may be no call.
        mended: Sentences on slips that were mended.
        faults: Sentences on text without a reading.
    """

    def __init__(self, literals: Literals, place: KnownPlace, declared: Place, bracket: str = "{") -> None:
        self.literals = literals
        self.text = ArgumentsText(place)
        self.said: list[str] = []
        self.stop: Stop | None = None
        self.fault = ""
        self.closer = -1
        self.offset = self.base = 0
        self.part = Part.KEY
        self.taken: list[str] = []
        self.quote = ""
        self.blank = True
        self.openers = self.loose = 0
        self.at_end = self.offered = False
        self.mended: list[str] = []
        self.faults: list[str] = []
        self._declared = declared
        self._given: set[str] = set()
        self._round = bracket == "("
        self.begin("{")

    def fail(self, fault: str) -> None:
        """Give up."""
        self.stop, self.fault = Stop.FAULT, fault

    def mend(self, sentence: str) -> None:
        """Note a slip that was mended."""
        if sentence not in self.mended:
            self.mended.append(sentence)

    def doubt(self, sentence: str) -> None:
        """Note text without a reading."""
        if sentence not in self.faults:
            self.faults.append(sentence)

    def begin(self, bracket: str) -> None:
        """Open an object or a list."""
        if self.text.full:
            self.fail("nested too deeply")
            return
        self.said.append(self.text.begin(bracket))
        self.part = Part.KEY if bracket == "{" else Part.VALUE
        self.taken, self.loose = [], 0

    def end(self) -> None:
        """Close the innermost bracket."""
        self.said.append(self.text.end())
        self.part, self.taken, self.loose = Part.AFTER, [], 0
        if not self.text.open:
            self.stop = Stop.COMPLETE

    def key(self, name: str) -> None:
        """Take a key."""
        if len(self.text.open) == 1:
            self._given.add(name)
        self.said.append(self.text.key(name))
        self.part, self.taken = Part.VALUE, []

    def begin_string(self) -> None:
        """Open a string between quote tokens."""
        self.said.append(self.text.begin_string())
        self.part, self.closer, self.openers, self.blank = Part.STRING, -1, 0, True

    def string(self, piece: str) -> None:
        """Take a piece of the open string."""
        self.said.append(self.text.string(piece))
        self.blank = False

    def end_string(self) -> None:
        """Close the open string."""
        self.said.append(self.text.end_string())
        self.part, self.taken, self.loose = Part.AFTER, [], 0

    def whole_string(self, value: str) -> None:
        """Take a whole string."""
        self.said += (self.text.begin_string(), self.text.string(value))
        self.end_string()

    def word(self, word: str) -> None:
        """Take a value without quotes."""
        self.said.append(self.text.word(word))
        self.part, self.taken, self.loose = Part.AFTER, [], 0

    @property
    def closers(self) -> str:
        """The characters that may close the innermost bracket."""
        if self.text.in_list:
            return "]"
        return ")}" if self._round and len(self.text.open) == 1 else "}"

    @property
    def in_braces(self) -> bool:
        """True if only braces are open."""
        return not self._round and "[" not in self.text.open

    @property
    def doubles_bracket(self) -> bool:
        """True if a brace may follow the round bracket that was written for a brace."""
        return self._round and len(self.text.open) == 1 and self.text.empty

    def closed_by(self, run: str) -> int:
        """Return the position in a run of closing brackets and white space at which all open brackets are closed by the rest.

        Returns:
            -1 if the run closes less.
        """
        place = len(run)
        for number, bracket in enumerate(self.text.open):
            place = len(run[:place].rstrip())
            wanted = "]" if bracket == "[" else ")}" if self._round and not number else "}"
            place -= 1
            if place < 0 or run[place] not in wanted:
                return -1
        return place

    def due(self, name: str) -> bool:
        """Tell if a key may come next: the tool declares the parameter, if any, and the parameter was not given yet."""
        if len(self.text.open) > 1:
            return True
        return name not in self._given and (self._declared.names(name) or self._declared.silent())
