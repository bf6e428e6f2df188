"""Chat templates: a conversation of plain messages as the one text that a model reads.

A server that takes chat messages does this itself. A raw completion needs it done here, byte for byte as the model was trained
on it: with the template that came with the model, or with one of ours.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import jinja2

from adapter.dialects import templates
from adapter.dialects.registry import AUTO, for_model
from adapter.errors import BadRequest, DialectError
from adapter.prompt import chat_sources
from adapter.prompt.chat_environment import Refused, compile_template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# The first is what templates read; servers and SDKs know the others.
_REASONING = ("reasoning_content", "thinking", "reasoning")
_FALLBACK = "chatml"
# Content parts that are text, under a key of the same name.
_TEXTS = {"text", "refusal"}
# What a faulty template, or one that does not fit the messages, can raise besides Jinja's own errors.
_FAULTS = (jinja2.TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError)


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """How a family of models reads a conversation.

    Attributes:
        name: Its name; that of the file or folder for a template that came with a model.
        path: The file it was read from.
        models: Globs of the model names it suits; none are known for a template that came with a model.
        bos: The token a text begins with, if the template may write one. A server that puts it there itself must be told
            not to, or the text sent without it.
        eos: The token a text ends with.
        stop: What ends the assistant's turn: the stop sequences of a request.
        adds_bos: Whether the model's tokenizer sets `bos` before a text itself, when it is not told otherwise.
        special: All special tokens, which untrusted text must not hold, and which may be left over in a completion.
        image: What stands for an image, where the models see images; the text alone does not show them one.
        between_parts: What stands between the parts of a content.
        template: The compiled template.
    """

    name: str
    path: str
    models: tuple[str, ...] = ()
    bos: str = ""
    eos: str = ""
    stop: tuple[str, ...] = ()
    special: tuple[str, ...] = ()
    adds_bos: bool = True
    image: str = ""
    between_parts: str = ""
    template: jinja2.Template = field(kw_only=True, repr=False, compare=False)

    def render(
        self, messages: Sequence[Mapping[str, Any]], *, now: float, add_generation_prompt: bool = True, **variables: Any
    ) -> str:
        """The conversation as one text.

        Args:
            messages: Plain messages: roles system, user, assistant and tool, contents of text and, where the template has
                something that stands for them, images, `reasoning_content`.
            now: Seconds since the epoch, for templates that write a date; it is written in local time.
            add_generation_prompt: Whether the text ends with the beginning of the assistant's turn.
            **variables: What else the template reads: `enable_thinking`, `reasoning_effort`, …

        Raises:
            BadRequest: A content part is nothing that the template can show, or it refuses the conversation, in its own words.
            DialectError: The template is faulty, or not made for these messages; the message says file and line.
        """
        given: dict[str, Any] = {
            "strftime_now": _clock(now),
            "tools": None,  # defined and none, as with Hugging Face: templates ask for either
            "documents": None,
            "bos_token": self.bos,
            "eos_token": self.eos,
            "add_generation_prompt": add_generation_prompt,
            **variables,
            "messages": [self._plain(message, place) for place, message in enumerate(messages)],
        }
        try:
            return self.template.render(given)
        except Refused as error:
            raise BadRequest(f"The chat template refuses the messages: {error.message}", param="messages") from error
        except _FAULTS as error:
            place = f"{self.path}:{_line(error, self.path)}"
            raise DialectError(f"{place}: the chat template failed: {type(error).__name__}: {error}") from error

    def _plain(self, message: Mapping[str, Any], place: int) -> dict[str, Any]:
        """A message as templates expect it: text as one string, reasoning under every name they look for."""
        plain = {**message, "content": self._text(message.get("content"), f"messages[{place}].content")}
        reasoning = next((message[key] for key in _REASONING if message.get(key) is not None), None)
        return plain if reasoning is None else {"thinking": reasoning, **plain, "reasoning_content": reasoning}

    def _text(self, content: Any, param: str) -> str:
        if content is None or isinstance(content, str):
            return content or ""
        shown = []
        for place, part in enumerate(content):
            if part["type"] == "image_url" and self.image:
                shown.append(self.image)
            elif part["type"] in _TEXTS:
                shown.append(part.get(part["type"]) or "")
            else:
                raise _no_text(part, f"{param}[{place}]")
        return self.between_parts.join(shown)


def _clock(now: float) -> Callable[[str], str]:
    return lambda form: datetime.fromtimestamp(now).strftime(form)


def _line(error: BaseException, path: str) -> int:
    """The line of the template where it failed; Jinja puts it into the traceback."""
    trace, line = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def check_text_only(messages: Sequence[Mapping[str, Any]]) -> None:
    """Refuse messages that a text alone does not carry.

    Raises:
        BadRequest: A content part is no text.
    """
    for place, message in enumerate(messages):
        if isinstance(message.get("content"), list):
            for position, part in enumerate(message["content"]):
                if part["type"] not in _TEXTS:
                    raise _no_text(part, f"messages[{place}].content[{position}]")


def _no_text(part: Mapping[str, Any], param: str) -> BadRequest:
    return BadRequest(
        f"Invalid content part of type {part['type']!r} in '{param}': a raw completion carries text only. "
        "Send media to an upstream that takes chat messages.",
        param=param,
    )


@functools.lru_cache(maxsize=64)
def load_chat_template(where: str) -> ChatTemplate:
    """The chat template of a name or a path.

    Args:
        where: A name that `adapter templates list` shows; a `.jinja` file; a model's folder, or its `tokenizer_config.json`;
            a `.gguf` file.

    Raises:
        DialectError: There is none, or it cannot be read; the message says file and line, or the names there are.
    """
    source = chat_sources.find(_FALLBACK if where == AUTO else where)
    try:
        template = compile_template(source.text, source.path)
    except jinja2.TemplateSyntaxError as error:
        raise DialectError(f"{source.path}:{error.lineno}: {error.message}") from error
    return ChatTemplate(
        name=source.name,
        path=source.path,
        models=source.models,
        bos=source.bos,
        eos=source.eos,
        stop=source.stop,
        special=source.special,
        adds_bos=source.adds_bos,
        image=source.image,
        between_parts=source.between_parts,
        template=template,
    )


@functools.lru_cache(maxsize=64)
def choose_chat_template(model: str) -> tuple[ChatTemplate, str]:
    """The chat template of ours for a model, by its name, and one sentence on why."""
    match = for_model(model, ((name, load_chat_template(name).models) for name in templates.names(chat_sources.FOLDER)))
    if match is None:
        return load_chat_template(_FALLBACK), f"chat template {_FALLBACK!r}, as no other names the model {model!r}"
    return load_chat_template(match[0]), f"chat template {match[0]!r} for the model {model!r}, by {match[1]!r}"
