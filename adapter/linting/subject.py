"""Tools in the form that rules read: name, description, schema and parameters, each with its place in the caller's value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from adapter.linting.parameters import parameters_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adapter.dialects.registry import Dialect
    from adapter.linting.parameters import Parameter

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class LintedTool:
    """A tool, in any API's form.

    Attributes:
        name: Its name; empty where there is none.
        description: Its description; empty where there is none.
        schema: The schema of its parameters; empty where there is none.
        kind: `"function"`, `"custom"` (one text, no schema), or the type of a tool that only a vendor's servers run.
        item: The object that holds name and description.
        wire: The definition in Chat Completions form, for the adapter's own reader.
        path: The place of `item`.
        outer: The place of the list's element around `item`.
        schema_path: The place of the schema.
        fault: The reason why the definition cannot be read; empty for a definition that has a name.
    """

    name: str
    description: str
    schema: Mapping[str, Any]
    kind: str
    item: Mapping[str, Any]
    wire: Any
    path: Path
    outer: Path
    schema_path: Path
    fault: str = ""

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters, the inner ones too, in the order of the schema."""
        return tuple(parameters_of(self.schema, self.schema_path))

    @property
    def own(self) -> list[Parameter]:
        """The parameters of the tool itself, without those inside of others."""
        return [parameter for parameter in self.parameters if parameter.depth == 0]

    @property
    def hints(self) -> Mapping[str, Any]:
        """The annotations of an MCP tool; empty without any."""
        found = self.item.get("annotations")
        return found if isinstance(found, Mapping) else {}

    @property
    def named(self) -> str:
        """The tool, for sentences."""
        return f"tool {self.name!r}"

    @property
    def description_path(self) -> Path:
        """The place of the description; of a tool without one, the place of the tool."""
        return (*self.path, "description") if "description" in self.item else self.path

    @property
    def name_path(self) -> Path:
        """The place of the name; of a tool without one, the place of the tool."""
        return (*self.path, "name") if "name" in self.item else self.path


@dataclass(frozen=True)
class Subject:
    """All that is linted at once.

    Attributes:
        tools: The tools, in order.
        request: The request around the tools; empty where there is none.
        items: The elements of the list of tools, with their places.
        dialect: The dialect that the tools are to be written in; None for none.
        target: `"openai"` where the tools go to OpenAI's API as such; else empty.
        budget: The tokens that the tools may have; None without a bound.
        tokens: Counts the tokens of the tools, as the model reads them; returns the number and its source.
    """

    tools: Sequence[LintedTool]
    request: Mapping[str, Any] = field(default_factory=dict)
    items: Sequence[tuple[Path, Any]] = ()
    dialect: Dialect | None = None
    target: str = ""
    budget: int | None = None
    tokens: Callable[[], tuple[int, str]] = lambda: (0, "")

    @cached_property
    def functions(self) -> list[LintedTool]:
        """The tools that can be read, and are not run by a vendor's servers."""
        return [tool for tool in self.tools if not tool.fault and tool.kind in {"function", "custom"}]
