"""Running text and reasoning, up to the markers that end them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.completion.markers import fence_at_end
from adapter.completion.state import Mode, State
from adapter.completion.text_run import SPACE
from adapter.events import Markup, Problem

if TYPE_CHECKING:
    from adapter.events import Event

# The longest fence line and the white space that usually follows it.
FENCE_REACH = 64
_WORD = re.compile(rf"[^{SPACE}]")


def first_word(text: str, position: int) -> int:
    """Return the position of the next character that is not white space, or the end of the text."""
    found = _WORD.search(text, position)
    return found.start() if found else len(text)


def in_text(state: State, text: str, position: int, out: list[Event]) -> tuple[int, bool]:
    """Read running text, up to the next marker."""
    if state.fenced or state.echo:
        position, wait = (_fence_end if state.fenced else _echo_end)(state, text, position, out)
        if wait or position == len(text):
            return position, wait
    mark = state.marks.find(text, _words_until(state, text, position))
    if state.may_be_bare and not state.content.seen:
        start = first_word(text, position)
        if start == len(text):
            state.content.text(text[position:], out)
            return start, False
        marked = mark is not None and mark.start == start
        if not marked and state.next_bare(text[start]):
            state.content.text(text[position:start], out)
            state.begin_bare()
            return start, False
        if not marked:
            state.may_be_bare = False
    end = len(text) if mark is None else mark.start
    if end > position:  # words: no fence around blocks is closed behind words
        state.fenced = False
    held = _running_text(state, text, position, end, out, last=mark is None)
    if held is not None:
        return held, True
    if mark is None or not mark.text:
        return end, mark is not None
    return _at_mark(state, mark.text, text, end, out)


def _echo_end(state: State, text: str, position: int, out: list[Event]) -> tuple[int, bool]:
    """Look for the payload of the block before, and its closing marker, written once more behind its end."""
    start, echo = first_word(text, position), state.echo
    while text.startswith(echo, start):
        state.content.text(text[position:start], out)
        position = start + len(echo)
        out += [Problem("markup", "the text of a call is written once more behind the call", echo), Markup(echo)]
        start = first_word(text, position)
    if not state.closed and len(text) - start < len(echo) and echo.startswith(text[start:]):
        return position, True
    state.echo = ""
    return position, False


def _words_until(state: State, text: str, position: int) -> int:
    """Return the position up to which no marker needs to be looked for."""
    if state.fenced:  # the end of the fence is looked for behind every marker
        return position
    return state.marks.words.until(text, position, inside=state.content.seen and not state.content.edge)


def _running_text(state: State, text: str, start: int, end: int, out: list[Event], *, last: bool) -> int | None:
    """Read text without markers. Returns the position to wait at, if the text ends in the beginning of a code fence."""
    piece = text[start:end]
    if "`" not in piece[-FENCE_REACH:]:
        state.content.text(piece, out)
        return None
    body = piece.rstrip(SPACE)
    fence = fence_at_end(body, line_start=state.content.last == "\n")
    if fence is None:
        state.content.text(piece, out)
        return None
    at, whole = fence
    state.content.text(piece[:at], out)
    if last and len(body) == len(piece):
        return start + at
    if whole:
        state.content.fence(body[at:], out)
        state.content.text(piece[len(body) :], out)
    else:
        state.content.text(piece[at:], out)
    return None


def _at_mark(state: State, mark: str, text: str, start: int, out: list[Event]) -> tuple[int, bool]:
    marks, content = state.marks, state.content
    end = start + len(mark)
    if mark in marks.reasoning and _thinks(state, mark):
        _enter_reasoning(state, mark, out)
    elif mark in marks.openings and (state.has_passages or state.rules.choice.mode != "none"):
        if content.last == "`" and not state.owed:
            if end == len(text):
                return start, True
            if text[end] == "`":  # a mention: `<tool_call>`
                state.mentioned = True
                content.text(mark, out)
                return end, False
        state.mode, state.opener, state.held = Mode.OPENING, mark, [mark]
    elif mark == marks.close and content.edge == "block":
        out.append(Markup(mark))
        state.owed = False
    elif mark == marks.close and state.owed:
        content.block(out)
        out.append(Markup(mark))
        state.owed = False
    elif mark == marks.result[0] and content.edge == "block":
        content.block(out)
        state.mode, state.held = Mode.INVENTED, [mark]
    else:
        _left_over(state, mark, out)
        if mark in marks.idle and not state.fenced:
            end = _tokens(state, text, end)
    return end, False


def _tokens(state: State, text: str, position: int) -> int:
    """Read further special tokens that follow directly behind a special token. Returns the position behind them."""
    marks, add = state.marks, state.content.token
    while (found := marks.pattern.match(text, position)) and found.group() in marks.idle:
        add(found.group())
        position = found.end()
    return position


def _thinks(state: State, mark: str) -> bool:
    """Tell if a tag of the reasoning has its meaning: at the start; and a special token, which is no word, anywhere."""
    content, marks = state.content, state.marks
    if state.may_think and not content.seen and content.edge != "block":
        return True
    return mark == marks.reasoning[0] and mark in marks.spare and content.last != "`"


def _left_over(state: State, mark: str, out: list[Event]) -> None:
    """Read a marker without its meaning: a left-over special token, a tag around the answer, or text."""
    content, marks = state.content, state.marks
    closes = mark == marks.close and (state.mentioned or content.holds_token())  # what is left of a call that is text
    spare = mark in marks.spare and not closes
    if mark == marks.answer[0] and content.edge == "reasoning" and not content.seen:
        out.append(Markup(mark))
        state.answering = True
    elif spare or (mark == marks.answer[1] and state.answering):
        content.token(mark)
    else:
        content.text(mark, out)


def _enter_reasoning(state: State, mark: str, out: list[Event]) -> None:
    """Begin the reasoning, or end it at once: some models begin an answer without reasoning by the closing tag."""
    content = state.content
    content.edge = "reasoning" if state.newline_first else content.edge
    content.end(out)
    out.append(Markup(mark))
    state.mode = Mode.REASONING
    if mark == state.marks.reasoning[1]:
        leave_reasoning(state, out)


def _fence_end(state: State, text: str, position: int, out: list[Event]) -> tuple[int, bool]:
    """Look for the end of a code fence that was opened around blocks."""
    start = first_word(text, position)
    state.content.text(text[position:start], out)
    rest = text[start : start + 3]
    if rest == "```":
        out.append(Markup(rest))
        state.fenced = False
        return start + 3, False
    if rest and not rest.startswith("<") and not "```".startswith(rest):
        state.fenced = False
    return start, bool(rest) and "```".startswith(rest)


def in_reasoning(state: State, text: str, position: int, out: list[Event]) -> tuple[int, bool]:
    """Read reasoning, up to its closing tag."""
    run = state.reasoning
    opening, closing = state.marks.reasoning
    words = state.marks.words.until(text, position, inside=run.seen and not run.edge, closing=closing)
    mark = state.marks.find(text, words)
    end = len(text) if mark is None else mark.start
    run.text(text[position:end], out)
    if mark is None or not mark.text:
        return end, mark is not None
    if mark.text == closing:
        leave_reasoning(state, out)
        out.append(Markup(closing))
    elif mark.text == opening and not run.seen:
        out.append(Markup(opening))  # prefilled, and written once more
    elif mark.text in state.marks.openings and state.calls_in_thinking:
        leave_reasoning(state, out)
        state.mode, state.opener, state.held = Mode.OPENING, mark.text, [mark.text]
    elif mark.text in state.marks.openings and state.may_end_unclosed:
        state.mode, state.opener, state.held = Mode.REHEARSAL, mark.text, [mark.text]
    elif mark.text in state.marks.tokens:
        run.token(mark.text)
    else:
        run.text(mark.text, out)
    return end + len(mark.text), False


def leave_reasoning(state: State, out: list[Event]) -> None:
    """End the reasoning."""
    state.reasoning.edge = "reasoning"
    state.reasoning.end(out)
    state.mode = Mode.TEXT
    state.may_think = False
    state.content.edge = "reasoning"
