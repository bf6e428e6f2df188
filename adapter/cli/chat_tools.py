"""Tools of `adapter chat --tools`: functions of a Python file or a module."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.cli.console import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from adapter.running.tool import RunnableTool

_FORM = "write FILE.py, FILE.py:name,name, or module:name,name"
_WORD = re.compile(r"(?P<place>.+?\.py|[^:]+)(?::(?P<names>.*))?", re.DOTALL)


def load_tools(word: str) -> list[RunnableTool]:
    """Load the tools of a word: the functions named behind the colon, else all public functions defined there.

    Args:
        word: `FILE.py`, `FILE.py:name,name`, `module` or `module:name,name`.

    Raises:
        BadInput: There is no file, module or function of the name, or a function makes no tool.
    """
    from adapter.errors import BadRequest
    from adapter.running.toolbox import read_toolbox

    found = _WORD.fullmatch(word)
    if found is None:
        raise BadInput(f"--tools {word!r}: {_FORM}")
    place, names = found["place"], found["names"]
    if Path(place).suffix in {".json", ".jsonl", ".yaml", ".toml"}:
        raise BadInput(f"--tools {word}: definitions alone cannot be run; {_FORM}")
    module = _loaded(word, lambda: _file(place, word) if place.endswith(".py") else _module(place, word))
    items = _public(module, word) if names is None else _named(module, names, word)
    try:
        return list(read_toolbox(items).by_name.values())
    except (TypeError, ValueError) as error:
        hint = "" if names is not None else f"; name the functions that are tools: {word}:name,name"
        raise BadInput(f"--tools {word}: {' '.join(str(error).split()).rstrip('.')}{hint}") from error
    except BadRequest as error:
        raise BadInput(f"--tools {word}: {' '.join(error.message.split())}") from error


def _loaded(word: str, load: Callable[[], ModuleType]) -> ModuleType:
    """Run the code of a module, whose errors are the user's."""
    try:
        return load()
    except (BadInput, KeyboardInterrupt):
        raise
    except BaseException as error:  # the code may raise anything, `sys.exit` too
        frames = traceback.extract_tb(error.__traceback__)
        last = frames[-1] if frames else None
        line = error.lineno if isinstance(error, SyntaxError) else last.lineno if last else None
        where = error.filename if isinstance(error, SyntaxError) else last.filename if last else None
        text = " ".join((error.msg if isinstance(error, SyntaxError) else str(error)).split())
        told = f"{type(error).__name__}: {text}" if text else type(error).__name__
        raise BadInput(f"--tools {word}: the code does not load: {told} ({Path(where or word).name}:{line})") from error


def _file(place: str, word: str) -> ModuleType:
    path = Path(place)
    if not path.is_file():
        raise BadInput(f"--tools {word}: there is no file {place}; {_FORM}")
    _search_in(path.resolve().parent)
    name = f"_adapter_chat_{re.sub(r'[^0-9A-Za-z_]', '_', path.stem)}"  # no file named json.py hides a module
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise BadInput(f"--tools {word}: {place} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # type hints are looked up there
    spec.loader.exec_module(module)
    return module


def _module(place: str, word: str) -> ModuleType:
    if not all(part.isidentifier() for part in place.split(".")):
        raise BadInput(f"--tools {word}: {place!r} is no name of a module; {_FORM}")
    _search_in(Path.cwd())
    importlib.invalidate_caches()
    try:
        return importlib.import_module(place)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{place}.".startswith(f"{error.name}."):
            raise  # a module that this one imports
        raise BadInput(f"--tools {word}: there is no module {error.name!r} here or installed; {_FORM}") from error


def _search_in(folder: Path) -> None:
    """Let modules of a folder be imported, as Python does for a script."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _public(module: ModuleType, word: str) -> list[Any]:
    """Return the functions and tools that a module defines, without those that begin with an underscore."""
    from adapter.running.tool import RunnableTool

    found = []
    for name, value in vars(module).items():
        function = value.function if isinstance(value, RunnableTool) else value
        if not name.startswith("_") and inspect.isroutine(function) and function.__module__ == module.__name__:
            found.append(value)
    if not found:
        raise BadInput(f"--tools {word}: no public functions are defined there; {_FORM}")
    return found


def _named(module: ModuleType, names: str, word: str) -> list[Any]:
    """Return functions by their names; a list of a module stands for its items."""
    import difflib

    found: list[Any] = []
    for name in (part.strip() for part in names.split(",")):
        if not hasattr(module, name):
            near = difflib.get_close_matches(name, vars(module), n=1)
            hint = f"did you mean {near[0]}?" if near else _FORM
            raise BadInput(f"--tools {word}: there is no {name!r}; {hint}")
        value = getattr(module, name)
        found += value if isinstance(value, list) else [value]
    return found


def demo_tools() -> list[RunnableTool]:
    """Return the two tools of the demo, with texts for people."""
    from adapter.demo.questions import TOOLS
    from adapter.demo.tasks import get_current_time, get_current_weather
    from adapter.running.tool import tool
    from adapter.running.toolbox import read_toolbox

    weather = tool(progress="Looking up weather for {location}…")(get_current_weather)
    clock = tool(progress="Looking up the time in {city}…")(get_current_time)
    return list(read_toolbox(list(zip(TOOLS, (weather, clock), strict=True))).by_name.values())
