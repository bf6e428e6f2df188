"""The options for the model that a request names: the dialect, and the form in which upstream gets the conversation."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

from adapter.dialects.registry import AUTO, choose, resolve
from adapter.events import Problem
from adapter.exchange.upstream import ChatUpstream, RawUpstream
from adapter.prompt.chat_template import choose_chat_template, load_chat_template
from adapter.servers import server_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.exchange.protocol import Report
    from adapter.exchange.upstream import Upstream
    from adapter.options import Options

# Models whose settings are kept; beyond this number all are forgotten.
_MOST_MODELS = 256


class Setting(NamedTuple):
    """The options for a model.

    Attributes:
        options: The options, with the dialect itself. The dialect has the special tokens of the chat template too: they are
            stripped from the answer, and made harmless in untrusted text, like the dialect's own.
        upstream: The form in which upstream gets the conversation.
        chosen: The choices made by the model's name, in a sentence each.
    """

    options: Options
    upstream: Upstream
    chosen: tuple[str, ...] = ()


def setting_for(options: Options, clock: Callable[[], float], model: str) -> Setting:
    """Return the setting for a model.

    Raises:
        DialectError: A dialect or a chat template of the options cannot be loaded.
    """
    chosen: list[str] = []
    dialect = resolve(options.dialect)
    if options.dialect == AUTO:
        dialect, reason = choose(model)
        chosen.append(reason)
    server = server_for(options.server, options.upstream)
    upstream: Upstream = ChatUpstream(server)
    if options.upstream == "completions" and options.chat_template is not None:
        template = load_chat_template(options.chat_template)
        if options.chat_template == AUTO:
            template, reason = choose_chat_template(model)
            chosen.append(reason)
        dialect = dataclasses.replace(dialect, special=tuple(dict.fromkeys((*dialect.special, *template.special))))
        upstream = RawUpstream(server, template, clock)
    return Setting(dataclasses.replace(options, dialect=dialect), upstream, tuple(chosen))


class Settings:
    """The settings of the models that requests name, at most 256 at a time.

    Args:
        options: The caller's choices.
        report: Called with a `Problem` for each choice made by a model's name, once for each model.
        clock: The time in seconds since the epoch.

    Raises:
        DialectError: A dialect or a chat template of the options cannot be loaded.
    """

    def __init__(self, options: Options, report: Report, clock: Callable[[], float]) -> None:
        self._options = options
        self._report = report
        self._clock = clock
        self._by_model = AUTO in {options.chat_template, options.dialect if isinstance(options.dialect, str) else None}
        self._any = setting_for(options, clock, "")
        self._known: dict[str, Setting] = {}

    def of(self, model: str) -> Setting:
        """Return the setting for a model."""
        if not self._by_model:
            return self._any
        if model not in self._known:
            if len(self._known) >= _MOST_MODELS:
                self._known.clear()
            self._known[model] = setting_for(self._options, self._clock, model)
            for reason in self._known[model].chosen:
                self._report(Problem("chosen", reason))
        return self._known[model]
