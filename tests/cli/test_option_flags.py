"""Each option of the library that shapes a request has its flag on the commands that show or count one."""

from __future__ import annotations

import itertools
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

import adapter
from adapter.cli.option_flags import PROMPT, REQUEST, WITHOUT_FLAG, flag_of, in_flags
from adapter.counting.at_hand import tokenizer_for
from adapter.counting.count import count_request
from adapter.exchange import previewed
from adapter.option_keywords import OptionKeywords, PromptKeywords
from adapter.options import make_options
from tests.cli.test_cli import REQUEST as ASKED
from tests.cli.test_cli import call
from tests.facts.test_prompt_options import BESIDE, SITUATIONS, values_of
from tests.facts.tools import TOOLS
from tests.support.tiers import few_or_all

if TYPE_CHECKING:
    from pathlib import Path

GRAMMAR: dict[str, Any] = {"server": "llama.cpp", "enforce": "grammar"}
SHOWN = [{"role": "user", "content": "Oslo?"}, {"role": "assistant", "content": "Rain."}]


def request_of(situation: dict[str, Any]) -> dict[str, Any]:
    plain = {key: value for key, value in situation.items() if key != "extra_body"}
    return {"model": "SmolLM2-360M", "tools": TOOLS[:2], **plain, **situation.get("extra_body", {})}


def body(request: dict[str, Any], options: dict[str, Any]) -> Any:
    """The request that upstream would get; an error's words in its place."""
    try:
        found = previewed(request, make_options(options), time.time).body
    except (ValueError, TypeError) as error:
        return f"{type(error).__name__}: {error}"
    except adapter.AdapterError as error:
        return error.message
    return json.loads(json.dumps(found))


def argv_of(options: dict[str, Any]) -> list[str]:
    argv: list[str] = []
    for name, value in options.items():
        if isinstance(value, bool):
            argv.append(flag_of(name) if value else f"--no-{name.replace('_', '-')}")
        elif name != "upstream":
            argv += [flag_of(name), str(value)]
    return argv


def values(name: str) -> list[Any]:
    return (
        ["small", "auto"] if name == "profile" else [value for value in values_of(name) if isinstance(value, str | int | float)]
    )


@pytest.fixture(autouse=True)
def fixed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_700_000_000.0)


def test_the_flags_are_the_options_that_shape_the_prompt() -> None:
    assert set(PROMPT) | WITHOUT_FLAG == set(PromptKeywords.__annotations__)
    assert set(PROMPT).isdisjoint(WITHOUT_FLAG)


@pytest.mark.both_tiers
def test_the_further_flags_of_preview_are_the_options_that_shape_the_rest_of_a_request() -> None:
    shaping = set()
    facts = few_or_all(["a question"], [*SITUATIONS])
    for name in set(OptionKeywords.__annotations__) - set(PromptKeywords.__annotations__) - {"new_id", "on_exchange"}:
        for value, beside, fact in itertools.product(values_of(name), few_or_all([{}, GRAMMAR], [*BESIDE, GRAMMAR]), facts):
            request = request_of(SITUATIONS[fact])
            shaped = body(request, {**beside, name: value})
            if not str(shaped).startswith(("ValueError", "TypeError")) and shaped != body(request, beside):
                shaping.add(name)
                break
    assert shaping == set(REQUEST)


@pytest.mark.both_tiers
def test_each_flag_does_what_the_option_does(tmp_path: Path) -> None:
    """`preview --json` is the library's request with the option, `tokens --json` the library's count."""
    place = tmp_path / "r.json"
    facts = few_or_all(["a result"], [*SITUATIONS])
    counter = tokenizer_for(None, None, "")
    for name, fact in itertools.product([*PROMPT, *REQUEST], facts):
        for value in values(name)[-few_or_all(1, 99) :]:
            options: dict[str, Any] = {name: value, **({"upstream": "completions"} if name == "chat_template" else {})}
            if name == "enforce" and value == "grammar":
                options["server"] = "llama.cpp"
            request = request_of(SITUATIONS[fact])
            expected = body(request, options)
            place.write_text(json.dumps(request), encoding="utf-8")
            status, out, err = call("preview", str(place), *argv_of(options), "--json")
            row = (name, value, fact, err)
            if isinstance(expected, str):
                assert status == 2, row
                continue
            assert (status, json.loads(out)) == (0, expected), row
            if name not in PROMPT:
                continue
            status, out, err = call("tokens", str(place), *argv_of(options), "--json")
            counted = count_request(request, make_options(options), counter)
            assert (status, json.loads(out)) == (0, counted.as_json()), row


def test_tools_that_go_as_such_are_shown_and_not_counted() -> None:
    for native in ("auto", "always"):
        status, out, err = call("preview", "-", "--native", native, stdin=json.dumps(ASKED))
        assert (status, "── tools" in out) == (0, True), (native, err)
        assert "(tools that go upstream as such are not counted" in err, native


