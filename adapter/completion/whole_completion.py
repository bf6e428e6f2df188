"""The short ways for a whole completion of words, plain calls, or words and plain calls behind them.

Nearly all completions are of this kind, and need neither the parser's steps nor its memory between them. If more than words
stands in front of the calls (reasoning, tokens), the parser reads the text in front only. The events are the parser's own, one
for one. The parser reads a completion with any other text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.completion.left_calls import left_call
from adapter.completion.markers import Mark
from adapter.completion.missed_calls import missed_calls
from adapter.completion.modes.text import FENCE_REACH, first_word
from adapter.completion.parser import CompletionParser, read_again
from adapter.completion.state import Mode, State, language
from adapter.completion.text_run import SPACE
from adapter.completion.validate import call_id, check, events
from adapter.dialects.registry import resolve
from adapter.events import Markup, TextDelta

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.completion.request_rules import Rules
    from adapter.events import Event
    from adapter.options import Options
    from adapter.syntax.contract import Syntax
    from adapter.syntax.reading import RawCall

    Block = tuple[RawCall, str]  # a call, and the text of its block

_NEAR = 4096  # code points that are searched for a block before the fast skip over prose begins


def read_whole(text: str, finish_reason: str | None, rules: Rules, options: Options) -> list[Event]:
    """Return the events of a whole completion.

    Args:
        text: The completion.
        finish_reason: The word of upstream.
        rules: Rules of the request.
        options: Options of the caller.
    """
    found = read_at_once(text, rules, options)
    if found is None:
        found = _blocks_at_end(text, finish_reason, rules, options)
    if found is not None:
        return found
    parser = CompletionParser.for_rules(rules, options)
    return parser.feed(text) + parser.close(finish_reason)


def read_at_once(text: str, rules: Rules, options: Options) -> list[Event] | None:
    """Return the events of a whole completion; None for a completion that the parser has to read."""
    dialect = resolve(options.dialect)
    found = language(dialect, rules.tools, coerce=options.coerce)
    syntax, marks = found.reader, found.marks
    if not syntax.has_plain_blocks or dialect.space_before_call != "drop" or not _plain(rules):
        return None
    if rules.thinking or options.thinking_prefilled:
        return None
    opening = syntax.openings[0]
    near = text.find(opening, 0, _NEAR) >= 0
    mark = marks.find(text, 0 if near else marks.words.until(text, 0, inside=False))
    end = len(text) if mark is None else mark.start
    word = first_word(text, 0)
    if (word < end and found.may_begin(text, word)) or "`" in text[max(0, end - FENCE_REACH) : end]:
        return None
    if mark is None:
        return [*_words(text), *(missed_calls(text, rules, options, read_again, thought=False) if rules.tools else ())]
    if mark.text != opening:
        return None
    spaces: list[str] = []
    blocks = _blocks(text, end, syntax, spaces)
    if not blocks or (len(blocks) > 1 and rules.parallel is False):
        return None
    body = text[:end].rstrip(SPACE)
    if len(body) < end:
        spaces.insert(0, text[len(body) : end])
    out: list[Event] = [TextDelta(body)] if body else []
    ids = set(rules.taken)
    for index, (call, raw) in enumerate(blocks):
        out += _block_events(call, raw, index, ids, rules, options)
    out += [Markup(space) for space in spaces]
    left = left_call(body, rules.tools, dialect) if body else None
    return out if left is None else [*out, left]


def _blocks_at_end(text: str, finish_reason: str | None, rules: Rules, options: Options) -> list[Event] | None:
    """Return the events of a whole completion with plain blocks and no other text from the first block on; None for others."""
    syntax = language(resolve(options.dialect), rules.tools, coerce=options.coerce).reader
    start = text.find(syntax.openings[0]) if syntax.has_plain_blocks and _plain(rules) else -1
    spaces: list[str] = []
    blocks = _blocks(text, start, syntax, spaces) if start >= 0 else ()
    if not blocks or (len(blocks) > 1 and rules.parallel is False):
        return None
    state = State(rules, options)
    parser, content, mark = CompletionParser.of(state), state.content, state.marks.find(text, start)
    out = parser.feed(text[:start])
    if state.mode is not Mode.TEXT or state.tail or mark != Mark(start, syntax.openings[0]) or not content.takes_block():
        return None
    content.block(out)
    for call, raw in blocks:
        out += _block_events(call, raw, state.count, state.ids, rules, options)
        state.count += 1
    for space in spaces:
        content.text(space, out)
    return out + parser.close(finish_reason)


def _block_events(call: RawCall, raw: str, index: int, ids: set[str], rules: Rules, options: Options) -> list[Event]:
    checked = check(call, rules, options)
    return [Markup(raw), *events(checked, index, call_id(call.id, ids, options), raw, call.places)]


def _plain(rules: Rules) -> bool:
    """Tell if a request asks for nothing but calls in blocks, each reported when complete."""
    return not (
        rules.choice.mode == "none"
        or rules.constrained
        or rules.invalid_as_text
        or rules.reply is not None
        or rules.incremental
    )


def _words(text: str) -> list[Event]:
    """Return the events of words, in the parser's pieces: white space at the end by itself."""
    body = text.rstrip(SPACE)
    return [TextDelta(piece) for piece in (body, text[len(body) :]) if piece]


def _blocks(text: str, start: int, syntax: Syntax, spaces: list[str]) -> Sequence[Block]:
    """Return the plain blocks from `start` to the end of the text; none if other text stands there.

    Args:
        text: The completion.
        start: Position of the first block.
        syntax: The call syntax.
        spaces: Gets the white space between and behind the blocks.
    """
    opening = syntax.openings[0]
    blocks: list[Block] = []
    while text.startswith(opening, start):
        found = syntax.plain_block(text, start)
        if found is None:
            return ()
        call, end = found
        blocks.append((call, text[start:end]))
        start = first_word(text, end)
        if start > end:
            spaces.append(text[end:start])
    return blocks if start == len(text) else ()
