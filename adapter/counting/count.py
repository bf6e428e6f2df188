"""Tokens of a request: per tool, system, history, whole, and the savings of shorter forms."""

from __future__ import annotations

import dataclasses
import json
import time
from typing import TYPE_CHECKING, Any, Unpack

from adapter.counting.at_hand import template_of, tokenizer_for
from adapter.counting.estimate import estimate_of
from adapter.counting.server import ServerTokenizer
from adapter.counting.shorter import renamed, without_words
from adapter.errors import DialectError
from adapter.events import Problem
from adapter.exchange.model_setting import setting_for
from adapter.exchange.rendering import request_of, requested
from adapter.exchange.request_plan import RequestPlan
from adapter.option_keywords import PromptKeywords
from adapter.options import make_options
from adapter.tools.choice import ToolChoice
from adapter.tools.definitions import ToolSet, read_tools

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from os import PathLike

    from adapter.api.chat.request import ChatRequest
    from adapter.counting.vocabularies import Tokenizer
    from adapter.options import Options

# Tokens of the marks around a message, and of the beginning of the answer, in ChatML; those of others are about as many.
_A_TURN, _AN_ANSWER = 5, 3
_MUCH = 0.2  # of the tokens, in text that vocabularies cut in very different ways
_ROUGH = (
    "a rough estimate: much of the text is neither English nor Chinese (another language, emoji, base64, long runs of white "
    "space), where tokenizers differ by half and more"
)
_AS_SUCH = "tools that go upstream as such are not counted: the server writes them into the prompt"
_ROLES = frozenset({"system", "developer"})


