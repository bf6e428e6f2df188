"""Files of templates, configurations and GGUF that somebody made to do harm: the only error is `DialectError`."""

from __future__ import annotations

import json
import os
import random
import re
import sqlite3
import struct
import sys
from typing import TYPE_CHECKING, Any

import pytest

import adapter
from adapter.cli.console import BadInput, Console
from adapter.completion.markers import Marks
from adapter.dialects.markup import Markup
from adapter.errors import DialectError
from adapter.prompt.chat_sources import find
from adapter.prompt.chat_template import load_chat_template
from adapter.store.sqlite import SqliteStore
from adapter.text.literal_tree import tree
from adapter.text.partial import begun
from tests.support.growth import assert_linear

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

U32, TEXT, LIST = 4, 8, 9


def _text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


def _entry(key: bytes, kind: int, value: bytes) -> bytes:
    return _text(key) + struct.pack("<I", kind) + value


def _numbers(count: int) -> bytes:
    return struct.pack(f"<IQ{count}I", U32, count, *range(count))


def _gguf(*entries: bytes) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(entries)) + b"".join(entries)


def _special(tokens: Iterable[str]) -> str:
    return json.dumps({"chat_template": "x", "additional_special_tokens": list(tokens)})


TEMPLATE = _entry(b"tokenizer.chat_template", TEXT, _text(b"x"))
TOKENS = b"tokenizer.ggml.tokens"
GGUF = {
    "tokens are numbers": _gguf(TEMPLATE, _entry(TOKENS, LIST, _numbers(3))),
    "tokens are a number": _gguf(TEMPLATE, _entry(TOKENS, U32, struct.pack("<I", 5))),
    "types are a number": _gguf(TEMPLATE, _entry(b"tokenizer.ggml.token_type", U32, struct.pack("<I", 5))),
    "no UTF-8": _gguf(_entry(b"tokenizer.chat_template", TEXT, _text(b"\xff\xfe"))),
    "lists within lists": _gguf(TEMPLATE, _entry(b"x", LIST, struct.pack("<IQ", LIST, 1) * 3000 + struct.pack("<IQ", U32, 0))),
    "a template beyond the file": _gguf(_entry(b"tokenizer.chat_template", TEXT, struct.pack("<Q", 100) + b"x")),
    "a token beyond the file": _gguf(TEMPLATE, _entry(TOKENS, LIST, struct.pack("<IQQ", TEXT, 1, 100) + b"x")),
    "numbers beyond the file": _gguf(TEMPLATE, _entry(b"x", LIST, struct.pack("<IQI", U32, 1000, 1))),
    "more keys than the file": b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 60) + TEMPLATE,
    "too many elements": _gguf(TEMPLATE, _entry(b"x", LIST, struct.pack("<IQ", 0, 3_000_000) + bytes(3_000_000))),
    "a long template": _gguf(_entry(b"tokenizer.chat_template", TEXT, _text(b"x" * 500_000))),
    "a longer template": _gguf(_entry(b"tokenizer.chat_template", TEXT, _text(b"x" * 2_000_000))),
    "a length beyond the file": _gguf(TEMPLATE, _entry(TOKENS, LIST, struct.pack("<IQ", TEXT, 1 << 60))),
    "nothing": b"",
}
CONFIG = {
    "deep": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "a list of added tokens": '{"chat_template": "x", "added_tokens_decoder": [1]}',
    "a number of special tokens": '{"chat_template": "x", "additional_special_tokens": 5}',
    "a template named by a list": '{"chat_template": [{"name": ["a"], "template": "x"}]}',
    "a number of 10,000 digits": '{"chat_template": "x", "n": ' + "1" * 10_000 + "}",
    "a list": "[]",
    "a long template": json.dumps({"chat_template": "x" * 500_000}),
    "too many special tokens": _special(f"<{number}>" for number in range(20_001)),
    "a long special token": _special(["<" + "x" * 101]),
    "special tokens of many characters": _special(f"<{number:090}>" for number in range(2000)),
    "special tokens without a common part": _special(f"<{number * 7919 % 99_991:x}{number}>" for number in range(9000)),
}
JINJA = {
    "5,000 parentheses": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "10**5000": "{{ 10**5000 }}",
    "100 loops in each other": "{% for x in [1] %}" * 100 + "{% endfor %}" * 100,
    "a text and a number": "{{ 'a' + 1 }}",
    "division by zero": "{{ 1 // 0 }}",
}
PATHS = {
    "5,000 characters": "a" * 5000,
    "NUL": "x\0y",
    "NUL in a template": "x\0y.jinja",
    "NUL in a configuration": "x\0y.json",
}


