"""The texts of a tool's definition that say what the tool is for, field by field.

Only the name and the description are checked here. Schemas are compiled when a request offers the tool, which costs more than
the whole index.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from adapter.errors import BadRequest
from adapter.tools.one_tool import check_words, wrong_type
from adapter.tools.other_apis import other_form

_KINDS = ("function", "custom")
_SIGNS = re.compile(r"[-_.:/]+")
_LONGEST = 1_000  # characters of a text for embeddings: about as much as small encoders read
_MOST = 5_000  # parts of a schema that are read: a schema that leads back to itself ends too


class Definition(NamedTuple):
    """The texts of a definition.

    Attributes:
        name: The tool's name.
        description: Its description.
        parameters: The names of parameters, also of nested ones, joined by spaces.
        about: The descriptions in the schema, joined by line ends.
        values: The texts that a parameter may have (`enum`), joined by spaces.
    """

    name: str
    description: str = ""
    parameters: str = ""
    about: str = ""
    values: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """The definition as texts for embeddings: all of it, at most 1,000 characters, and the description alone.

        The vector of a tool is their mean: a name of one word would draw the vector of a single text towards its other senses.
        """
        about = f"{_SIGNS.sub(' ', self.parameters)} {self.about}".strip()
        whole = f"{_SIGNS.sub(' ', self.name)}: {f'{self.description} {about}'.strip()}"
        alone = self.description.strip() or about
        return tuple(text[:_LONGEST] for text in (whole, alone) if text)


def read_definition(item: Any, param: str) -> Definition:
    """Read a function or a custom tool, in the form of a chat request or flat as in the Responses API.

    Args:
        item: The definition, unchecked.
        param: Its path, for messages.

    Raises:
        BadRequest: No definition of a tool, or one of another API; `param` names the place.
    """
    if not isinstance(item, Mapping):
        wanted = "the definition (adapter.tool(function).definition, or tool.definition)" if callable(item) else "an object"
        raise wrong_type(param, item, wanted)
    form = other_form(item)
    if form is not None:
        raise BadRequest(form.message(param), param=param, code="invalid_value")
    kind = item.get("type")
    if kind not in _KINDS:
        kinds = "Use 'function' or 'custom'; give a vendor's own tools to the request, beside the router's."
        raise BadRequest(f"Invalid value for '{param}.type': {kind!r}. {kinds}", param=f"{param}.type", code="invalid_value")
    inner = next((key for key in _KINDS if isinstance(item.get(key), Mapping)), None)
    function = item if inner is None else item[inner]
    check_words(function, param if inner is None else f"{param}.{inner}")
    return Definition(function["name"], function.get("description") or "", *_schema_texts(function.get("parameters")))


def wrapped_form(tool: Mapping[str, Any]) -> dict[str, Any]:
    """Return a definition in the form of a chat request, as it stands or from the flat form of the Responses API."""
    kind = tool.get("type")
    if kind not in _KINDS or isinstance(tool.get(kind), Mapping):
        return dict(tool)
    return {"type": kind, kind: {key: value for key, value in tool.items() if key != "type"}}


def _schema_texts(schema: Any) -> tuple[str, str, str]:
    """Return names, descriptions and allowed texts of a schema, in its order; without recursion, so depth does no harm."""
    names: list[str] = []
    about: list[str] = []
    values: list[str] = []
    waiting: list[Any] = [schema]
    for _ in range(_MOST):
        if not waiting:
            break
        part = waiting.pop()
        if isinstance(part, Mapping):
            properties, described, allowed = part.get("properties"), part.get("description"), part.get("enum")
            names += [name for name in properties if isinstance(name, str)] if isinstance(properties, Mapping) else ()
            about += [described] if isinstance(described, str) else ()
            values += [value for value in allowed if isinstance(value, str)] if isinstance(allowed, list) else ()
            part = list(part.values())
        if isinstance(part, list):
            waiting += [inner for inner in reversed(part) if isinstance(inner, Mapping | list)]
    return " ".join(names), "\n".join(about), " ".join(values)
