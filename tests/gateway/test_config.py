"""Settings of the gateway: flags before environment before file; each wrong one is told with its place and the fix (behaviour 9.5)."""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from adapter.cli import run, serve
from adapter.gateway.config import BadConfig
from adapter.gateway.config_reading import read_config
from adapter.gateway.settings import ALL, FOR_AGENTS, OPTIONS, OWN
from adapter.option_keywords import OptionKeywords
from tests.house.pages import ROOT
from tests.support.loopback import Answer, Upstream

if TYPE_CHECKING:
    from pathlib import Path

    from adapter.gateway.config import Config

URL = "http://127.0.0.1:9/v1"
FILE = f'upstream = "{URL}"\n'


def config_of(folder: Path, words: str = "", file: str | None = None, **environment: str) -> Config:
    parser = argparse.ArgumentParser()
    serve.add(parser)
    args = parser.parse_args(words.split())
    path = None
    if file is not None:
        path = folder / "settings.toml"
        path.write_text(file, encoding="utf-8")
    return read_config(vars(args), environment, None if path is None else str(path))


# Flags, file, environment; and what they come to: members of the configuration, then options.
GOOD: dict[str, tuple[str, str | None, dict[str, str], dict[str, Any], dict[str, Any]]] = {
    "the defaults": (f"--upstream {URL}", None, {}, {"host": "127.0.0.1", "port": 8790, "store": "memory"}, dict(FOR_AGENTS)),
    "an address without a path": ("--upstream http://h:1", None, {}, {}, {}),
    "an option by flag": (f"--upstream {URL} --retries 3 --no-coerce", None, {}, {}, {"retries": 3, "coerce": False}),
    "the option upstream": (
        f"--upstream {URL} --upstream-api completions --chat-template chatml", None, {}, {},
        {"upstream": "completions", "chat_template": "chatml"}),
    "workers": (f"--upstream {URL} --workers 2 --store none", None, {}, {"workers": 2, "store": "none"}, {}),
    "a store in Redis": ("", FILE + "[options]\nstore = 'redis://h:1/0'\n", {}, {"store": "redis://h:1/0"}, {}),
    "the environment": ("", None, {"ADAPTER_SERVE_UPSTREAM": URL, "ADAPTER_SERVE_PORT": "0", "ADAPTER_SERVE_RETRIES": "2"},
                        {"port": 0}, {"retries": 2}),
    "a file": ("", FILE + "max_body = 9\n[options]\non_invalid = 'text'\nstore = 'none'\n", {}, {"max_body": 9, "store": "none"},
               {"on_invalid": "text"}),
    "a flag before the environment before the file": (
        "--port 1", FILE + "port = 3\nidle_timeout = 5\n[options]\nretries = 5\n",
        {"ADAPTER_SERVE_PORT": "2", "ADAPTER_SERVE_RETRIES": "4"}, {"port": 1, "idle_timeout": 5}, {"retries": 4}),
    "none for the server's own": (f"--upstream {URL} --alive-after none", None, {}, {}, {"alive_after": None}),
    "several names": (f"--upstream {URL} --allow-host a --allow-host B", None, {"ADAPTER_SERVE_ALLOW_ORIGIN": "https://x/, https://y"},
                      {"hosts": {"a", "b"}, "origins": {"https://x", "https://y"}}, {}),
    "all may come, said aloud": (f"--upstream {URL} --host 0.0.0.0 --no-auth", None, {}, {"host": "0.0.0.0"}, {}),  # noqa: S104
}  # fmt: skip


def test_settings_that_fit(tmp_path: Path) -> None:
    for name, (words, file, environment, members, options) in GOOD.items():
        config = config_of(tmp_path, words, file, **environment)
        assert {key: getattr(config, key) for key in members} == members, name
        assert {key: config.options.get(key) for key in options} == options, name
        assert config.upstream.url.endswith("/v1"), name


