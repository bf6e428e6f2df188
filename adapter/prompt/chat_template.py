"""Chat templates: a conversation of plain messages rendered as the text that a model reads.

A chat server renders the conversation itself. For a raw completion the adapter renders, byte for byte like the model's training
data: with the template that came with the model, or with a template of ours.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import jinja2

from adapter.dialects import templates
from adapter.dialects.model_names import for_model
from adapter.dialects.registry import AUTO
from adapter.dialects.spending import MOST_STEPS, spending
from adapter.errors import BadRequest, DialectError
from adapter.prompt import chat_sources
from adapter.prompt.chat_environment import Refused, compile_template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from adapter.model_size import ModelSize
    from adapter.prompt.history import Place

# The name that templates read, then the names in use by servers and SDKs.
_REASONING = ("reasoning_content", "thinking", "reasoning")
_FALLBACK = "chatml"
# Types of content parts whose text stands under a key of the same name.
_TEXTS = {"text", "refusal"}


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """The chat template of a family of models.

    Attributes:
        name: The template's name; the name of the file or folder for a template that came with a model.
        path: The path of the file.
        models: Globs of suitable model names; empty for a template that came with a model.
        bos: The token at the beginning of a text, if the template may write it. A server that adds the token itself must be
            told not to, or gets the text without the token.
        eos: The token at the end of a text.
        stop: Texts that end the assistant's turn: the stop sequences of a request.
        adds_bos: True if the model's tokenizer adds `bos` by default.
        special: All special tokens, which untrusted text must not hold, and which may be left over in a completion.
        image: The placeholder of an image, for models that see images; empty for others.
        between_parts: The text between the parts of a content.
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
    size: ModelSize | None = None
    template: jinja2.Template = field(kw_only=True, repr=False, compare=False)

    def render(
        self, messages: Sequence[Mapping[str, Any]], *, now: float, add_generation_prompt: bool = True, **variables: Any
    ) -> str:
        """Render the conversation as text.

        Args:
            messages: Plain messages: roles system, user, assistant and tool; contents of text and, if the template has a
                placeholder, images; `reasoning_content`.
            now: Seconds since the epoch, for templates that write a date; written in local time.
            add_generation_prompt: True to end the text with the beginning of the assistant's turn.
            **variables: Further variables of the template: `enable_thinking`, `reasoning_effort`, …

        Raises:
            BadRequest: The template cannot show a content part, or refuses the conversation in its own words.
            DialectError: The template is faulty, or does not fit the messages; the message says file and line.
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
            with spending(_steps_for(given["messages"])):
                return self.template.render(given)
        except Refused as error:
            raise BadRequest(f"The chat template refuses the messages: {error.message}", param="messages") from error
        except templates.FAULTS as error:
            place = f"{self.path}:{_line(error, self.path)}"
            raise DialectError(f"{place}: the chat template failed: {type(error).__name__}: {error}") from error

    def _plain(self, message: Mapping[str, Any], place: int) -> dict[str, Any]:
        """A message in the form that templates expect: text as a string, reasoning under every name in use."""
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


def _steps_for(messages: Sequence[Mapping[str, Any]]) -> int:
    """The steps of a rendering; more for a longer conversation, which is no fault of the template."""
    return MOST_STEPS + sum(2_000 + 20 * len(message["content"]) for message in messages)


def _clock(now: float) -> Callable[[str], str]:
    return lambda form: datetime.fromtimestamp(now).strftime(form)


def _line(error: BaseException, path: str) -> int:
    """The line of the template that failed, from Jinja's traceback."""
    trace, line = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def check_text_only(messages: Any, place: Place) -> None:
    """Refuse messages with content parts other than text.

    Args:
        messages: The caller's messages; a value that is no list passes.
        place: The caller's name of a message, by its position.

    Raises:
        BadRequest: A content part is no text.
    """
    for number, message in enumerate(messages if isinstance(messages, list) else ()):
        if isinstance(message.get("content"), list):
            for position, part in enumerate(message["content"]):
                if part["type"] not in _TEXTS:
                    raise _no_text(part, f"{place(number)}.content[{position}]")


def _no_text(part: Mapping[str, Any], param: str) -> BadRequest:
    return BadRequest(
        f"Invalid content part of type {part['type']!r} in '{param}': a raw completion carries text only. "
        "Send media to an upstream that takes chat messages.",
        param=param,
    )


@functools.lru_cache(maxsize=64)
def load_chat_template(where: str) -> ChatTemplate:
    """Load a chat template by name or path.

    Args:
        where: A name from `adapter templates list`; a `.jinja` file; a model's folder, or its `tokenizer_config.json`;
            a `.gguf` file.

    Raises:
        DialectError: The template does not exist or cannot be read; the message says file and line, or lists the names.
    """
    source = chat_sources.find(_FALLBACK if where == AUTO else where)
    if len(source.text) > templates.MOST_BYTES:
        raise DialectError(
            f"{source.path}: a template of {len(source.text):,} characters; {templates.MOST_BYTES:,} are read at most"
        )
    try:
        template = compile_template(source.text, source.path)
    except jinja2.TemplateSyntaxError as error:
        raise DialectError(f"{source.path}:{error.lineno}: {error.message}") from error
    except templates.FAULTS as error:
        raise DialectError(f"{source.path}: {templates.fault_of(error)}") from error
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
        size=source.size,
        template=template,
    )


@functools.lru_cache(maxsize=64)
def choose_chat_template(model: str) -> tuple[ChatTemplate, str]:
    """Choose a chat template of ours by the name of the model. Returns the template and a sentence with the reason."""
    match = for_model(model, ((name, load_chat_template(name).models) for name in templates.names(chat_sources.FOLDER)))
    if match is None:
        return load_chat_template(_FALLBACK), f"chat template {_FALLBACK!r}, as no other names the model {model!r}"
    return load_chat_template(match[0]), f"chat template {match[0]!r} for the model {model!r}, by {match[1]!r}"