def _render(where: str) -> None:
    load_chat_template(where).render([{"role": "user", "content": "x"}], now=0)


@pytest.mark.parametrize("name", GGUF)
def test_a_hostile_gguf_file_is_a_dialect_error(name: str, tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    (tmp_path / "model.gguf").write_bytes(GGUF[name])
    with pytest.raises(DialectError, match=r"model\.gguf"):
        _render(str(tmp_path / "model.gguf"))


@pytest.mark.parametrize("name", CONFIG)
def test_a_hostile_configuration_is_a_dialect_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "tokenizer_config.json").write_text(CONFIG[name])
    with pytest.raises(DialectError, match="tokenizer_config"):
        _render(str(tmp_path))


@pytest.mark.parametrize("name", JINJA)
def test_a_hostile_template_is_a_dialect_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "chat_template.jinja").write_text(JINJA[name])
    with pytest.raises(DialectError, match="chat_template"):
        _render(str(tmp_path))
    dialect = tmp_path / "mine.jinja"
    dialect.write_text(f'{{# +++\nextends = "hermes"\nname = "mine"\nmodels = []\n+++ #}}\n{JINJA[name]}')
    with pytest.raises(DialectError, match="mine"):
        adapter.parse("x", [], dialect=str(dialect))


@pytest.mark.parametrize("name", PATHS)
def test_a_hostile_path_is_a_short_dialect_error(name: str) -> None:
    with pytest.raises(DialectError) as caught:
        load_chat_template(PATHS[name])
    assert len(caught.value.message) < 1500
    with pytest.raises(DialectError):
        adapter.parse("x", [], dialect=PATHS[name])


@pytest.mark.parametrize("kind", ["fifo", "device"])
@pytest.mark.parametrize("name", ["x.jinja", "tokenizer_config.json", "x.gguf", "folder"])
def test_a_fifo_or_a_device_is_not_opened(name: str, kind: str, tmp_path: Path) -> None:
    """A FIFO without a writer would be waited for without end."""
    where = tmp_path / name
    inside = where / "chat_template.jinja" if name == "folder" else where
    inside.parent.mkdir(exist_ok=True)
    _make(inside, kind)
    with pytest.raises(DialectError, match=r"no regular file|no chat template|gguf package"):
        load_chat_template(str(where))
    if name.endswith(".jinja"):
        with pytest.raises(DialectError, match="no regular file"):
            adapter.parse("x", [], dialect=str(where))


@pytest.mark.parametrize("kind", ["fifo", "device"])
def test_no_store_and_no_command_opens_a_fifo_or_a_device(kind: str, tmp_path: Path) -> None:
    where = tmp_path / "x"
    _make(where, kind)
    with pytest.raises(sqlite3.OperationalError, match="no regular file"):
        SqliteStore(where)
    with pytest.raises(BadInput, match="no regular file"):
        Console(sys.stdout, sys.stderr, sys.stdin).read(str(where))


def _make(path: Path, kind: str) -> None:
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")