# Flags, file, environment, and words of the message.
BAD: dict[str, tuple[str, str | None, dict[str, str], str]] = {
    "no upstream": ("", None, {}, "give --upstream http://host:port/v1"),
    "no address": ("--upstream localhost:8080", None, {}, "write http://host:port/v1"),
    "a password in the address": ("--upstream http://u:secret@h/v1", None, {}, "--upstream-key-env"),
    "an unknown key": ("", FILE + "prot = 1\n", {}, "prot: no such setting; did you mean 'port'?"),
    "an unknown table": ("", FILE + "[option]\nretries = 1\n", {}, "[option]: no such table; did you mean 'options'?"),
    "a table of another program's": (
        "",
        FILE + "[server]\nport = 1\n",
        {},
        "[server]: no such table; there are models, options, upstreams",
    ),
    "an unknown option": ("", FILE + "[options]\nretrys = 1\n", {}, "options.retrys: no such setting; did you mean 'retries'?"),
    "an option at the top": ("", FILE + "retries = 1\n", {}, "write it under [options]"),
    "an unknown variable": ("", FILE, {"ADAPTER_SERVE_PROT": "1"}, "did you mean 'ADAPTER_SERVE_PORT'?"),
    "an unknown key of a model": ("", FILE + "[models.'q*']\nprobed = 'x'\n", {}, "models.'q*'.probed"),
    "a value of another kind": ("", FILE + "port = '8'\n", {}, "port = '8': give a whole number"),
    "no number": (f"--upstream {URL} --port x", None, {}, "--port 'x': give a whole number"),
    "a value that the library refuses": (f"--upstream {URL} --on-invalid rais", None, {}, "did you mean 'raise'?"),
    "a dialect that is none": (f"--upstream {URL} --dialect hermse", None, {}, "hermse"),
    "a value of a model that the library refuses": ("", FILE + "[models.'q*']\nretries = -1\n", {}, "models.'q*': retries=-1"),
    "no workers": (f"--upstream {URL} --workers 0", None, {}, "workers 0: give a number from 1 up"),
    "workers with a store of one": (f"--upstream {URL} --workers 2", None, {}, "workers 2 with store 'memory'"),
    "a store at no address": (f"--upstream {URL} --store redis://", None, {}, "is no address of a Redis server"),
    "a store for one model": ("", FILE + "[models.'q*']\nstore = 'none'\n", {}, "all models share one store"),
    "an open address without keys": (f"--upstream {URL} --host 0.0.0.0", None, {}, "--api-key-file FILE, or say --no-auth"),
    "no TOML": ("", "upstream", {}, "not TOML"),
    "no file": ("--config /nowhere/x.toml", None, {}, ""),
    "a key that is not there": (f"--upstream {URL} --upstream-key-env NONE_SUCH", None, {}, "no such variable is set"),
    "half a certificate": (f"--upstream {URL} --tls-cert x", None, {}, "belong together"),
    "a port beyond": (f"--upstream {URL} --port 70000", None, {}, "from 0 to 65535"),
    "a time of nothing": (f"--upstream {URL} --upstream-timeout 0", None, {}, "upstream_timeout 0.0: give a number above 0"),
    "fewer tries than none": (f"--upstream {URL} --upstream-retries -1", None, {}, "from 0 up"),
    "an unknown key of an upstream": (
        "",
        "[upstreams.a]\nurl = 'http://h'\ntimeot = 1\n",
        {},
        "upstreams.a.timeot: no such setting; did you mean 'timeout'?",
    ),
    "an upstream without an address": ("", "[upstreams.a]\nmodels = ['x']\n", {}, "upstreams.a.url: no server is named"),
    "an upstream with a password": ("", "[upstreams.a]\nurl = 'http://u:secret@h/v1'\n", {}, "use key_env"),
    "a name that is none": ("", "[upstreams.'a b']\nurl = 'http://h'\n", {}, "cannot be the name of an upstream"),
    "a name that is taken": ("", FILE + "[upstreams.default]\nurl = 'http://h'\n", {}, "the server under 'upstream'"),
    "an unknown upstream of a model": (
        "",
        "[upstreams.main]\nurl = 'http://h'\n[models.'q*']\nupstreams = ['mian']\n",
        {},
        "no such upstream; did you mean 'main'?",
    ),
    "no list of upstreams": ("", FILE + "[models.'q*']\nupstreams = 'default'\n", {}, "is no list"),
    "an unknown key beside upstreams": ("", FILE + "[models.'q*']\nupstream_ = []\n", {}, "did you mean 'upstream'"),
    "a key for no upstream": ("", "upstream_key_env = 'X'\n[upstreams.a]\nurl = 'http://h'\n", {}, "write key_env into"),
    "two keys for an upstream": (
        "",
        "[upstreams.a]\nurl = 'http://h'\nkey_env = 'UP'\ncaller_key = true\n",
        {"UP": "k"},
        "caller_key",
    ),
    "a time without end": ("", FILE + "idle_timeout = inf\n", {}, "idle_timeout inf: give a finite number"),
    "a time that is none": (f"--upstream {URL} --upstream-wait nan", None, {}, "--upstream-wait nan: give a finite number"),
    "a time before the stop": (f"--upstream {URL} --stop-timeout -1", None, {}, "stop_timeout -1: give a number from 0 up"),
    "a file with NUL": ("", FILE + 'record = "a\\u0000"\n', {}, "record: the text has a sign NUL"),
    "keys in a file with NUL": ("", FILE + 'api_key_file = "\\u0000"\n', {}, "api_key_file: the text has a sign NUL"),
    "a date": ("", FILE + "[options]\ndialect = 1979-05-27\n", {}, "options.dialect = 1979-05-27: a date is no value"),
    "lists without end": ("", "a = " + "[" * 9000, {}, "nested too deeply"),
    "no models": ("", "[upstreams.a]\nurl = 'http://h'\nmodels = []\n", {}, "upstreams.a.models: an empty list"),
    "a key as a variable": ("", "[upstreams.a]\nurl = 'http://h'\nkey_env = 'sk-secret-1'\n", {}, "give its name, not the key"),
    "a key as a file": (f"--upstream {URL} --upstream-key-file sk-secret-1", None, {}, "give the name of a file"),
    "a key as a file of keys": (f"--upstream {URL} --api-key-file sk-secret-1", None, {}, "give the name of a file"),
    "a key in the address": ("--upstream http://h/v1?api_key=sk-secret-1", None, {}, "'http://h/v1': the base of an API"),
    "a key in no address": ("--upstream h/v1?api_key=sk-secret-1", None, {}, "'h/v1': write http://host:port/v1"),
    "a table of another name": ("", "[upstream.box]\nurl = 'http://h'\nkey = 'sk-secret-1'\n", {}, "write [upstreams.NAME]"),
    "a table for a text": ("", FILE + "[model]\nkey = 'sk-secret-1'\n", {}, "model = a table: give a text"),
    "a list of upstreams under another name": (
        "",
        FILE + "[models.'q*']\nupstream = ['box']\n",
        {},
        "models.'q*'.upstream: a list of names is 'upstreams'",
    ),
    "a setting under options": ("", FILE + "[options]\nmetrics = true\n", {}, "write it above the tables"),
    "a limit of nothing": (f"--upstream {URL} --max-body 0", None, {}, "above 0"),
}


