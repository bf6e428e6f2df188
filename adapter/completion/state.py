"""All that is remembered between two deltas of one completion: the only mutable state there is."""

from __future__ import annotations

import functools
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from adapter.completion.markers import Marks
from adapter.completion.text_run import Run
from adapter.completion.untagged_call import BareCall
from adapter.dialects.registry import resolve
from adapter.events import ReasoningDelta, TextDelta
from adapter.syntax import syntax_class
from adapter.syntax.contract import SyntaxSettings
from adapter.syntax.json.in_tags import JsonInTags
from adapter.syntax.tokens import COMMON_TOKENS
from adapter.tools.argument_types import arguments_place, known_places, parameter_types

if TYPE_CHECKING:
    from adapter.completion.json_calls import CallTracker
    from adapter.completion.request_rules import Rules
    from adapter.completion.step_calls import StepTracker
    from adapter.dialects.registry import Dialect
    from adapter.events import Event
    from adapter.options import Options
    from adapter.syntax.contract import BareSyntax, BlockReader, Syntax
    from adapter.syntax.message import Passage
    from adapter.tools.definitions import ToolSet


# Of how many dialects and sets of tools it is kept how their completions are read.
_MOST = 64


class Mode(Enum):
    """What is being read."""

    __hash__ = object.__hash__  # Enum's own is written in Python

    TEXT = auto()
    REASONING = auto()
    OPENING = auto()
    BLOCK = auto()
    PASSAGE = auto()
    INVENTED = auto()
    BARE = auto()


class Language(NamedTuple):
    """What is the same for all completions of a dialect's models that were offered the same tools.

    Attributes:
        settings: What the call syntax is told.
        syntax: The class that reads calls. What it makes has a state of its own, so each completion has one made.
        marks: The literals that mean something.
        reader: One that calls are read by which need no state.
    """

    settings: SyntaxSettings
    syntax: type[Any]
    marks: Marks
    reader: Syntax


@functools.lru_cache(maxsize=_MOST)
def language(dialect: Dialect, tools: ToolSet, coerce: bool) -> Language:
    """How completions are read; neither the dialect nor the tools ever change, and both are known by their identity."""
    tokens = tuple(dict.fromkeys((*COMMON_TOKENS, *dialect.special)))
    ends = (*tokens, *dialect.result[:1])
    types, place, known = parameter_types(tools), arguments_place(tools), known_places(tools if coerce else ())
    settings = SyntaxSettings(dialect.open, dialect.close, ends, dialect.form, types, place, known)
    kind = syntax_class(dialect.syntax, settings)
    reader = kind(settings)
    return Language(settings, kind, Marks.of(dialect, reader.openings, tokens), reader)


class State:
    """One completion on its way through the parser.

    Args:
        rules: What the request says.
        options: What the caller chose.

    Attributes:
        mode: What is being read.
        content: The content so far.
        reasoning: The reasoning so far.
        block: The block that is open.
        passage: The passage that is open.
        has_passages: Whether the syntax has passages, so that its markers mean something without calls too.
        tracker: Reports the calls of the block, or of the bare call, while they are written.
        bare: What may be a call without markers, while it may.
        bare_syntax: How calls without markers are read.
        calls_in_thinking: Whether a call ends the reasoning.
        opener: In OPENING the marker that was met.
        held: In OPENING the opening tag and what follows it; in INVENTED, or in a passage that is left out, what the model
            invents.
        again: Text that was consumed and is to be read again.
        tail: Text that is waiting for more.
        may_think: Whether reasoning may still begin.
        newline_first: Whether white space before the reasoning is no content.
        may_be_bare: Whether a call without tags may still begin.
        owed: A block ended without its closing tag, which may still come.
        fenced: A code fence was opened around blocks.
        flow: The short way for deltas in which nothing can happen, while there is one.
        count: Calls reported so far.
        ids: Their ids, and those of earlier calls.
    """

    __slots__ = (
        "again", "bare", "bare_syntax", "block", "calls_in_thinking", "closed", "content", "count", "fenced", "flow",
        "has_passages", "held", "ids", "marks", "may_be_bare", "may_think", "mode", "newline_first", "opener", "options",
        "owed", "passage", "reasoning", "rules", "syntax", "tail", "tracker",
    )  # fmt: skip

    def __init__(self, rules: Rules, options: Options) -> None:
        dialect = resolve(options.dialect)
        settings, kind, self.marks, _ = language(dialect, rules.tools, options.coerce)
        self.rules = rules
        self.options = options
        self.syntax: Syntax = kind(settings)
        self.content = Run(TextDelta)
        self.newline_first = dialect.newline_first
        self.reasoning = Run(ReasoningDelta)
        self.reasoning.edge = "reasoning"
        self.content.space_before_block = dialect.space_before_call
        thinking = options.thinking_prefilled or rules.thinking
        self.mode = Mode.REASONING if thinking and dialect.reasoning else Mode.TEXT
        self.may_think = dialect.reasoning is not None
        own = getattr(self.syntax, "bare", None) and not (rules.constrained and not isinstance(self.syntax, JsonInTags))
        self.bare_syntax: BareSyntax = self.syntax if own else JsonInTags(settings)
        recovers = bool(rules.tools) and (options.recover or rules.constrained)
        self.may_be_bare = (self.bare_syntax.bare.own or recovers) and rules.choice.mode != "none"
        self.bare: BareCall | None = None
        self.block: BlockReader | None = None
        self.passage: Passage | None = None
        self.has_passages = self.syntax.has_passages
        self.tracker: CallTracker | StepTracker | None = None
        self.calls_in_thinking = dialect.calls_in_thinking if options.calls_in_thinking is None else options.calls_in_thinking
        self.opener = ""
        self.held: list[str] = []
        self.again = ""
        self.tail = ""
        self.owed = False
        self.fenced = False
        self.flow: Flow | None = None
        self.count = 0
        self.ids: set[str] = set(rules.taken)
        self.closed = False

    def begin_bare(self) -> None:
        """What comes may be a call without tags."""
        self.mode = Mode.BARE
        self.bare = BareCall(self.bare_syntax, (*self.marks.tokens, *((self.marks.close,) if self.marks.close else ())))

    @property
    def open_bare(self) -> BareCall:
        """What may be a call without tags; asking for it in another mode than BARE is a bug."""
        if self.bare is None:
            raise RuntimeError(f"no bare call is open in mode {self.mode}")
        return self.bare

    @property
    def open_block(self) -> BlockReader:
        """The block that is open; asking for it in another mode than BLOCK is a bug."""
        if self.block is None:
            raise RuntimeError(f"no block is open in mode {self.mode}")
        return self.block


class Flow(Protocol):
    """Deltas on the short way."""

    def feed(self, text: str) -> list[Event] | None:
        """The events of a delta; None when it has to be read with care, from what `stop` returns on."""

    def stop(self, text: str, out: list[Event]) -> str:
        """Remember what has passed.

        Args:
            text: What comes next.
            out: Gets what there is to report.

        Returns:
            What is still to be read: the end of what has passed, and what comes next.
        """
