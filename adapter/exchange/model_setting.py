"""The options for the model that a request names: the dialect, and the form in which upstream gets the conversation."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.dialects.registry import AUTO, by_model, choose, resolve
from adapter.enforce.ladder import chosen_rung
from adapter.events import Problem
from adapter.exchange.learnt import Learnt
from adapter.exchange.native_use import NativeUse, native_choice
from adapter.exchange.past_answers import PastAnswers
from adapter.exchange.sized import asked_size, known_size, sized
from adapter.exchange.tool_policy import policy_of
from adapter.exchange.upstream import ChatUpstream, RawUpstream
from adapter.model_size import size_in_name
from adapter.prompt.chat_template import choose_chat_template, load_chat_template
from adapter.servers import server_for

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator

    from adapter.api.chat.request import ChatRequest
    from adapter.exchange.protocol import Command, Report
    from adapter.exchange.routing import Routing
    from adapter.exchange.upstream import Upstream
    from adapter.model_size import ModelSize
    from adapter.options import Options

# Models whose settings are kept; beyond this number all are forgotten.
_MOST_MODELS = 256


class Setting(NamedTuple):
    """The options for a model.

    Attributes:
        options: The options, with the dialect itself. The dialect has the special tokens of the chat template too: they are
            stripped from the answer, and made harmless in untrusted text, like the dialect's own.
        upstream: The form in which upstream gets the conversation.
        chosen: The choices that were left to the adapter, in a sentence each: dialect, chat template, profile, enforcement.
        learnt: Facts about the model's server, from its answers to this client.
        past: The memory of answers with calls; None without one.
        size: The size of the model, if known.
        routing: The caller's router; None without one.
    """

    options: Options
    upstream: Upstream
    chosen: tuple[str, ...]
    learnt: Learnt
    past: PastAnswers | None = None
    size: ModelSize | None = None
    routing: Routing | None = None

    @property
    def beyond(self) -> Collection[str]:
        """Names of tools that are not in a request, and that its choice may name."""
        return () if self.routing is None else self.routing.names

    def routed(self, request: ChatRequest, report: Report) -> ChatRequest:
        """Return a request with the tools that a router has for it; the request itself without a router."""
        return request if self.routing is None else self.routing.routed(request, report)


def setting_for(
    options: Options, report: Report, clock: Callable[[], float], model: str, size: ModelSize | None = None
) -> Setting:
    """Return the setting for a model, with nothing learnt.

    Args:
        options: The caller's choices.
        report: Called with each `Problem`.
        clock: The time in seconds since the epoch.
        model: The model's name.
        size: The size of the model, as the server tells; None where the name or a file may tell.

    Raises:
        DialectError: A dialect or a chat template of the options cannot be loaded.
    """
    chosen: list[str] = []
    dialect = resolve(options.dialect)
    if options.dialect == AUTO:
        dialect, reason = choose(model)
        chosen.append(reason)
    elif isinstance(options.dialect, str) and (reason := by_model(options.dialect)[1]):
        chosen.append(reason)
    server = server_for(options.server, options.upstream)
    template = None
    upstream: Upstream = ChatUpstream(server)
    if options.upstream == "completions" and options.chat_template is not None:
        template = load_chat_template(options.chat_template)
        if options.chat_template == AUTO:
            template, reason = choose_chat_template(model)
            chosen.append(reason)
        dialect = dataclasses.replace(dialect, special=tuple(dict.fromkeys((*dialect.special, *template.special))))
        upstream = RawUpstream(server, template, clock)
    size = size or known_size(model, template)
    options, reason = sized(dataclasses.replace(options, dialect=dialect), size, model)
    chosen += [reason] if reason else []
    if options.enforce == AUTO:
        chosen.append(chosen_rung(options.server, server))
    chosen += native_choice(options)
    return Setting(options, upstream, tuple(chosen), _nothing_learnt(options, report, clock), None, size)


def _nothing_learnt(options: Options, report: Report, clock: Callable[[], float]) -> Learnt:
    return Learnt(report, NativeUse(report, clock), options.max_response_bytes)


class Settings:
    """The settings of the models that requests name, at most 256 at a time.

    Args:
        options: The caller's choices.
        report: Called with a `Problem` for each choice made by a model's name, once for each model.
        clock: The time in seconds since the epoch.
        routing: The caller's router.

    Attributes:
        options: The caller's choices.
        routing: The caller's router; None without one.
        policy: The treatment of tools that cannot be offered.

    Raises:
        DialectError: A dialect or a chat template of the options cannot be loaded.
    """

    def __init__(self, options: Options, report: Report, clock: Callable[[], float], routing: Routing | None = None) -> None:
        self.options = options
        self.routing = routing
        self.policy = policy_of(options)
        self._report = report
        self._clock = clock
        self._sizes: dict[str, ModelSize | None] = {}  # as servers told
        self._by_model = AUTO in {
            options.profile,
            options.chat_template,
            options.dialect if isinstance(options.dialect, str) else None,
        }
        self._past = PastAnswers.of(options, report)
        self._any = setting_for(options, report, clock, "")._replace(past=self._past, routing=routing)
        self._known: dict[str, Setting] = {}

    @property
    def beyond(self) -> Collection[str]:
        """Names of tools that are not in a request, and that its choice may name."""
        return () if self.routing is None else self.routing.names

    def of(self, model: str) -> Setting:
        """Return the setting for a model."""
        if model not in self._known:
            if len(self._known) >= _MOST_MODELS:
                self._known.clear()
            self._known[model] = self._made(model)
            for reason in self._known[model].chosen:
                self._report(Problem("chosen", reason))
        return self._known[model]

    def asks(self, model: str) -> bool:
        """Return True for a model whose size decides, and that the server has to be asked for."""
        if self.options.profile != AUTO or model in self._known or model in self._sizes:
            return False
        return setting_for(self.options, self._report, self._clock, model).size is None

    def ask(self, model: str) -> Generator[Command, Any, None]:
        """Ask the server for the size of a model, once."""
        if len(self._sizes) >= _MOST_MODELS:
            self._sizes.clear()
        self._sizes[model] = yield from asked_size(model, self.options.server)

    def reset(self) -> None:
        """Forget all that was learnt about servers and models."""
        self._known.clear()
        self._sizes.clear()

    def _nothing_learnt(self) -> Learnt:
        return _nothing_learnt(self.options, self._report, self._clock)

    def _made(self, model: str) -> Setting:
        if self._by_model:
            size = self._sizes.get(model)
            made = setting_for(self.options, self._report, self._clock, model, size)
            return made._replace(past=self._past, routing=self.routing)
        size = self._any.size or size_in_name(model)
        return self._any._replace(size=size, learnt=self._nothing_learnt())