def test_settings_that_do_not_fit(tmp_path: Path) -> None:
    for name, (words, file, environment, message) in BAD.items():
        if name == "no file":
            with pytest.raises(BadConfig, match="--config names a TOML file"):
                read_config({}, {}, str(tmp_path / "none.toml"))
            continue
        with pytest.raises(BadConfig) as told:
            config_of(tmp_path, words, file, **environment)
        assert message in str(told.value), (name, str(told.value))
        assert "secret" not in str(told.value)


def test_models_by_glob_with_the_file_of_a_probe(tmp_path: Path) -> None:
    (tmp_path / "qwen.json").write_text(
        json.dumps({"settings": {"dialect": "qwen3-coder", "server": "vllm"}}), encoding="utf-8"
    )
    file = FILE + "[options]\nretries = 4\n[models.'qwen*']\nprobe = 'qwen.json'\ncoerce = false\n[models.'*-x']\nmodel = 'y'\n"
    config = config_of(tmp_path, "--retries 2", file)
    first, second = config.models
    assert (first.pattern, first.model, second.pattern, second.model) == ("qwen*", "", "*-x", "y")
    wanted = {"dialect": "qwen3-coder", "server": "vllm", "coerce": False, "retries": 2, "stream_calls": "validated"}
    assert {name: first.options[name] for name in wanted} == wanted
    assert second.options["dialect"] == "auto"


