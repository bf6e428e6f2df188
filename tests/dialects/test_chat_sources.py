"""Where chat templates are found, what is read of their tokens, and what is said when one cannot be had."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

import gguf
import pytest

import adapter
from adapter.prompt.chat_template import load_chat_template

if TYPE_CHECKING:
    from pathlib import Path

ASK = {"role": "user", "content": "Hi"}
NOON = datetime(2026, 11, 23, 12).timestamp()


def written(folder: Path, text: str, name: str = "mine.jinja") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


HF = "{{ bos_token }}{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}"
BOS = {"__type": "AddedToken", "content": "<s>", "special": True}
CONFIG = {
    "bos_token": BOS,
    "eos_token": "</s>",
    "pad_token": "!",
    "unk_token": None,
    "add_bos_token": True,
    "additional_special_tokens": ["<more>", {"content": "<again>"}],
    "extra_special_tokens": {"image_token": "<image>"},
    "added_tokens_decoder": {
        "1": BOS,
        "2": {"content": "</s>", "special": True},
        "3": {"content": "<eot>", "special": True},
        "4": {"content": "<tool_call>", "special": False},
    },
}
SPECIAL = {"<s>", "</s>", "<more>", "<again>", "<image>", "<eot>"}


def model_folder(folder: Path, template: Any = None, **files: Any) -> Path:
    place = folder / "some-model"
    place.mkdir()
    config = CONFIG if template is None else {**CONFIG, "chat_template": template}
    written(place, json.dumps(config), "tokenizer_config.json")
    for name, content in files.items():
        written(place, content if isinstance(content, str) else json.dumps(content), name.replace("__", "."))
    return place


SEVERAL = [{"name": "tool_use", "template": "no"}, {"name": "default", "template": HF}]
SOURCES = [
    pytest.param({"template": HF}, "", "some-model", id="a folder with a configuration"),
    pytest.param({"template": HF}, "tokenizer_config.json", "some-model", id="the configuration itself"),
    pytest.param({"template": SEVERAL}, "", "some-model", id="several templates: the default"),
    pytest.param({"chat_template__jinja": HF}, "", "some-model", id="a folder with a template of its own"),
    pytest.param(
        {"chat_template__jinja": HF, "template": "older"}, "", "some-model", id="the file wins over the configuration"
    ),
    pytest.param(
        {"chat_template__jinja": HF}, "chat_template.jinja", "chat_template", id="the file, a configuration beside it"
    ),
]


@pytest.mark.parametrize(("files", "within", "name"), SOURCES)
def test_a_models_own_files(files: dict[str, Any], within: str, name: str, tmp_path: Path) -> None:
    template = load_chat_template(str(model_folder(tmp_path, **files) / within))
    assert template.render([ASK, ASK], now=NOON) == "<s>Hi</s>Hi</s>"
    assert (template.name, template.bos, template.eos, template.stop) == (name, "<s>", "</s>", ("</s>",))
    assert set(template.special) == SPECIAL


ENDS = [
    pytest.param(3, ("</s>", "<eot>"), id="one more"),
    pytest.param([2, 3], ("</s>", "<eot>"), id="several"),
    pytest.param([2, 99], ("</s>",), id="one that is not named"),
]


@pytest.mark.parametrize(("ids", "stop"), ENDS)
def test_a_generation_may_end_in_several_ways(ids: Any, stop: tuple[str, ...], tmp_path: Path) -> None:
    place = model_folder(tmp_path, HF, generation_config__json={"eos_token_id": ids})
    assert load_chat_template(str(place)).stop == stop


def test_a_file_alone_has_no_tokens(tmp_path: Path) -> None:
    template = load_chat_template(written(tmp_path, HF))
    assert (template.name, template.bos, template.eos, template.stop, template.special) == ("mine", "", "", (), ())
    assert template.render([ASK], now=NOON) == "Hi"


def gguf_file(folder: Path, text: str | None = HF) -> Path:
    path = folder / "tiny.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    if text is not None:
        writer.add_chat_template(text)
    kinds = {"<unk>": 2, "<s>": 3, "</s>": 3, "Hi": 1, "<eot>": 3, "<tool_call>": 4}
    writer.add_token_list(list(kinds))
    writer.add_token_types(list(kinds.values()))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_eot_token_id(4)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_gguf_file(tmp_path: Path) -> None:
    template = load_chat_template(str(gguf_file(tmp_path)))
    assert template.render([ASK, ASK], now=NOON) == "<s>Hi</s>Hi</s>"
    assert (template.name, template.bos, template.eos, template.stop) == ("tiny", "<s>", "</s>", ("</s>", "<eot>"))
    assert template.special == ("<s>", "</s>", "<eot>")


def test_the_gguf_package_is_optional(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gguf", None)
    monkeypatch.delitem(sys.modules, "adapter.prompt.gguf_metadata", raising=False)
    with pytest.raises(adapter.DialectError, match=r"pip install gguf"):
        load_chat_template(str(gguf_file(tmp_path)))


OURS = """{# +++
name = "ours"
models = ["*our*"]
bos = "<b>"
eos = "<e>"
stop = ["<e>", "<f>"]
special = ["<b>", "<e>", "<f>"]
+++
What it is for.
#}
{{ bos_token }}{{ messages[0].content }}{{ eos_token }}
"""


def test_front_matter_tells_the_tokens(tmp_path: Path) -> None:
    written(tmp_path, json.dumps(CONFIG), "tokenizer_config.json")
    template = load_chat_template(written(tmp_path, OURS))
    assert template.render([ASK], now=NOON) == "<b>Hi<e>"
    assert (template.name, template.models, template.bos, template.eos) == ("ours", ("*our*",), "<b>", "<e>")
    assert (template.stop, template.special) == (("<e>", "<f>"), ("<b>", "<e>", "<f>"))


# What stands in the folder, what is asked for, what is said.
MISSING: dict[str, tuple[dict[str, str | bytes], str, str]] = {
    "no such name": ({}, "nope", "no chat template 'nope'; there are .*chatml, .*qwen3.*, or give the path"),
    "no such file": ({}, "./nope.jinja", "cannot be read: .*No such file"),
    "no such configuration": ({}, "./nope.json", "cannot be read: .*No such file"),
    "no such GGUF file": ({}, "./nope.gguf", "cannot be read as GGUF: .*No such file"),
    "an empty folder": ({}, "./", "holds neither chat_template.jinja nor tokenizer_config.json"),
    "a configuration without a template": ({"tokenizer_config.json": "{}"}, "./", "no chat_template in it"),
    "several templates and no default": ({"tokenizer_config.json": '{"chat_template": [{"name": "rag", "template": ""}]}'}, "./", "no template 'default'; there are 'rag'"),
    "not JSON": ({"tokenizer_config.json": "{\n!"}, "./", "tokenizer_config.json:2: not JSON"),
    "not an object": ({"tokenizer_config.json": "[]"}, "./", "is a JSON object, this is list"),
    "not UTF-8": ({"x.jinja": b"\xff"}, "./x.jinja", "cannot be read: .*utf-8"),
    "not GGUF": ({"x.gguf": b"GGML" + bytes(99)}, "./x.gguf", "cannot be read as GGUF: GGUF magic invalid"),
    "an empty GGUF file": ({"x.gguf": b""}, "./x.gguf", "cannot be read as GGUF"),
    "front matter that is no TOML": ({"x.jinja": OURS.replace('"ours"', "ours")}, "./x.jinja", "not TOML.*line 2"),
    "front matter with an unknown key": ({"x.jinja": OURS.replace("eos =", "oes =")}, "./x.jinja", "unknown key 'oes'"),
    "front matter with the wrong type": ({"x.jinja": OURS.replace('"<b>"\neos', "5\neos")}, "./x.jinja", "bos = 5 must be a string"),
    "front matter without a name": ({"x.jinja": OURS.replace('name = "ours"', "")}, "./x.jinja", "lacks 'name'"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISSING)
def test_what_cannot_be_loaded(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, where, words = MISSING[case]
    monkeypatch.chdir(tmp_path)
    for name, content in files.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    load_chat_template.cache_clear()  # paths here are relative, and the same in several cases
    with pytest.raises(adapter.DialectError, match=words):
        load_chat_template(where)


def test_a_gguf_file_of_a_base_model(tmp_path: Path) -> None:
    with pytest.raises(adapter.DialectError, match=r"tiny\.gguf: no tokenizer\.chat_template"):
        load_chat_template(str(gguf_file(tmp_path, None)))


def test_a_cut_gguf_file(tmp_path: Path) -> None:
    path = gguf_file(tmp_path)
    path.write_bytes(path.read_bytes()[:120])
    with pytest.raises(adapter.DialectError, match=r"tiny\.gguf cannot be read as GGUF"):
        load_chat_template(str(path))


def test_a_template_is_loaded_once() -> None:
    assert load_chat_template("chatml") is load_chat_template("chatml")
    assert load_chat_template.cache_info().maxsize is not None
