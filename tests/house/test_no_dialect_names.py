"""A dialect is data: no code asks which one it has.

What the code does for one family it does by what its template says, so that a template of someone else's can say the same.
Names of dialects and models may be defaults and examples; nothing may be compared with one, looked up by one or matched on one.
"""

from __future__ import annotations

import ast
import functools
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import adapter
from adapter.dialects.registry import AUTO, load, names
from adapter.dialects.templates import names as templates
from adapter.prompt.chat_sources import FOLDER
from adapter.prompt.chat_template import load_chat_template
from adapter.servers import SERVERS

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(adapter.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
# Methods that ask whether a text is, begins with, ends with or holds another.
ASKING = {"startswith", "endswith", "removeprefix", "removesuffix", "find", "index", "count", "fnmatch", "fnmatchcase", "match", "search",
          "fullmatch", "compile", "__contains__", "get", "__eq__", "partition", "split"}  # fmt: skip


@functools.cache
def forbidden() -> set[str]:
    """Names of dialects and chat templates, and the words of their globs of models."""
    found = {*names(), *templates(FOLDER)}
    globs = [glob for name in names() for glob in load(name).models]
    globs += [glob for name in templates(FOLDER) for glob in load_chat_template(name).models]
    found |= {word.lower() for glob in globs for word in glob.split("*") if word}
    return found - {AUTO}


def texts_of(node: ast.AST | None) -> Iterator[str]:
    """The texts that an expression compares with: itself, or those of a tuple, list, set or the keys of a dictionary."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        for item in node.elts:
            yield from texts_of(item)
    elif isinstance(node, ast.Dict):
        for key in node.keys:
            yield from texts_of(key)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"frozenset", "set", "tuple"}:
        for argument in node.args:
            yield from texts_of(argument)


def constants(tree: ast.Module) -> dict[str, ast.expr]:
    """The values of names that a module assigns once, so that a name stands for what it holds."""
    found: dict[str, ast.expr] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found[target.id] = node.value
                elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = zip(target.elts, node.value.elts, strict=False)
                    found |= {name.id: value for name, value in pairs if isinstance(name, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found[node.target.id] = node.value
    return found


def asked(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The texts that a module's code asks about: line, and text."""
    known = constants(tree)

    def meant(node: ast.expr) -> ast.expr:
        return known.get(node.id, node) if isinstance(node, ast.Name) else node

    for node in ast.walk(tree):
        for place in places(node):
            for text in texts_of(meant(place)):
                # A kind of server is no dialect, though one may be called as one is; nor is the list of all kinds.
                kinds = "server" in ast.unparse(node).lower() or set(texts_of(meant(place))) == set(SERVERS)
                if not (text in SERVERS and kinds):
                    yield place.lineno, text


def places(node: ast.AST) -> list[ast.expr]:
    """The expressions that a node asks about."""
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    if isinstance(node, ast.MatchValue):
        return [node.value]
    if isinstance(node, ast.Subscript):
        return [node.slice]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ASKING:
        return [*node.args, node.func.value]
    return [node] if isinstance(node, ast.Dict) else []  # a table by name


def names_a_dialect(text: str) -> bool:
    """Whether a text is such a name, or a glob or a pattern of one."""
    bare = text.lower().strip("*^$?() ")
    return bare in forbidden()


def test_no_code_asks_for_a_dialect() -> None:
    found = [(path, *place) for path in FILES for place in asked(ast.parse(path.read_text(encoding="utf-8")))]
    assert len(found) > 100
    assert [each for each in found if names_a_dialect(each[2])] == []


@pytest.mark.parametrize(
    "code",
    [
        'if dialect.name == "hermes": pass',
        'if "gemma-4" != name: pass',
        'x = name in ("a", "kimi-k2")',
        'x = name in {"deepseek-v4"}',
        'x = "qwen3-coder" in model',
        'K = {"glm-4.5", "glm-4.7"}\nx = name in K',
        'A, B = "gpt-oss", 1\nx = name == A',
        'x = model.startswith("qwen3.5")',
        'x = re.search("minimax-m2", model)',
        'x = fnmatch.fnmatchcase(model, "*minimax-m2*")',
        'TABLE = {"seed-oss": 1}',
        'match name:\n    case "lfm2":\n        pass',
        'match name:\n    case "a" | "lfm2":\n        pass',
    ],
)
def test_it_would_be_found(code: str) -> None:
    assert [text for _, text in asked(ast.parse(code)) if names_a_dialect(text)]


@pytest.mark.parametrize(
    "code", ['dialect: str = "hermes"', 'def f(dialect="hermes"): load(dialect)', '"""gemma-4 == gemma-4"""']
)
def test_defaults_and_words_are_free(code: str) -> None:
    assert not [text for _, text in asked(ast.parse(code)) if names_a_dialect(text)]
