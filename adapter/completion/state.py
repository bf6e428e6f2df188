"""The state of one completion between two deltas: the only mutable state of the parser."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from adapter.completion.left_calls import REACH
from adapter.completion.markers import Marks
from adapter.completion.text_run import TextRun
from adapter.completion.untagged_call import BareCall
from adapter.dialects.registry import resolve
from adapter.events import ReasoningDelta, TextDelta
from adapter.recent import recent
from adapter.syntax import syntax_class, untagged
from adapter.syntax.contract import SyntaxSettings
from adapter.syntax.notation import JSON
from adapter.syntax.tokens import COMMON_TOKENS
from adapter.tools.argument_types import arguments_place, known_places, parameter_types
from adapter.tools.definitions import MOST_KEPT

if TYPE_CHECKING:
    from adapter.completion.request_rules import Rules
    from adapter.completion.started_call import StartedCall
    from adapter.dialects.registry import Dialect
    from adapter.events import Event
    from adapter.options import Options
    from adapter.syntax.contract import BareSyntax, BlockReader, Syntax
    from adapter.syntax.message import Passage
    from adapter.syntax.reading import Step
    from adapter.tools.definitions import ToolSet


class Mode(Enum):
    """The kind of text at the present place."""

    __hash__ = object.__hash__  # Enum's own is written in Python

    TEXT = auto()
    REASONING = auto()
    REHEARSAL = auto()
    OPENING = auto()
    BLOCK = auto()
    PASSAGE = auto()
    INVENTED = auto()
    BARE = auto()


class Language(NamedTuple):
    """Values shared by all completions of one dialect with the same tools.

    Attributes:
        settings: Settings of the call syntax.
        syntax: Class of the call syntax. An object of the class may have state, so each completion has one of its own.
        marks: Literals with a meaning in running text.
        reader: An object of the class, for methods without state.
        untagged: Readers of calls without markers, the dialect's own first; the beginning of a text tells them apart.
        untagged_json: Reads calls without markers where upstream is held to JSON.
    """

    settings: SyntaxSettings
    syntax: type[Any]
    marks: Marks
    reader: Syntax
    untagged: tuple[BareSyntax, ...]
    untagged_json: BareSyntax

    def may_begin(self, text: str, position: int) -> bool:
        """Tell if a call without markers may begin at a position of a whole text; of tags more than the first is looked at."""
        first = text[position]
        forms = (form.bare for form in self.untagged if first in form.bare.first)
        return any(first != "<" or form.head.match(text, position) for form in forms)


@recent(MOST_KEPT, lambda _, tools, **__: tools.size)
def language(dialect: Dialect, tools: ToolSet, *, coerce: bool) -> Language:
    """Return the language of a dialect with these tools; both are constants, known by their identity."""
    tokens = tuple(dict.fromkeys((*COMMON_TOKENS, *dialect.special)))
    ends = (*tokens, *dialect.result[:1])
    types, place, known = parameter_types(tools), arguments_place(tools), known_places(tools, coerce=coerce)
    settings = SyntaxSettings(dialect.open, dialect.close, ends, dialect.form, types, place, known, frozenset(tools.by_name))
    kind = syntax_class(dialect.syntax, settings)
    reader = kind(settings)
    marks = Marks.of(dialect, reader.openings, tokens, plain=reader.has_plain_blocks)
    json, *others = untagged(settings)
    own: BareSyntax = reader if hasattr(reader, "bare") else json
    held: BareSyntax = own if own is json or reader.notation is JSON else json
    forms = tuple(dict.fromkeys((own, held, *others)))
    return Language(settings, kind, marks, reader, forms, held)


class State:
    """The state of one completion.

    Args:
        rules: Rules of the request.
        options: Options of the caller.

    Attributes:
        mode: Kind of text at the present place.
        content: The content so far.
        reasoning: The reasoning so far.
        block: Reader of the open block.
        stream: Events of the calls in the open block, or in text that may be a call without markers.
        started: Calls in the same text whose start was reported.
        passage: The open passage.
        has_passages: The syntax has passages, so that its markers mean something without calls too.
        bare: Text that may be a call without markers.
        bare_forms: Readers of calls without markers, of which the next is tried where one finds no beginning of a call.
        calls_in_thinking: A call ends the reasoning.
        may_end_unclosed: A call ends the reasoning if no closing tag follows.
        opener: In OPENING the marker that was met.
        held: In OPENING the opening marker and the text behind; in REHEARSAL, INVENTED, or a passage left out, all text so far.
        again: Text that was consumed and is to be read again.
        tail: Text that waits for more.
        may_think: Reasoning may begin here.
        mentioned: An opening marker stands in the content.
        answering: The answer behind the reasoning stands between tags.
        began: A block has begun.
        newline_first: White space before the reasoning is no content.
        may_be_bare: A call without markers may begin here.
        owed: A block ended without its closing marker, which may still come.
        echo: The payload of the block that has just ended, with the closing marker: some models write both once more.
        fenced: A code fence was opened around blocks.
        untouched: The open block may be a plain call, and its reader has seen no text.
        flow: The short way for deltas without special characters, or None.
        count: Calls reported so far, without those of the open block.
        ids: Ids of the calls of the answer, and of earlier calls.
    """

    __slots__ = (
        "_ids", "again", "answering", "bare", "bare_forms", "began", "block", "calls_in_thinking", "closed", "content", "count",
        "echo", "fenced", "flow", "has_passages", "held", "marks", "may_be_bare", "may_end_unclosed", "may_think",
        "mentioned", "mode", "newline_first", "opener", "options", "owed", "passage", "reasoning", "rules", "started",
        "stream", "syntax", "tail", "untouched",
    )  # fmt: skip

    def __init__(self, rules: Rules, options: Options) -> None:
        dialect = resolve(options.dialect)
        found = language(dialect, rules.tools, coerce=options.coerce)
        self.marks = found.marks
        self.rules = rules
        self.options = options
        self.syntax: Syntax = found.syntax(found.settings)
        self.content = TextRun(TextDelta, *((REACH,) if rules.tools and rules.choice.mode != "none" else ()))
        self.content.edge = "start" if dialect.token_first else ""
        self.newline_first = dialect.newline_first
        self.reasoning = TextRun(ReasoningDelta)
        self.reasoning.edge = "reasoning"
        self.content.space_before_block = dialect.space_before_call
        thinking = options.thinking_prefilled or rules.thinking
        self.mode = Mode.REASONING if thinking and dialect.reasoning else Mode.TEXT
        self.may_think = dialect.reasoning is not None
        self.answering = self.began = self.mentioned = False
        recovers = bool(rules.tools) and (options.recover or rules.constrained)
        forms = (found.untagged_json,) if rules.constrained else found.untagged
        self.bare_forms = [form for form in forms if recovers or form.bare.own]
        self.may_be_bare = bool(self.bare_forms) and rules.choice.mode != "none"
        self.bare: BareCall | None = None
        self.block: BlockReader | None = None
        self.passage: Passage | None = None
        self.has_passages = self.syntax.has_passages
        self.stream: Stream | None = None
        self.started: list[StartedCall] = []
        ends = dialect.calls_in_thinking if options.calls_in_thinking is None else options.calls_in_thinking
        self.calls_in_thinking = ends is True
        self.may_end_unclosed = ends == "unclosed" and rules.choice.mode != "none"
        self.opener = ""
        self.held: list[str] = []
        if self.mode is Mode.TEXT and self.syntax.begins_inside:
            self.mode = Mode.OPENING
        self.again = self.tail = self.echo = ""
        self.owed = self.fenced = self.untouched = False
        self.flow: Flow | None = None
        self.count = 0
        self._ids: set[str] | None = None  # an empty set takes 216 bytes
        self.closed = False

    @property
    def ids(self) -> set[str]:
        """The ids that no new call gets."""
        if self._ids is None:
            self._ids = set(self.rules.taken)
        return self._ids

    def begin_bare(self) -> None:
        """Begin to read text that may be a call without markers; reported early only if upstream is held to JSON."""
        self.mode = Mode.BARE
        ends = (*self.marks.tokens, *((self.marks.close,) if self.marks.close else ()), *self.bare_syntax.bare.closers)
        early = self.rules.constrained and self.rules.reports(self.rules.reply or "")
        self.bare = BareCall(self.bare_syntax, ends, early=early)

    @property
    def bare_syntax(self) -> BareSyntax:
        """The present reader of calls without markers."""
        return self.bare_forms[0]

    def next_bare(self, first: str) -> bool:
        """Choose the reader of a call without markers that may begin with this character. Returns False if there is none."""
        while self.bare_forms and first not in self.bare_forms[0].bare.first:
            del self.bare_forms[0]
        return bool(self.bare_forms)

    @property
    def open_bare(self) -> BareCall:
        """The text that may be a call without markers.

        Raises:
            RuntimeError: The mode is not BARE: a bug.
        """
        if self.bare is None:
            raise RuntimeError(f"no bare call is open in mode {self.mode}")
        return self.bare

    @property
    def open_block(self) -> BlockReader:
        """The reader of the open block.

        Raises:
            RuntimeError: The mode is not BLOCK: a bug.
        """
        if self.block is None:
            raise RuntimeError(f"no block is open in mode {self.mode}")
        return self.block


class Flow(Protocol):
    """A short way for deltas."""

    def feed(self, text: str) -> list[Event] | None:
        """Return the events of a delta; None if the delta has to be read with care, from the text on that `stop` returns."""

    def stop(self, text: str, out: list[Event]) -> str:
        """Leave the short way.

        Args:
            text: The delta.
            out: Gets events that are still to be reported.

        Returns:
            The text that is still to be read: the end of the text that has passed, and the delta.
        """


class Stream(Flow, Protocol):
    """The events of one block; `adapter.completion.call_stream.CallStream`."""

    def take(self, steps: list[Step], out: list[Event]) -> None:
        """Add the events of steps to `out`, and clear the steps."""

    def begin(self, tail: str = "") -> Flow:
        """Go on with text that the reader of the block has not consumed."""
