"""Sources of chat templates and their tokens: our own files, a tokenizer's configuration, a GGUF file."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapter.dialects import templates
from adapter.errors import DialectError
from adapter.plain_file import check_plain
from adapter.prompt.chat_source import Source, special_of, unique

FOLDER = "chat"
_CONFIG = "tokenizer_config.json"
_TEMPLATE = "chat_template.jinja"
_GENERATION = "generation_config.json"
_MOST_BYTES = 32 * 1024**2  # of a configuration; real ones have up to 2 MB
_STRINGS = ("name", "bos", "eos", "image", "between_parts")
_FAULTS = (OSError, ValueError, TypeError, AttributeError, LookupError, RecursionError, MemoryError, ArithmeticError)
_LISTS = ("models", "stop", "special")


def find(where: str) -> Source:
    """Find a chat template by name or path; see `load_chat_template`.

    Raises:
        DialectError: The template does not exist or cannot be read.
    """
    try:
        return _found(where)
    except _FAULTS as error:  # of a file in a shape that nobody thought of
        words = templates.shortened(f"{type(error).__name__}: {error}", quote=False)
        raise DialectError(f"the chat template {templates.shortened(where)} cannot be read: {words}") from error


def _found(where: str) -> Source:
    path = Path(where)
    if where.endswith(".gguf"):
        from adapter.prompt.chat_gguf import read_gguf

        return read_gguf(path)
    if where.endswith(".json"):
        return _from_config(path)
    if where in templates.names(FOLDER) or where.endswith(templates.SUFFIX):
        return _from_jinja(where)
    if path.is_dir():
        return _from_folder(path)
    there = templates.of_other_kind(where, FOLDER) + templates.near_or_all(where, templates.names(FOLDER))
    raise DialectError(
        f"no chat template {templates.shortened(where)}; {there}, or give the "
        f"path of a {templates.SUFFIX} file, a model's folder, its {_CONFIG} or a .gguf file"
    )


def _from_jinja(where: str) -> Source:
    text, path = templates.read(where, FOLDER, "chat template")
    if not templates.has_front_matter(text):
        config = Path(path).parent / _CONFIG
        return _source(Path(path).stem, path, text, _tokens(config) if config.is_file() else {})
    data = templates.front_matter(text, path)
    templates.check_keys(data, path, strings=_STRINGS, lists=_LISTS, required=("name",))
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    return Source(path=path, text=text, **values)


def _from_folder(folder: Path) -> Source:
    if (folder / _TEMPLATE).is_file():
        source = _from_jinja(str(folder / _TEMPLATE))
        return dataclasses.replace(source, name=folder.resolve().name, models=())
    if (folder / _CONFIG).is_file():
        return _from_config(folder / _CONFIG)
    raise DialectError(f"no chat template in the folder {str(folder)!r}: it holds neither {_TEMPLATE} nor {_CONFIG}")


def _from_config(path: Path) -> Source:
    config = _json(path)
    text = config.get("chat_template")
    if isinstance(text, list):
        named = {str(item.get("name")): item.get("template") for item in text if isinstance(item, Mapping)}
        if "default" not in named:
            raise DialectError(f"{path}: chat_template has no template 'default'; there are {', '.join(map(repr, named))}")
        text = named["default"]
    if not isinstance(text, str):
        raise DialectError(f"{path}: no chat_template in it; it may be in a file {_TEMPLATE} of its own, or there is none")
    return _source(path.resolve().parent.name, str(path), text, _tokens(path))


def _source(name: str, path: str, text: str, tokens: Mapping[str, Any]) -> Source:
    return Source(name=name, path=path, text=text, **tokens)


def _json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(check_plain(path, _MOST_BYTES).read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise DialectError(f"{path}:{error.lineno}: not JSON: {error.msg}") from error
    except RecursionError as error:
        raise DialectError(f"{path}: nested too deeply for a configuration") from error
    except (OSError, ValueError) as error:
        raise DialectError(f"{path} cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise DialectError(f"{path}: a tokenizer's configuration is a JSON object, this is {type(data).__name__}")
    return data


def _tokens(path: Path) -> dict[str, Any]:
    """`bos`, `eos`, `stop`, `special` and `adds_bos` of a tokenizer's configuration."""
    config = _json(path)
    added = _shaped(config, "added_tokens_decoder", path, Mapping) or {}
    by_id = {str(key): _token(value) for key, value in added.items()}
    flagged = [_token(value) for value in added.values() if isinstance(value, Mapping) and value.get("special")]
    named = [_token(value) for key, value in config.items() if key.endswith("_token")]
    for key in ("additional_special_tokens", "extra_special_tokens"):
        more = _shaped(config, key, path, Mapping, list) or ()
        named += map(_token, more.values() if isinstance(more, Mapping) else more)
    eos = _token(config.get("eos_token"))
    return {
        "bos": _token(config.get("bos_token")),
        "eos": eos,
        "stop": unique([eos, *_ending(path.parent / _GENERATION, by_id)]),
        "special": special_of([*named, *flagged], path),
        "adds_bos": config.get("add_bos_token") is not False,
    }


def _shaped(config: Mapping[str, Any], key: str, path: Path, *kinds: type) -> Any:
    value = config.get(key)
    if value is None or isinstance(value, kinds):
        return value
    forms = " or ".join("an object" if kind is Mapping else "a list" for kind in kinds)
    raise DialectError(f"{path}: {key} is {forms}, this is {templates.shortened(str(value))}")


def _ending(path: Path, by_id: Mapping[str, str]) -> list[str]:
    """The tokens that end a generation: a model may have several, of which the tokenizer's configuration names a single one."""
    ids = _json(path).get("eos_token_id", []) if path.is_file() else []
    return [by_id.get(str(number), "") for number in (ids if isinstance(ids, list) else [ids])]


def _token(value: Any) -> str:
    """A token, written as a string or as an object with `content`."""
    if isinstance(value, Mapping):
        value = value.get("content")
    return value if isinstance(value, str) else ""