def test_several_upstreams(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-cloud\n", encoding="utf-8")
    file = f"""upstream_timeout = 9
upstream_first_byte = 4
[upstreams.box]
url = "http://h:1"
models = ["qwen*"]
caller_key = true
[upstreams.cloud]
url = "https://c/api/"
key_file = "{tmp_path}/key"
timeout = 8
first_byte = 3
model = "big"
[models."qwen*"]
upstreams = ["cloud", "box"]
"""
    config = config_of(tmp_path, "", file)
    box, cloud = config.upstreams
    assert (box.name, box.url, box.key, box.timeout, box.first_byte, box.models, box.model, box.caller_key) == (
        "box", "http://h:1/v1", "", 9, 4, ("qwen*",), "", True)  # fmt: skip
    assert (cloud.name, cloud.url, cloud.key, cloud.timeout, cloud.first_byte, cloud.models, cloud.model, cloud.caller_key) == (
        "cloud", "https://c/api", "sk-cloud", 8, 3, ("*",), "big", False)  # fmt: skip
    assert config.models[0].upstreams == ("cloud", "box")
    assert "sk-cloud" not in repr(config)
    both = config_of(tmp_path, f"--upstream {URL}", file)
    assert [upstream.name for upstream in both.upstreams] == ["default", "box", "cloud"]
    assert not both.upstream.caller_key
    assert config_of(tmp_path, f"--upstream {URL}").upstream.caller_key
    assert config_of(tmp_path, "", "[upstreams.one]\nurl = 'http://h'\n").upstream.caller_key
    assert not config_of(tmp_path, "", "[upstreams.one]\nurl = 'http://h'\ncaller_key = false\n").upstream.caller_key


def test_files_of_keys(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    for text, message in [("# none\n\n", "no key in it"), ("a b\n", "no header may hold"), ("k\xf6\n", "no header may hold")]:
        keys.write_text(text, encoding="utf-8")
        with pytest.raises(BadConfig, match=message):
            config_of(tmp_path, f"--upstream {URL} --api-key-file {keys}")
    keys.write_text("# of Ada\nada-1\nbob-2\n", encoding="utf-8")
    config = config_of(tmp_path, f"--upstream {URL} --api-key-file {keys} --host 0.0.0.0", TOP="up-3", file=None)
    assert config.keys == {"ada-1", "bob-2"}
    config = config_of(tmp_path, f"--upstream {URL} --upstream-key-env TOP", TOP="up-3")
    assert config.upstream.key == "up-3"
    assert "up-3" not in repr(config)
    assert "ada-1" not in repr(dataclasses.replace(config, keys=frozenset({"ada-1"})))


def test_every_option_is_a_setting() -> None:
    assert set(OPTIONS) == set(OptionKeywords.__annotations__) - {"on_event", "on_exchange", "new_id"}
    flags = [setting.flags for setting in ALL]
    assert len(set(flags)) == len(flags)
    assert set(OWN) & set(OPTIONS) == {"upstream"}


def checked(words: list[str]) -> tuple[int, str]:
    out, err = io.StringIO(), io.StringIO()
    status = run(["serve", "--check", *words], out, err, io.StringIO())
    return status, out.getvalue() + err.getvalue()


def test_check_asks_upstream() -> None:
    models = {"data": [{"id": f"m{number}"} for number in range(7)]}
    rows = [
        (Answer(models), 0, "with m0, m1, m2, m3, m4 and 2 more"),
        (Answer({}, 401), 1, "the key is missing or wrong"),
        (Answer({}, 500), 1, "status 500"),
        (Answer({}, 404), 0, "status 404"),
    ]
    for reply, status, words in rows:
        with Upstream(reply) as upstream:
            got, said = checked(["--upstream", upstream.url])
        assert (got, words in said) == (status, True), said
    got, said = checked(["--upstream", "http://127.0.0.1:1/v1"])
    assert (got, "cannot be reached" in said) == (1, True)
    assert checked(["--upstream", URL, "--prot", "1"])[0] == 2


def test_check_says_who_serves_which_model(tmp_path: Path) -> None:
    first, second = ({"data": [{"id": name} for name in names]} for names in (["a1", "both"], ["b1", "both"]))
    with Upstream(Answer(first)) as one, Upstream(Answer(second)) as two:
        file = tmp_path / "x.toml"
        file.write_text(
            f"[upstreams.main]\nurl = '{one.url}'\nmodels = ['a*', 'both']\n[upstreams.spare]\nurl = '{two.url}'\n"
            "[models.both]\nupstreams = ['spare']\n",
            encoding="utf-8",
        )
        status, said = checked(["--config", str(file)])
        lines = [line for line in said.splitlines() if line.startswith(("upstream", "route"))]
        assert status == 0
        assert lines == [
            f"upstream   main, {one.url}: answers with status 200, with a1, both",
            f"upstream   spare, {two.url}: answers with status 200, with b1, both",
            "route      both → spare",
            "route      a1 → main, then spare",
            "route      b1 → spare",
        ]
        assert (len(one.received), len(two.received)) == (1, 1)
        store = tmp_path / "responses.sqlite"
        assert checked(["--config", str(file), "--store", str(store), "--record", str(tmp_path / "r.jsonl")])[0] == 0
        assert sorted(path.name for path in tmp_path.iterdir()) == ["x.toml"]
        file.write_text(
            f"[upstreams.main]\nurl = '{one.url}'\n[upstreams.away]\nurl = 'http://127.0.0.1:1'\n", encoding="utf-8"
        )
        status, said = checked(["--config", str(file)])
        assert (status, "away, http://127.0.0.1:1/v1: The upstream" in said) == (1, True)


def test_check_finds_wrong_options() -> None:
    assert checked(["--upstream", URL, "--retries", "-1"]) == (2, "adapter: --retries -1: use a whole number from 0 up\n")


def test_the_example_of_a_deployment() -> None:
    config = read_config({}, {}, str(ROOT / "examples" / "deploy" / "adapter.toml"))
    assert (config.store, config.stop_timeout, config.upstream.url) == (
        "redis://127.0.0.1:6379/0",
        60,
        "http://127.0.0.1:8080/v1",
    )


def test_check_asks_a_store_that_is_a_server() -> None:
    with Upstream(Answer({"data": []})) as upstream:
        status, said = checked(["--upstream", upstream.url, "--store", "redis://me:secret@127.0.0.1:1/0"])
    assert status == 1
    assert "store      redis://127.0.0.1:1/0: Error" in said
    assert "secret" not in said
