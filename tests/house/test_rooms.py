"""The house: which file and which room imports from which, what importing costs, and what the public names are.

An import counts wherever it stands: at the top, under TYPE_CHECKING, or inside a function.
"""

from __future__ import annotations

import ast
import dataclasses
import re
import subprocess
import sys
import typing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import adapter
from adapter import option_keywords
from adapter.option_keywords import OptionKeywords
from adapter.options import Options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PACKAGE = Path(adapter.__file__).parent

# From the ground up: a room imports only from itself and from rooms named before it.
ROOMS = [
    "_version",
    "errors",
    "events",
    "records",
    "recent",
    "servers",
    "model_size",
    "model_context",
    "plain_file",
    "store",
    "text",
    "schema",
    "grounding",
    "tools",
    "routing",
    "syntax",
    "dialects",
    "option_keywords",
    "option_checks",
    "options",
    "completion",
    "api",
    "prompt",
    "enforce",
    "linting",
    "exchange",
    "transport",
    "replaying",
    "testing",
    "exporting",
    "client",
    "running",
    "counting",
    "lint_tools",
    "probing",
    "gateway",
    "__init__",
    "demo",
    "cluster",
    "evaluation",
    "batching",
    "training",
    "cli",
    "__main__",
]
# Files that import one another, which may only become fewer.
KNOWN_CIRCLES: list[set[str]] = []


def module_of(name: str) -> str:
    """The module of a file's name: `api/chat/__init__.py` is `adapter.api.chat`."""
    return ".".join(["adapter", *name.removesuffix(".py").split("/")]).removesuffix(".__init__")


