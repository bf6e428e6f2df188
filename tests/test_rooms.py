"""The house: which room imports from which, what importing costs, and what the public names are."""

from __future__ import annotations

import ast
import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

import adapter
from adapter.options import OptionKeywords, Options

PACKAGE = Path(adapter.__file__).parent

# From the ground up: a room imports only from itself and from rooms named before it.
ROOMS = [
    "_version",
    "errors",
    "events",
    "servers",
    "store",
    "text",
    "schema",
    "syntax",
    "tools",
    "dialects",
    "enforce",
    "options",
    "completion",
    "api",
    "prompt",
    "exchange",
    "testing",
    "transport",
    "client",
    "__init__",
    "demo",
    "cli",
    "__main__",
]


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "adapter":
            parts = node.module.split(".")
            names = [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]
            found.update(name if name in ROOMS else "__init__" for name in names)
        elif isinstance(node, ast.Import):
            found.update("__init__" for alias in node.names if alias.name.partition(".")[0] == "adapter")
    return found


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", [pytest.param(path, id=str(path.relative_to(PACKAGE))) for path in FILES])
def test_imports_go_one_way(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":
        return  # it names the public names of all rooms, and loads each on first use
    for other in imported_rooms(ast.parse(path.read_text(encoding="utf-8"))):
        assert ROOMS.index(other) <= ROOMS.index(room), f"{room} imports from {other}, which stands above it"


@pytest.mark.parametrize("path", [pytest.param(path, id=str(path.relative_to(PACKAGE))) for path in FILES])
def test_rooms_are_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            length = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
            assert length <= 40, f"{node.name} has {length} lines"


def loaded_by(code: str) -> set[str]:
    script = f"{code}\nimport sys\nprint(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


NETWORK = {"openai", "httpx", "httpx2", "httpcore", "aiohttp", "requests", "urllib3"}
COSTS = [
    pytest.param("import adapter", {*NETWORK, "jinja2", "lxml", "jsonschema", "rich", "json_repair"}, id="import adapter"),
    pytest.param(
        "from adapter.cli import run; run(['templates', 'path', 'hermes'])", {*NETWORK, "jsonschema", "lxml"}, id="templates"
    ),
    pytest.param("import adapter; adapter.render([{'role': 'user', 'content': 'x'}])", NETWORK, id="render"),
    pytest.param(
        "from adapter.prompt.chat_template import load_chat_template as t; t('chatml').render([{'role': 'user'}], now=0)",
        {*NETWORK, "gguf", "numpy", "jsonschema", "lxml"},
        id="chat template",
    ),
    pytest.param("import adapter; adapter.parse('x')", {*NETWORK, "json_repair"}, id="parse"),
    pytest.param("import adapter.cli.preview as p; import adapter.exchange", NETWORK, id="preview"),
]


@pytest.mark.parametrize(("code", "forbidden"), COSTS)
def test_nothing_is_loaded_that_is_not_needed(code: str, forbidden: set[str]) -> None:
    assert loaded_by(code) & forbidden == set()


def test_public_names() -> None:
    assert sorted(adapter.__all__) == [
        "AdapterError",
        "BadRequest",
        "CompletionParser",
        "Dialect",
        "DialectError",
        "InvalidToolCall",
        "MemoryStore",
        "Options",
        "ParsedCompletion",
        "ParsedToolCall",
        "Problem",
        "SqliteStore",
        "ToolCallRequired",
        "ToolSet",
        "__version__",
        "parse",
        "read_tools",
        "render",
        "system_prompt",
        "wrap",
    ]
    for name in adapter.__all__:
        assert getattr(adapter, name) is not None
    assert set(adapter.__all__) <= set(dir(adapter))
    with pytest.raises(AttributeError, match="no attribute 'wrpa'"):
        _ = adapter.wrpa


def test_the_keywords_are_the_options() -> None:
    fields = {field.name for field in dataclasses.fields(Options)}
    assert set(OptionKeywords.__annotations__) == fields
    documented = Options.__doc__ or ""
    for name in fields:
        assert f"        {name}: " in documented