@dataclasses.dataclass(frozen=True, slots=True)
class TokenCount:
    """The tokens of a request.

    Attributes:
        whole: All that the model reads.
        tools: The tools and the instructions about calls.
        system: The caller's own system messages.
        history: All other messages.
        examples: The worked examples.
        turns: The marks of the chat template around the messages.
        per_tool: Tokens by the name of the tool, without the instructions.
        savings: Tokens that a shorter form of the tools would save, by its name: `no descriptions of parameters`,
            `no descriptions`, `compact JSON`.
        source: The tokenizer, for people.
        exact: The count is the model's: a tokenizer counted all parts, in the form of a chat template that is known. False for
            an estimate, and where the marks of the turns, or media, are guessed or left out.
        estimated: The counts are an estimate, and not a tokenizer's.
        chosen: The choices that were left to the adapter (`dialect="auto"`, `profile="auto"`, …), in a sentence each.
        notes: Sentences about parts that are not counted, or only about.
    """

    whole: int
    tools: int
    system: int
    history: int
    examples: int
    turns: int
    per_tool: Mapping[str, int]
    savings: Mapping[str, int]
    source: str
    exact: bool
    notes: tuple[str, ...] = ()
    estimated: bool = False
    chosen: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the counts as a JSON object."""
        return {**dataclasses.asdict(self), "notes": list(self.notes), "chosen": list(self.chosen)}


def count_tokens(
    messages: Iterable[Any],
    tools: Iterable[Any] | ToolSet = (),
    *,
    tokenizer: str | PathLike[str] | Callable[[str], int] | None = None,
    client: Any = None,
    model: str = "",
    tool_choice: Any = None,
    parallel_tool_calls: bool | None = None,
    extra_body: Mapping[str, Any] | None = None,
    **options: Unpack[PromptKeywords],
) -> TokenCount:
    """Count the tokens of a chat request with tools, as the model gets it.

    Args:
        messages: As in a chat request.
        tools: As in a chat request, or the result of `adapter.read_tools`.
        tokenizer: A `tokenizer.json` (package `tokenizers`), a folder with one, a `.gguf` file (package `gguf`), or a function
            that counts the tokens of a text. None: the `client`'s server, else Qwen's vocabulary in the package `dashscope` for
            a model of this name, else an estimate.
        client: An openai client, whose server counts with `/tokenize`.
        model: The model's name.
        tool_choice: As in a chat request.
        parallel_tool_calls: As in a chat request.
        extra_body: Further members of the request.
        options: The options that shape the prompt, as for `adapter.render`.

    Raises:
        BadRequest: The request is wrong; `param` names the parameter.
        TokenizerError: The tokenizer cannot be read, or the server does not count.
        TypeError: `tokenizer` or `client` is of another kind.
        DialectError: The dialect or the chat template is unknown.
    """
    if options.get("chat_template") is not None:
        options.setdefault("upstream", "completions")
    chosen = make_options(options, PromptKeywords)
    request = requested(
        messages,
        tools,
        chosen,
        tool_choice=tool_choice,
        parallel_tool_calls=parallel_tool_calls,
        model=model,
        extra_body=extra_body,
    )
    counted = _Counting(request, chosen, model, tokenizer_for(tokenizer, client, model), template_of(tokenizer)).counted()
    if chosen.on_event is not None:
        for reason in counted.chosen:
            chosen.on_event(Problem("chosen", reason))
    return counted


def count_request(
    body: Mapping[str, Any], options: Options, tokenizer: Tokenizer, template: str = "", *, each: bool = True
) -> TokenCount:
    """Count the tokens of a request of either API.

    Args:
        body: A chat request, or a Responses request without earlier responses.
        options: The caller's choices.
        tokenizer: The tokenizer.
        template: A chat template for the whole; empty where none is known.
        each: Count each tool too, and shorter forms.

    Raises:
        BadRequest: The request is wrong; `param` names the place.
        TokenizerError: The server does not count.
    """
    return _Counting(request_of(body, options), options, str(body.get("model") or ""), tokenizer, template).counted(each=each)


class _Counting:
    """The counting of one request: the prompt with parts left out, and the differences."""

    def __init__(self, request: ChatRequest, options: Options, model: str, tokenizer: Tokenizer, template: str) -> None:
        self._request = request
        self._model = model
        self._tokenizer = tokenizer
        self._template = template
        self._given = options
        self._options = dataclasses.replace(options, upstream="chat", chat_template=None)
        setting = setting_for(options, lambda _: None, time.time, model)
        self._size = setting.size  # which may be in the file of the chat template
        self._chosen = setting.chosen
        self._notes: list[str] = []
        self._known: dict[str, int] = {}  # parts come up to four times, with others around

    def counted(self, *, each: bool = True) -> TokenCount:
        """Return the counts; with those of each tool, or not."""
        messages = self._messages(self._request)
        if any(isinstance(part, dict) and part.get("type") != "text" for message in messages for part in _parts(message)):
            self._notes.append("images, audio and files are not counted")
        plain = self._messages(self._bare(), examples=False)
        exampled = self._messages(self._request, examples=False)
        in_all, bare, unexampled = self._sum(messages), self._sum(plain), self._sum(exampled)
        system = self._sum([message for message in plain if message.get("role") in _ROLES])
        whole = self._whole(messages, in_all)
        return TokenCount(
            whole=whole,
            tools=max(0, unexampled - bare),
            system=system,
            history=bare - system,
            examples=max(0, in_all - unexampled),
            turns=max(0, whole - in_all),
            per_tool=self._per_tool() if each else {},
            savings=self._savings(unexampled) if each else {},
            source=self._source(messages),
            exact=self._tokenizer.exact and not self._notes,
            notes=tuple(self._notes),
            estimated=not self._tokenizer.exact,
            chosen=self._chosen,
        )

    def _source(self, messages: Sequence[Mapping[str, Any]]) -> str:
        """Return the tokenizer, for people; of an estimate also how rough it is."""
        if self._tokenizer.exact:
            return self._tokenizer.source
        found = [estimate_of(_text(message)) for message in messages]
        rough = sum(each.rough for each in found)
        return _ROUGH if rough > _MUCH * sum(each.tokens for each in found) else self._tokenizer.source

    def _bare(self) -> ChatRequest:
        return dataclasses.replace(self._request, tools=ToolSet(), choice=ToolChoice("auto"))

    def _messages(self, request: ChatRequest, *, examples: bool = True) -> list[dict[str, Any]]:
        unchanged = examples or self._options.native == "always"  # which has no examples
        options = self._options if unchanged else dataclasses.replace(self._options, examples=())
        setting = setting_for(options, lambda _: None, time.time, self._model, self._size)
        body = RequestPlan(request, setting).first.body
        if body.get("tools") and _AS_SUCH not in self._notes:
            self._notes.append(_AS_SUCH)
        messages: list[dict[str, Any]] = body["messages"]
        return messages

    def _sum(self, messages: Sequence[Mapping[str, Any]]) -> int:
        return sum(self._count(_text(message)) for message in messages)

    def _count(self, text: str) -> int:
        if text not in self._known:
            self._known[text] = self._tokenizer.count(text)
        return self._known[text]

    def _whole(self, messages: Sequence[Mapping[str, Any]], in_all: int) -> int:
        """Return the tokens of all, with the marks of the chat template."""
        count = self._tokenizer.count
        if self._given.upstream == "completions":
            return count(self._prompt(self._given))
        if isinstance(count, ServerTokenizer) and (prompt := count.rendered(messages)) is not None:
            return count(prompt)
        if self._template:
            try:
                return count(
                    self._prompt(dataclasses.replace(self._given, upstream="completions", chat_template=self._template))
                )
            except DialectError as error:
                self._notes.append(f"the chat template in the file cannot be used: {error.message}")
        self._notes.append(f"the marks of the turns are about {_A_TURN} tokens for each message, as in ChatML")
        return in_all + _A_TURN * len(messages) + _AN_ANSWER

    def _prompt(self, options: Options) -> str:
        setting = setting_for(options, lambda _: None, time.time, self._model, self._size)
        prompt: str = RequestPlan(self._request, setting).first.body["prompt"]
        return prompt

    def _per_tool(self) -> dict[str, int]:
        """Return the tokens of each tool: those of a prompt with the tool alone, less those of the instructions."""
        tools = self._request.tools.tools
        if not tools:
            return {}
        alone = [self._of_tools([tool.wire]) for tool in tools]
        if len(tools) > 1:
            frame = (sum(alone) - self._of_tools([tool.wire for tool in tools])) / (len(tools) - 1)
        else:
            frame = 2 * alone[0] - self._of_tools([tools[0].wire, renamed(tools[0])])
        return {tool.name: max(0, round(count - frame)) for tool, count in zip(tools, alone, strict=True)}

    def _of_tools(self, wires: Iterable[Any]) -> int:
        """Return the tokens of a short request with tools."""
        body = {**self._request.body, "messages": [{"role": "user", "content": ""}]}
        tools = read_tools(list(wires))
        return self._sum(self._messages(dataclasses.replace(self._bare(), tools=tools, body=body, places=()), examples=False))

    def _savings(self, present: int) -> dict[str, int]:
        """Return the tokens that shorter forms of the tools would save."""
        tools = self._request.tools.tools
        if not tools:
            return {}
        wires = [tool.wire for tool in tools]
        now = self._of_tools(wires)
        count = self._tokenizer.count
        long = [json.dumps(wire, ensure_ascii=False, default=repr) for wire in wires]
        short = [json.dumps(wire, ensure_ascii=False, default=repr, separators=(",", ":")) for wire in wires]
        saved = {
            "no descriptions of parameters": now - self._of_tools([without_words(wire, own=False) for wire in wires]),
            "no descriptions": now - self._of_tools([without_words(wire, own=True) for wire in wires]),
            "compact JSON": sum(map(count, long)) - sum(map(count, short)),
        }
        return {name: tokens for name, tokens in saved.items() if 0 < tokens < present}


def _parts(message: Mapping[str, Any]) -> list[Any]:
    content = message.get("content")
    return content if isinstance(content, list) else []


def _text(message: Mapping[str, Any]) -> str:
    """Return the text of a plain message."""
    texts = [str(message.get("reasoning_content") or "")]
    content = message.get("content")
    if isinstance(content, list):
        texts += [str(part.get("text") or "") for part in content if isinstance(part, dict) and part.get("type") == "text"]
    else:
        texts.append(str(content or ""))
    return "\n".join(filter(None, texts))
