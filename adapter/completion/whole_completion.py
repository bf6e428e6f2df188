"""A whole completion, read in one go where it is nothing but words, plain calls, or words and plain calls after them.

Nearly all completions are that, and then none of the parser's steps is needed, nor what it remembers between them. The events
are the parser's own, one for one. Where anything else stands in the text, the parser reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.completion.modes.text import FENCE_REACH, first_word
from adapter.completion.parser import CompletionParser
from adapter.completion.state import language
from adapter.completion.text_run import SPACE
from adapter.completion.validate import call_id, check, events
from adapter.dialects.registry import resolve
from adapter.events import Markup, TextDelta
from adapter.syntax.json.call_forms import read_plain_call
from adapter.syntax.json.in_tags import JsonInTags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.completion.request_rules import Rules
    from adapter.events import Event
    from adapter.options import Options
    from adapter.syntax.reading import RawCall

    Block = tuple[RawCall, str]  # a call, and the block that it was read from

_NEAR = 4096  # a block that begins within so many characters is looked for in all of them


def read_whole(text: str, finish_reason: str | None, rules: Rules, options: Options) -> list[Event]:
    """The events of a whole completion.

    Args:
        text: The completion.
        finish_reason: What upstream said.
        rules: What the request says.
        options: What the caller chose.
    """
    found = read_at_once(text, rules, options)
    if found is not None:
        return found
    parser = CompletionParser.for_rules(rules, options)
    return parser.feed(text) + parser.close(finish_reason)


def read_at_once(text: str, rules: Rules, options: Options) -> list[Event] | None:
    """The events of a whole completion; None where the parser has to be asked."""
    dialect = resolve(options.dialect)
    _, _, marks, syntax = language(dialect, rules.tools, options.coerce)
    if type(syntax) is not JsonInTags or syntax.plain is None or dialect.space_before_call != "drop":
        return None
    if not _plain(rules) or options.thinking_prefilled:
        return None
    near = text.find(syntax.bounds.open, 0, _NEAR) >= 0
    mark = marks.find(text, 0 if near else marks.words.until(text, 0, inside=False))
    end = len(text) if mark is None else mark.start
    word = first_word(text, 0)
    if (word < end and text[word] in syntax.bare.first) or "`" in text[max(0, end - FENCE_REACH) : end]:
        return None
    if mark is None:
        return _words(text)
    if mark.text != syntax.bounds.open:
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
        out.append(Markup(raw))
        out += events(check(call, rules.tools, rules.choice, options), index, call_id(call.id, ids, options), raw)
    out += [Markup(space) for space in spaces]
    return out


def _plain(rules: Rules) -> bool:
    """Whether a request asks for nothing but calls in their blocks, reported when they are complete."""
    return not (
        rules.choice.mode == "none"
        or rules.constrained
        or rules.invalid_as_text
        or rules.reply is not None
        or rules.thinking
        or rules.incremental
    )


def _words(text: str) -> list[Event]:
    """The events of words, in pieces as the parser has them: white space at the end by itself."""
    body = text.rstrip(SPACE)
    return [TextDelta(piece) for piece in (body, text[len(body) :]) if piece]


def _blocks(text: str, start: int, syntax: JsonInTags, spaces: list[str]) -> Sequence[Block]:
    """The blocks from there to the end, and the white space between and behind them; none if anything else stands there."""
    opener, closer = syntax.bounds.open, syntax.bounds.close
    blocks: list[Block] = []
    while text.startswith(opener, start):
        payload = first_word(text, start + len(opener))
        stop = text.find(closer, payload)
        call = read_plain_call(text, payload, stop) if stop > payload else None
        if call is None or syntax.markup_faults(text[start:payload], closer):
            return ()
        end = stop + len(closer)
        blocks.append((call, text[start:end]))
        start = first_word(text, end)
        if start > end:
            spaces.append(text[end:start])
    return blocks if start == len(text) else ()