def test_examples_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps(ASKED), encoding="utf-8")
    for name, text in (("e", json.dumps(SHOWN)), ("bad", "[1]"), ("no", "{")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    status, out, _ = call("preview", str(tmp_path / "r.json"), "--examples", str(tmp_path / "e"), "--json")
    assert status == 0
    assert [message["content"] for message in json.loads(out)["messages"]][1:3] == ["Oslo?", "Rain."]
    for name, words in (
        ("bad", "no JSON list of messages"),
        ("no", "not JSON"),
        ("none", "use auto, or the path of a JSON file"),
    ):
        status, out, err = call("preview", str(tmp_path / "r.json"), "--examples", str(tmp_path / name))
        assert (status, out, err.count("\n")) == (2, "", 1), name
        assert words in err, name


CHOSEN = {
    "SmolLM2-360M": "profile 'small', as the model 'SmolLM2-360M' has 0.36 billion parameters",
    "Qwen3-8B": "no profile, as the model 'Qwen3-8B' has 8 billion parameters",
    "unheard-of": "no profile, as the size of the model 'unheard-of' is unknown; --profile small sets one",
}


def test_preview_and_tokens_say_what_auto_chose_and_why() -> None:
    for (model, words), command in itertools.product(CHOSEN.items(), ("preview", "tokens")):
        status, out, err = call(command, "-", "--profile", "auto", "--model", model, stdin=json.dumps(ASKED))
        assert status == 0, (model, command)
        assert words in err, (model, command)
        assert words not in out, (model, command)
        told: list[adapter.Problem] = []
        adapter.count_tokens(ASKED["messages"], model=model, profile="auto", on_event=told.append)
        assert [problem.kind for problem in told if words.partition(";")[0] in problem.message] == ["chosen"]


FLAGS = frozenset({"--server", "--reply-tool", "--no-reply-tool", "--longest-string", "--enforce"})
# A message as the library writes it, and on the command line.
WORDED = {
    "enforce='grammar' needs server='llama.cpp', 'vllm'": "--enforce grammar needs --server llama.cpp, 'vllm'",
    "Try enforce='prefill' (--enforce prefill), or": "Try --enforce prefill, or",
    'Try enforce="json_schema", or more retries.': "Try --enforce json_schema, or more retries.",
    "reply_tool=True or reply_tool=False": "--reply-tool or --no-reply-tool",
    "longest_string=-1: use a whole number": "--longest-string -1: use a whole number",
    "an option without a flag: upstream='chat'": "an option without a flag: upstream='chat'",
    "not an option: model='x', my_server='y'": "not an option: model='x', my_server='y'",
}


def test_messages_name_flags_on_the_command_line() -> None:
    assert {message: in_flags(message, FLAGS) for message in WORDED} == WORDED
    for argv, words in {
        ("preview", "-", "--enforce", "grammar"): "--enforce grammar needs to know whose: give --server llama.cpp",
        ("preview", "-", "--enforce", "grammar", "--server", "openai"): "--enforce grammar: server 'openai' has",
        ("preview", "-", "--longest-string", "-5"): "--longest-string -5: use a whole number",
        ("preview", "-", "--temperature", "9"): "--temperature 9.0: use a number from 0 to 2",
        (
            "preview",
            "-",
            "--dialect",
            "chatml",
        ): "no dialect 'chatml'; that is the name of a chat template, for --chat-template chatml;",
        (
            "preview",
            "-",
            "--chat-template",
            "hermes",
        ): "no chat template 'hermes'; that is the name of a dialect, for --dialect hermes;",
        ("serve", "--upstream", "http://127.0.0.1:9/v1", "--enforce", "grammar", "--check"): "give --server llama.cpp",
    }.items():
        status, out, err = call(*argv, stdin=json.dumps(ASKED))
        assert (status, out, err.count("\n")) == (2, "", 1), argv
        assert words in err, argv


NEAR = {
    ("preview", "-", "--examples", "nope"): ("--examples nope: use auto", ""),
    ("preview", "-", "--profile", "smal"): ("invalid choice: 'smal'", "did you mean small?"),
    ("preview", "-", "--profile", "nope"): ("invalid choice: 'nope'", ""),
    ("preview", "-", "--media", "openai"): ("invalid choice: 'openai'", ""),
    ("preview", "-", "--reply-toll"): ("unrecognized arguments: --reply-toll", "did you mean --reply-tool?"),
    ("preview", "-", "--enforce", "grammer"): ("invalid choice: 'grammer'", "did you mean grammar?"),
    ("previw", "-"): ("invalid choice: 'previw'", "did you mean preview?"),
    ("templates", "lst"): ("invalid choice: 'lst'", "did you mean list?"),
}


def test_a_near_name_is_one_of_the_words_allowed_there() -> None:
    for argv, (words, near) in NEAR.items():
        status, out, err = call(*argv, stdin=json.dumps(ASKED))
        assert (status, out, err.count("\n")) == (2, "", 1), argv
        assert words in err, argv
        assert near in err, argv
        assert ("did you mean" in err) is bool(near), argv
