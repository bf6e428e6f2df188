"""Files with a response template: a tokenizer's configuration, or a file of the template alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from adapter.dialects.response.strange import shown
from adapter.dialects.response.template import ResponseTemplate, read_template
from adapter.errors import DialectError
from adapter.plain_file import check_plain

SUFFIX = ".json"
CONFIG = "tokenizer_config.json"
_KEY = "response_template"
_OLDER = "response_schema"  # of transformers before 5.13
_CACHED = "models--"  # the beginning of a folder in the cache of a hub: `models--Qwen--Qwen3-8B`
_MOST_BYTES = 32 * 1024**2  # of a configuration; real ones have up to 2 MB
_MOST_SHOWN = 200


class Config(NamedTuple):
    """A file with a response template.

    Attributes:
        template: The template.
        name: The name of the model's folder, or the file's name without its suffix.
        models: Names of the model, the best first.
        text: The text of the file.
    """

    template: ResponseTemplate
    name: str
    models: tuple[str, ...]
    text: str


def read_config(where: str) -> Config:
    """Read a response template out of a file.

    Args:
        where: The path of a `tokenizer_config.json`, or of a file that holds the template alone.

    Raises:
        DialectError: No such file, no JSON, no response template in it, or a template that breaks the format.
    """
    path = Path(where)
    text = _text(path)
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise DialectError(f"{where}:{error.lineno}: not JSON: {error.msg}") from error
    except (RecursionError, ValueError) as error:
        raise DialectError(f"{where}: not JSON that can be read: {type(error).__name__}: {error}") from error
    if not isinstance(data, Mapping):
        raise DialectError(f"{where}: a tokenizer's configuration is a JSON object, this is {type(data).__name__}")
    folder = path.resolve().parent.name
    name = (folder if path.name == CONFIG else path.stem) or path.stem
    named = data.get("name_or_path")
    cached = next((part for part in reversed(path.resolve().parts) if part.startswith(_CACHED)), "")
    cached = cached.removeprefix(_CACHED).replace("--", "/")
    models = tuple(dict.fromkeys(each for each in (named, cached, name, folder) if isinstance(each, str) and each))
    try:
        return Config(_template(data, where), name, models, text)
    except RecursionError as error:
        raise DialectError(f"{where}: {_KEY} is nested too deeply") from error


def _text(path: Path) -> str:
    try:
        return check_plain(path, _MOST_BYTES).read_text(encoding="utf-8-sig")
    except IsADirectoryError as error:
        raise DialectError(f"{path} is a folder; give its {CONFIG}, {str(path / CONFIG)!r}") from error
    except FileNotFoundError as error:
        raise DialectError(
            f"no file {str(path)[:_MOST_SHOWN]!r}; nothing is fetched from a hub, so give the path of a file here"
        ) from error
    except (OSError, ValueError) as error:
        raise DialectError(f"{str(path)[:_MOST_SHOWN]!r} cannot be read: {str(error)[:_MOST_SHOWN]}") from error


def _template(data: Mapping[str, Any], where: str) -> ResponseTemplate:
    found = data.get(_KEY)
    if found is None and "fields" in data:
        return read_template(data, f"{where}: {_KEY}")
    if found is not None:
        return read_template(found, f"{where}: {_KEY}")
    if data.get(_OLDER) is not None:
        raise DialectError(
            f"{where}: has {_OLDER} = {shown(data[_OLDER])}, the form before transformers 5.13, which is not read; "
            f"a {_KEY} has taken its place"
        )
    keys = ", ".join(sorted(map(str, data))[:8]) or "nothing"
    raise DialectError(f"{where}: no {_KEY} in it, only {keys}; most models have none: name a dialect, or dialect='auto'")
