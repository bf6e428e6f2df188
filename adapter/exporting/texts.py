"""The fields of reasoning and content of an exported response template, and the beginning of the assistant's turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.dialects import templates
from adapter.dialects.model_names import for_model
from adapter.exporting.written import escaped
from adapter.prompt.chat_sources import FOLDER
from adapter.prompt.chat_template import load_chat_template

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.dialects.dialect import Dialect
    from adapter.prompt.chat_template import ChatTemplate

REASONING, CONTENT = "reasoning_content", "content"
_MARK = "zq the question"
_Fields = dict[str, dict[str, Any]]


def turn_of(dialect: Dialect) -> str:
    """Return the beginning of the assistant's turn, by the chat template of the dialect's models; empty without one of ours."""
    known = [(name, (name, *load_chat_template(name).models)) for name in templates.names(FOLDER)]
    for model in (dialect.name, *(glob.strip("*").replace("*", "-") for glob in dialect.models)):
        match = for_model(model, known)
        if match is not None:
            return _before_thinking(_turn(load_chat_template(match[0])), dialect)
    return ""


def _turn(template: ChatTemplate) -> str:
    """Return what a chat template writes behind a question for the model to go on."""
    asked: list[dict[str, Any]] = [{"role": "user", "content": _MARK}]
    whole, without = (template.render(asked, now=0.0, add_generation_prompt=adds) for adds in (True, False))
    return whole[len(without) :] if whole.startswith(without) and whole != without else whole.partition(_MARK)[2]


def _before_thinking(turn: str, dialect: Dialect) -> str:
    """Cut what a chat template writes of the reasoning for the model."""
    for tag in dialect.reasoning or ():
        turn = turn.partition(tag)[0]
    return turn


def texts(dialect: Dialect, turn: str, tail: str = "") -> _Fields:
    """Return the fields of reasoning and content.

    Args:
        dialect: The dialect.
        turn: The beginning of the assistant's turn.
        tail: Pattern of text behind the last call that is no content.
    """
    build = _BUILDERS.get(dialect.syntax)
    return build(dialect, turn) if build else _plain(dialect, tail)


def _plain(dialect: Dialect, tail: str) -> _Fields:
    """Reasoning between tags, and content outside of all fields, up to a token that ends the answer."""
    fields: _Fields = {}
    used = {dialect.open, dialect.close}
    if dialect.reasoning:
        opens, closes = dialect.reasoning
        fields[REASONING] = {
            "open_pattern": rf"\s*{escaped(opens)}",
            "close_pattern": rf"\s*{escaped(closes)}\s*",
            "content": "text",
        }
        used |= {opens, closes}
    tokens = [escaped(token) for token in (*dialect.special, *(dialect.answer or ())) if token not in used]
    tokens = [*([tail] if tail else []), *tokens]
    fields[CONTENT] = {"content": "text"}
    if tokens:
        fields[CONTENT] = {"close_pattern": rf"\s*(?:{'|'.join(tokens)})\s*", "content": "text"}
    return fields


def _messages(dialect: Dialect, turn: str, reasoning: str, content: str) -> _Fields:
    """Messages with headers, each up to one of the ends, or to the end of the answer."""
    ends = "|".join([*map(escaped, dialect.form["ends"].split()), rf"(?={escaped(dialect.open)})"])
    begin = rf"\s*(?:{escaped(turn)})?\s*" if turn else r"\s*"
    field = {"close_pattern": rf"\s*(?:{ends})", "content": "text"}
    found = {CONTENT: {"open_pattern": begin + content, **field}}
    return {REASONING: {"open_pattern": begin + reasoning, **field}, **found} if reasoning else found


def _channels(dialect: Dialect, turn: str) -> _Fields:
    form = dialect.form
    channel, message, reasoning = (escaped(form[key]) for key in ("channel", "message", "reasoning"))
    return _messages(dialect, turn, f"{channel}{reasoning}{message}", f"{channel}(?!{reasoning})[a-z]+{message}")


def _addressed(dialect: Dialect, turn: str) -> _Fields:
    form = dialect.form
    to, message = escaped(form["recipient"]), escaped(form["message"])
    return _messages(dialect, turn, f"{to}{escaped(form['reasoning'])}{message}", f"{to}{escaped(form['answer'])}{message}")


def _recipients(dialect: Dialect, _turn: str) -> _Fields:
    opens, everyone = escaped(dialect.open), escaped(dialect.form["everyone"])
    return _messages(dialect, "", "", f"(?:{opens})?{everyone}\\n")


def _typed(dialect: Dialect, turn: str) -> _Fields:
    form = dialect.form
    ends = "|".join(map(escaped, (dialect.close, *form["ends"].split())))
    return {
        name: {
            "open_pattern": rf"\s*(?:{escaped(turn or dialect.open)})?{escaped(form[kind])}",
            "close_pattern": rf"\s*(?:{ends})\s*",
            "content": "text",
        }
        for name, kind in ((REASONING, "thinking"), (CONTENT, "text"))
    }


def _xtml(dialect: Dialect, _turn: str) -> _Fields:
    form = dialect.form

    def tag(side: str, word: str) -> str:
        return escaped(f"{form[side]}{form[word]}{form['separator']}")

    return {
        name: {"open_pattern": rf"\s*{tag('opens', word)}", "close_pattern": rf"\s*{tag('closes', word)}\s*", "content": "text"}
        for name, word in ((REASONING, "think"), (CONTENT, "response"))
    }


_BUILDERS: dict[str, Callable[[Dialect, str], _Fields]] = {
    "addressed": _addressed,
    "channels": _channels,
    "recipients": _recipients,
    "typed": _typed,
    "xtml": _xtml,
}
