"""Tools in the form for rules: name, description, schema and parameters, each with its path in the caller's value."""

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
        name: The name; an empty text if absent.
        description: The description, up to a bound; an empty text if absent.
        schema: The schema of the parameters; empty if absent.
        kind: `"function"`, `"custom"` (one text, no schema), or the type of a tool that only a vendor's servers run.
        item: The object that holds name and description.
        wire: The definition in Chat Completions form, for the adapter's own reader.
        path: The path of `item`.
        outer: The path of the list's element around `item`.
        schema_path: The path of the schema.
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
        """The parameters at all depths, in the order of the schema."""
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
        """The path of the description; without a description the path of the tool."""
        return (*self.path, "description") if "description" in self.item else self.path

    @property
    def name_path(self) -> Path:
        """The path of the name; without a name the path of the tool."""
        return (*self.path, "name") if "name" in self.item else self.path


@dataclass(frozen=True)
class Subject:
    """The input of a run of rules.

    Attributes:
        tools: The tools, in order.
        request: The request around the tools; empty without a request.
        items: The elements of the list of tools, with their paths.
        dialect: The dialect of the prompt, or None.
        target: `"openai"` if the tools go to OpenAI's API as such; else empty.
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