def modules_in(source: str) -> Iterator[tuple[str, str | None]]:
    """What a text imports of the package: module, and the name taken out of it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from ((node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)


def imports_of(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """Of each file the files that it imports, all by their names in the package."""
    names = {module_of(name): name for name in sources}
    found: dict[str, set[str]] = {}
    for name, source in sources.items():
        modules = [(module, f"{module}.{part}") for module, part in modules_in(source) if module.partition(".")[0] == "adapter"]
        found[name] = {names.get(inner) or names[module] for module, inner in modules} - {name}
    return found


def circles_of(graph: Mapping[str, set[str]]) -> list[set[str]]:
    """Files that each lead to all others of their circle."""
    reach = {name: set(others) for name, others in graph.items()}
    for middle in graph:  # Warshall's closure
        for others in reach.values():
            if middle in others:
                others.update(reach[middle])
    found: list[set[str]] = []
    for name in graph:
        circle = {other for other in reach[name] if name in reach[other]}
        if circle and circle not in found:
            found.append(circle)
    return found


SOURCES = {path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))}
GRAPH = imports_of(SOURCES)


def room_of(name: str) -> str:
    return name.partition("/")[0].removesuffix(".py")


def test_every_room_has_its_floor() -> None:
    assert {room_of(name) for name in SOURCES} == set(ROOMS)


def test_imports_go_one_way() -> None:
    above = {
        (name, other)
        for name, others in GRAPH.items()
        for other in others
        if name != "__init__.py"  # it names the public names of all rooms, and loads each on first use
        and ROOMS.index(room_of(other)) > ROOMS.index(room_of(name))
    }
    assert above == set(), "a file imports from a room above its own"


def test_no_files_import_one_another() -> None:
    # `__init__.py` names the public names of all rooms for type checkers, and loads each on first use.
    circles = circles_of({name: others - {"__init__.py"} for name, others in GRAPH.items() if name != "__init__.py"})
    assert [circle for circle in circles if not any(circle <= known for known in KNOWN_CIRCLES)] == []
    assert [known for known in KNOWN_CIRCLES if not any(circle <= known for circle in circles)] == [], (
        "a circle is gone: strike it out"
    )


def test_circles_are_seen_wherever_the_import_stands() -> None:
    later = "def f():\n    from adapter.api import a\n"
    for_types = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from adapter.api.b import B\n"
    sources = {
        "api/__init__.py": "",
        "api/a.py": for_types,
        "api/b.py": "import adapter.errors",
        "errors.py": later,
        "c.py": "import os",
    }
    graph = imports_of(sources)
    assert graph["errors.py"] == {"api/a.py"}
    assert circles_of(graph) == [{"api/a.py", "api/b.py", "errors.py"}]


def loaded_by(code: str) -> set[str]:
    script = f"{code}\nimport sys\nprint(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


NETWORK = {"openai", "httpx", "httpx2", "httpcore", "aiohttp", "requests", "urllib3"}
COSTS = [
    pytest.param("import adapter", {*NETWORK, "jinja2", "lxml", "jsonschema", "rich", "adapter.probing"}, id="import adapter"),
    pytest.param(
        "from adapter.cli import run; run(['templates', 'path', 'hermes'])", {*NETWORK, "jsonschema", "lxml"}, id="templates"
    ),
    pytest.param("import adapter; adapter.render([{'role': 'user', 'content': 'x'}])", NETWORK, id="render"),
    pytest.param(
        "from adapter.prompt.chat_template import load_chat_template as t; t('chatml').render([{'role': 'user'}], now=0)",
        {*NETWORK, "gguf", "numpy", "jsonschema", "lxml"},
        id="chat template",
    ),
    pytest.param(
        "import adapter; adapter.load_settings",
        {"openai", "httpx", "httpx2", "rich", "adapter.probing.run", "adapter.transport"},
        id="load_settings",
    ),
    pytest.param("import adapter; adapter.parse('x')", NETWORK, id="parse"),
    pytest.param(
        "import adapter; adapter.ToolRouter([]).select('x')",
        {*NETWORK, "jinja2", "lxml", "rich", "numpy"},
        id="router",
    ),
    pytest.param("import adapter; adapter.run_tools, adapter.mcp_tools", {*NETWORK, "mcp", "pydantic", "rich"}, id="run_tools"),
    pytest.param("import adapter; adapter.evaluate", {*NETWORK, "jinja2", "lxml", "jsonschema", "rich"}, id="evaluate"),
    pytest.param("import adapter.cli.serve", {*NETWORK, "starlette", "uvicorn", "jinja2", "lxml", "jsonschema"}, id="serve"),
    pytest.param(
        "from adapter.gateway.config import Config, Upstream; from adapter.gateway.server import Gateway; "
        "Gateway(Config(upstream=Upstream(url='http://127.0.0.1:9/v1'), port=0), print)._socket.close()",
        {*NETWORK, "rich", "adapter.cli", "adapter.demo", "adapter.probing"},
        id="a gateway that takes connections",
    ),
    pytest.param(
        "from adapter.cli import run; run(['tokens', '-h'])",
        {"adapter.cli.serve", "adapter.cli.demo", "adapter.demo"},
        id="one command",
    ),
    pytest.param(
        "import adapter; adapter.batch([])({'text': ['x']})",
        {*NETWORK, "pyarrow", "pandas", "polars", "numpy", "ray", "multiprocessing", "adapter.evaluation"},
        id="batch",
    ),
    pytest.param("import adapter.cli.preview as p; import adapter.exchange", NETWORK, id="preview"),
]


@pytest.mark.parametrize(("code", "forbidden"), COSTS)
def test_nothing_is_loaded_that_is_not_needed(code: str, forbidden: set[str]) -> None:
    assert loaded_by(code) & forbidden == set()


def test_public_names() -> None:
    assert sorted(adapter.__all__) == [
        "AdapterError",
        "ArgumentsDelta",
        "BadRequest",
        "BatchReader",
        "CallFinished",
        "CallPlaces",
        "CallRecord",
        "CallStarted",
        "CompletionParser",
        "Dialect",
        "DialectError",
        "Evaluation",
        "ExchangeRecord",
        "InvalidToolCall",
        "LintFinding",
        "Locator",
        "Markup",
        "MemoryStore",
        "Options",
        "ParsedCompletion",
        "ParsedRow",
        "ParsedToolCall",
        "ProbeFailed",
        "ProbeResult",
        "Problem",
        "ReasoningDelta",
        "RecordedCall",
        "RedisStore",
        "Revealed",
        "RunEvent",
        "RunResult",
        "RunnableTool",
        "SelectedTool",
        "Span",
        "SqliteStore",
        "TextDelta",
        "TokenCount",
        "TokenUse",
        "TokenizerError",
        "ToolCall",
        "ToolCallRequired",
        "ToolError",
        "ToolRouter",
        "ToolSelection",
        "ToolSet",
        "__version__",
        "arun_tools",
        "batch",
        "count_tokens",
        "evaluate",
        "lint",
        "load_settings",
        "mcp_tools",
        "parse",
        "parse_many",
        "probe",
        "read_tools",
        "refusal_of",
        "render",
        "reset",
        "reveal_tools",
        "run_of",
        "run_tools",
        "system_prompt",
        "tool",
        "wrap",
    ]
    for name in adapter.__all__:
        assert getattr(adapter, name) is not None
    assert set(adapter.__all__) <= set(dir(adapter))
    with pytest.raises(AttributeError, match="no attribute 'wrpa'"):
        _ = adapter.wrpa


def test_wraps_docstring_has_every_option() -> None:
    """A line each: add yours where it belongs (`help(adapter.wrap)`)."""
    sections = (adapter.wrap.__doc__ or "").split("\n    Options for the model", 1)[1].split("\n    Raises:")[0]
    named = re.findall(r"^ {8}(\w+): \S", sections, re.MULTILINE)
    assert sorted(named) == sorted(field.name for field in dataclasses.fields(Options))


def test_no_option_of_words_takes_any_text() -> None:
    """A type checker refuses `server="llamacpp"`: the options that take a word list their words."""
    strange = dict.fromkeys(("Mapping", "Sequence", "Dialect", "Problem", "Store", "ExchangeRecord"), object)
    known = {**strange, **vars(option_keywords), "Callable": typing.Callable}
    for name, allowed in option_keywords.CHOICES.items():
        hint = eval(OptionKeywords.__annotations__[name].__forward_arg__, known)  # noqa: S307  # our own annotation
        words = [word for part in (hint, *typing.get_args(hint)) for word in typing.get_args(part)]
        assert str not in words, name
        assert {word for word in allowed if word} <= set(words), name


def test_the_keywords_are_the_options() -> None:
    fields = {field.name for field in dataclasses.fields(Options)}
    assert set(OptionKeywords.__annotations__) == fields
    documented = Options.__doc__ or ""
    for name in fields:
        assert f"        {name}: " in documented