def test_big_files_of_a_model_are_read_in_linear_time(tmp_path: Path) -> None:
    pytest.importorskip("gguf")

    def prepare(size: int) -> Callable[[], object]:
        path = tmp_path / f"{size}.gguf"
        tokens = b"".join(_text(b"token%d" % number) for number in range(size))
        path.write_bytes(_gguf(TEMPLATE, _entry(TOKENS, LIST, struct.pack("<IQ", TEXT, size) + tokens)))
        return lambda: find(str(path))

    assert_linear(prepare, 5_000)

    def prepare_config(size: int) -> Callable[[], object]:
        path = tmp_path / str(size) / "tokenizer_config.json"
        path.parent.mkdir()
        added = {str(number): {"content": f"<token{number}>", "special": True} for number in range(size)}
        path.write_text(json.dumps({"chat_template": "x", "added_tokens_decoder": added}))
        return lambda: find(str(path))

    assert_linear(prepare_config, 1_000)


def test_the_special_tokens_of_a_tokenizer_are_searched_for_in_linear_time(tmp_path: Path) -> None:
    def prepare(size: int) -> Callable[[], object]:
        tokens = tuple(f"<{number * 7919 % 99_991:x}|{number}>" for number in range(size))
        empty = ("", "")

        def work() -> None:
            marks, markup = Marks.made(("<tool_call>",), "</tool_call>", empty, empty, empty, tokens), Markup(tokens)
            mark = marks.find("Hello" + tokens[-1], 0)
            assert mark is not None
            assert (mark.start, mark.text) == (5, tokens[-1])
            assert not markup.clean("Hello" + tokens[-1])
            re.purge()

        return work

    assert_linear(prepare, 100)


def test_thousands_of_numbered_special_tokens_are_a_short_pattern() -> None:
    tokens = [f"<unused{number}>" for number in range(10_000)]
    assert len(tree(tokens)) < 200
    assert len(begun(tokens)) < 300
    assert all(re.fullmatch(tree(tokens), token) for token in tokens[::97])


VALUES: tuple[Any, ...] = (None, True, -1, 1e300, "", "\ud800", [], [[]], {}, {"content": []}, [{"name": 1}], "{{ 1 / 0 }}")
PLAIN: dict[str, Any] = {
    "chat_template": "{{ messages[0].content }}",
    "bos_token": "<s>",
    "eos_token": {"content": "</s>"},
    "added_tokens_decoder": {"1": {"content": "<x>", "special": True}},
    "additional_special_tokens": ["<y>"],
    "extra_special_tokens": {"z": "<z>"},
    "add_bos_token": True,
}


@pytest.mark.proof
def test_no_value_of_a_configuration_is_another_error(tmp_path: Path) -> None:
    for number, (key, value) in enumerate((key, value) for key in PLAIN for value in VALUES):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "tokenizer_config.json").write_text(json.dumps({**PLAIN, key: value}))
        (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": value}))
        _only_dialect_errors(str(folder))


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(4))
def test_no_damage_to_a_gguf_file_is_another_error(seed: int, tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    rng = random.Random(seed)
    tokens = struct.pack("<IQ", TEXT, 3) + _text(b"<s>") + _text(b"</s>") + _text(b"a")
    whole = _gguf(
        TEMPLATE,
        _entry(TOKENS, LIST, tokens),
        _entry(b"tokenizer.ggml.token_type", LIST, _numbers(3)),
        _entry(b"tokenizer.ggml.eos_token_id", U32, struct.pack("<I", 1)),
    )
    for number in range(250):
        data = bytearray(whole[: rng.randrange(8, len(whole) + 1)])
        for _ in range(rng.randrange(4)):
            data[rng.randrange(4, len(data))] = rng.choice((0, 1, 8, 9, 127, 255))
        path = tmp_path / f"{number}.gguf"
        path.write_bytes(data)
        _only_dialect_errors(str(path))


def _only_dialect_errors(where: str) -> None:
    try:
        _render(where)
    except DialectError as error:
        assert error.message  # noqa: PT017  # either end is right
