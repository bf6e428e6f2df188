"""A dialect as a frozen value: the front matter of its template, and the macros that render."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from adapter.dialects import templates
from adapter.dialects.spending import spending
from adapter.errors import DialectError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapter.tools.choice import ToolChoice

Pair = tuple[str, str]
SpaceBeforeCall = Literal["drop", "keep", "keep-in-sentence"]


@dataclass(frozen=True, slots=True, eq=False)
class Dialect:
    """The format in which a family of models reads tool definitions and writes tool calls.

    A dialect equals itself alone: dialects with equal front matter may have different macros.

    Attributes:
        name: The name by which callers select the dialect.
        models: Globs of suitable model names.
        syntax: The name of the call syntax that reads blocks.
        open: The marker at the beginning of a block.
        close: The marker at the end of a block.
        result: The tags around a tool result in the prompt, or None; a model sometimes writes the tags itself.
        reasoning: The tags around reasoning, or None.
        answer: The tags around the answer behind reasoning, which some models write, or None.
        special: Special tokens that may be left over in the text.
        calls_in_thinking: True if a call ends the models' thinking; `unclosed` if a call does only in thinking without an end.
        space_before_call: Treatment of white space between text and a call: `drop`; `keep` as content; or `keep-in-sentence`,
            as content if the text breaks off inside a sentence.
        form: Further settings of the call syntax.
        markers: Other literals of the prompt that untrusted text must not hold.
        result_role: The role of messages with tool results: a single `user` message for a turn, or a `tool` message each.
        roles: Roles of messages that the models know besides the API's; messages of the roles pass unchanged.
        default_system: System text for a conversation with tools and without a system message.
        tools_in: The place of the tools: the single `system` message, together with the caller's text; a first system message
            of their `own`, followed by the caller's; or the first message of the `user`, together with its text.
        tools_name: The `name` of a message of the tools' own, for chat templates that look for a name.
        call_ids: The form of past call ids, for models trained on a single form: a text with `{name}` of the tool and
            `{index}`, counted over the conversation; or `nine` letters and digits, derived from the caller's id. Empty:
            unchanged.
        newline_first: True if the models begin an answer with a newline, which is no content, before thinking.
        token_first: True if the models begin an answer with a special token, which is no content.
        evidence: Evidence behind the dialect: `renderings` of official templates, the `board` of recorded completions.
        needs: The upstream that the dialect needs: `chat`, or `completions` if its markers are special tokens or do not fit
            into plain messages.
        path: The template's file.
        macros: The template's macros by name.
    """

    name: str
    models: tuple[str, ...]
    syntax: str
    open: str
    close: str
    result: Pair | tuple[()] = ()
    reasoning: Pair | None = None
    answer: Pair | None = None
    special: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    calls_in_thinking: bool | Literal["unclosed"] = False
    space_before_call: SpaceBeforeCall = "drop"
    form: Mapping[str, str] = field(default_factory=dict)
    result_role: Literal["user", "tool"] = "user"
    roles: tuple[str, ...] = ()
    default_system: str = ""
    tools_in: Literal["system", "own", "user"] = "system"
    tools_name: str = ""
    call_ids: str = ""
    newline_first: bool = False
    token_first: bool = False
    evidence: tuple[str, ...] = ()
    needs: Literal["chat", "completions"] = "chat"
    path: str = ""
    macros: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def system(self, text: str, tools: Sequence[Mapping[str, Any]], choice: ToolChoice, parallel: bool | None = None) -> str:
        """Render the message that shows the tools, together with its own text, in the dialect's order and words."""
        return self._render("system", text, tools, choice, parallel)

    def asked(self, choice: ToolChoice, parallel: bool | None = None) -> str:
        """Render the text about the tool choice, by the dialect's macro `asked(choice, parallel)`."""
        return self._render("asked", choice, parallel) if "asked" in self.macros else ""

    def tool_call(self, name: str, arguments: Any, call_id: str = "") -> str:
        """Render a call in the model's notation. `arguments` is the decoded object; few dialects show the id."""
        shown = call_id or (self.call_ids.format(name=name, index=0) if "{" in self.call_ids else "")
        return self._render("tool_call", {"id": shown, "name": name, "arguments": arguments})

    def assistant(self, content: str, calls: Sequence[str]) -> str:
        """Render a turn of the assistant: its text, and its calls as `tool_call` rendered them.

        The dialect's macro `assistant(content, calls)` joins text and calls; without the macro, each stands on lines of its
        own.
        """
        if "assistant" in self.macros:
            return self._render("assistant", content, calls)
        return "\n".join(text for text in (content, *calls) if text)

    def tool_results(self, results: Sequence[Mapping[str, str]]) -> str:
        """Render neighbouring results as text. Each result has `content`, `name` and `id`.

        A macro `tool_results(results, role)` receives the role of the message: for some families, chat templates write the tags
        around `tool` messages themselves.
        """
        told = len(self.macros["tool_results"].arguments) > 1
        return self._render("tool_results", results, *((self.result_role,) if told else ()))

    def _render(self, macro: str, *args: object) -> str:
        try:
            with spending():
                return str(self.macros[macro](*args))
        except templates.FAULTS as error:
            if macro == "tool_call" and isinstance(error, RecursionError):
                raise  # the value is too deep, not the template at fault
            raise DialectError(f"{self.path}: macro {macro!r} failed: {templates.fault_of(error)}") from error
