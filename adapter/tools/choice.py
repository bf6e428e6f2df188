"""The caller's tool choice as a frozen value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from adapter.errors import BadRequest
from adapter.text.some_of import some_names

if TYPE_CHECKING:
    from collections.abc import Collection

Mode = Literal["auto", "none", "required", "named"]

# Choices by a word; `any` is the word of other APIs for `required`.
_WORDS = {"auto": "auto", "none": "none", "required": "required", "any": "required"}
_FORMS = (
    '\'none\', \'auto\', \'required\', {"type": "function", "function": {"name": …}} or '
    '{"type": "allowed_tools", "allowed_tools": {"mode": …, "tools": […]}}'
)


class ToolChoice(NamedTuple):
    """The tool choice of a turn.

    Attributes:
        mode: `auto`, `none`, `required` or `named`.
        allowed: The names that may be called; None for all. A named choice allows a single name.
    """

    mode: Mode = "auto"
    allowed: tuple[str, ...] | None = None

    @property
    def name(self) -> str | None:
        """The tool of a named choice; None in other modes."""
        return self.allowed[0] if self.mode == "named" and self.allowed else None

    @property
    def forced(self) -> bool:
        """True if the answer must hold a call."""
        return self.mode in {"required", "named"}


_AUTO = ToolChoice()


def read_choice(value: Any, names: Collection[str]) -> ToolChoice:
    """Read `tool_choice` of a chat request.

    Args:
        value: The value in the request; None means `auto`.
        names: Names of the tools offered.

    Raises:
        BadRequest: The form is not documented, or the named tool was not offered.
    """
    if value is None:
        return _AUTO
    choice = choice_by_word(value)
    if choice is not None:
        return choice
    if isinstance(value, str):
        raise BadRequest(f"Invalid value for 'tool_choice': {value!r}. Use {_FORMS}.", param="tool_choice")
    if isinstance(value, dict) and value.get("type") == "allowed_tools":
        return _allowed(value.get("allowed_tools", value), names)  # or beside the type, as in the Responses API
    return ToolChoice("named", (_named(value, "tool_choice", names),))


def choice_by_word(value: Any) -> ToolChoice | None:
    """Return the choice for a word, alone or as the type of an object (`{"type": "any"}`); None for other choices."""
    word = value.get("type") if isinstance(value, dict) else value
    mode = _WORDS.get(word) if isinstance(word, str) else None
    return None if mode is None else ToolChoice(mode)  # type: ignore[arg-type]  # a value of the table


def asks_for_nothing(value: Any) -> bool:
    """Tell if a choice needs no tools: no call has to come."""
    if value is None:
        return True
    choice = choice_by_word(value)
    return choice is not None and not choice.forced


def read_function_call(value: Any, names: Collection[str]) -> ToolChoice:
    """Read the legacy `function_call` of a chat request: `"auto"`, `"none"` or `{"name": …}`."""
    if value is None or value == "auto":
        return _AUTO
    if value == "none":
        return ToolChoice("none")
    name = value.get("name") if isinstance(value, dict) else None
    if not isinstance(name, str):
        raise BadRequest(
            f"Invalid value for 'function_call': {value!r}. Use 'none', 'auto' or {{\"name\": …}}.",
            param="function_call",
        )
    return ToolChoice("named", (offered(name, "function_call.name", names),))


def _named(value: Any, param: str, names: Collection[str]) -> str:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in ("function", "custom", "tool"):  # `tool` is Anthropic's word
        raise BadRequest(f"Invalid value for '{param}': {value!r}. Use {_FORMS}.", param=param)
    inner = value.get(kind)
    name = inner.get("name") if isinstance(inner, dict) else value.get("name")  # beside the type, as in the Responses API
    if not isinstance(name, str):
        raise BadRequest(
            f"Missing required parameter: '{param}.{kind}.name'. It is the name of one of the tools.",
            param=f"{param}.{kind}.name",
            code="missing_required_parameter",
        )
    return offered(name, f"{param}.{kind}.name", names)


def offered(name: str, param: str, names: Collection[str]) -> str:
    """Check a name in the tool choice. Returns the name.

    Args:
        name: The name in the tool choice.
        param: Its path in the request, for messages.
        names: Names of the tools offered.

    Raises:
        BadRequest: No tool of the name was offered.
    """
    if name not in names:
        known = some_names(names, name) or "none"
        raise BadRequest(f"Tool choice {name!r} not found in 'tools' parameter. The tools offered are {known}.", param=param)
    return name


def _allowed(value: Any, names: Collection[str]) -> ToolChoice:
    param = "tool_choice.allowed_tools"
    if not isinstance(value, dict) or value.get("mode") not in {"auto", "required"}:
        raise BadRequest(
            f"Invalid value for '{param}': {value!r}. It has 'mode' ('auto' or 'required') and 'tools'.", param=param
        )
    tools = value.get("tools")
    if not isinstance(tools, list) or not tools:
        raise BadRequest(f"Invalid value for '{param}.tools': {tools!r}. Give at least one tool.", param=f"{param}.tools")
    allowed = tuple(_named(tool, f"{param}.tools[{position}]", names) for position, tool in enumerate(tools))
    return ToolChoice(value["mode"], allowed)
