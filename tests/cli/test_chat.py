"""`adapter chat`: lines in a pipe, a real terminal, tools of files, modules and MCP servers, wrong input, a real model."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import select
import shlex
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

from adapter.cli.chat_commands import COMMANDS
from adapter.cli.chat_tools import load_tools
from tests.cli.test_cli import call
from tests.running.plays import check_history
from tests.support.loopback import DONE, Answer, Stream, Upstream, chunk, completion, event, streamed

if TYPE_CHECKING:
    from tests.support.loopback import Received, Reply

ROOT = Path(__file__).resolve().parents[2]
MCP = shlex.join([sys.executable, str(ROOT / "tests" / "running" / "mcp_server.py")])
needs_mcp = pytest.mark.skipif(importlib.util.find_spec("mcp") is None, reason="mcp is not installed: pip install -e '.[mcp]'")
TOOLS = '''
import asyncio
from pathlib import Path

import adapter


@adapter.tool(progress="Looking up weather for {city}…")
def weather(city: str) -> str:
    """The weather in a city."""
    return f"{city}: rain"


@adapter.tool(writes=True, progress="Writing {name}…")
def write(name: str) -> str:
    """Write a file."""
    Path(name).write_text("written")
    return "done"


@adapter.tool(progress="Waiting without end…", timeout=3600)
async def hang() -> str:
    """A function that does not end."""
    await asyncio.sleep(3600)
    return "never"


async def slow(city: str) -> str:
    """An async function."""
    return f"{city} after a while"


def _helper(anything):
    return anything


MORE = [weather, slow]
'''


def called(name: str, /, **arguments: Any) -> str:
    """A call as a text-only model writes it."""
    return f'<tool_call>\n{{"name": "{name}", "arguments": {json.dumps(arguments)}}}\n</tool_call>'


def script(*turns: str | Reply) -> Any:
    """Answers of a server that has the model `m`: one after the other, the last again and again."""
    waiting = list(turns)

    def answer(received: Received) -> Reply:
        if received.path.endswith("/models"):
            return Answer({"object": "list", "data": [{"id": "m", "object": "model", "created": 0, "owned_by": "us"}]})
        turn = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return streamed(turn) if isinstance(turn, str) else turn

    return answer


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    (tmp_path / "my_chat_tools.py").write_text(TOOLS, encoding="utf-8")
    return tmp_path


@dataclass(frozen=True)
class Case:
    """Lines of a pipe.

    Attributes:
        lines: Standard input.
        turns: Answers of the server.
        out: Standard output.
        said: Parts of stderr, in order.
        argv: Further arguments.
        status: The exit status.
        asked: Roles of the messages of the last request.
    """

    lines: str
    turns: tuple[str | Reply, ...] = ("Hello.",)
    out: str = ""
    said: tuple[str, ...] = ()
    argv: tuple[str, ...] = ()
    status: int = 0
    asked: str | None = None


WITH = ("--tools", "my_chat_tools.py")
HISTORY = "system user assistant user"
LINES = {
    "a question": Case("Hi\n", out="Hello.\n", said=("adapter chat: m, http", "tools: none; /help")),
    "lines are turns of one conversation": Case("Hi\n\nAgain", ("One.", "Two."), "One.\nTwo.\n", asked="user assistant user"),
    "a system message": Case("Hi\n", out="Hello.\n", argv=("--system", "Be brief."), asked="system user"),
    "a call, its progress and its result": Case(
        "Oslo?\n", (called("weather", city="Oslo"), "Rain."), "Rain.\n",
        ("tools: weather, write, hang, slow", "Looking up weather for Oslo…\n", "→ Oslo: rain\n"), WITH,
    ),
    "an async function": Case("Oslo?\n", (called("slow", city="Oslo"), "Ah."), "Ah.\n", ("→ Oslo after a while\n",), WITH),
    "words before a call": Case(
        "Oslo?\n", ("Let me see.\n" + called("weather", city="Oslo"), "Rain."), "Let me see.\nRain.\n", (), WITH
    ),
    "a call that writes is refused without a terminal": Case(
        "Write\n", (called("write", name="x.txt"), "No."), "No.\n",
        ("write was not run: it changes something, and nobody is there", 'The call: write {"name": "x.txt"}\n'), WITH,
    ),
    "a problem is told with its text": Case(
        "Oslo?\n", (called("weather", city="Oslo").replace('"', "'"), "Rain."), "Rain.\n",
        ("adapter: repaired: the JSON of a call was repaired: <tool_call> {'name'",), WITH,
    ),
    "an unknown tool": Case(
        "Oslo?\n", (called("wether", city="Oslo"), called("weather", city="Oslo"), "Rain."), "Rain.\n",
        ("wether", "Looking up weather for Oslo…\n"), WITH,
    ),
    "an error of the server": Case(
        "Hi\nHi\n", (Answer({"error": {"message": "too hot"}}, 400), "Hello."), "Hello.\n",
        ("the server answered 400: too hot. The question is taken back.\n",), status=1, asked="user",
    ),
    "a stream that breaks off": Case(
        "Hi\nHi\n", (Stream((event(chunk({"role": "assistant", "content": "Hel"})),), cut=True), "Hello."), "Hel\nHello.\n",
        ("The answer is kept as far as it was written.\n",), status=1, asked="user assistant user",
    ),
    "no stream": Case(
        "Hi\n", (completion("Hello."),), "Hello.\n", ("asked again for a whole answer.\n",),
    ),
    "no protocol": Case("Hi\n", (Answer(b"<html>"),), "", ("The question is taken back.\n",), status=1),
    "an answer cut off": Case(
        "Hi\n", (streamed("Once", finish="length"),), "Once\n", ("cut off at its limit of tokens; --max-tokens N",)
    ),
    "an empty answer": Case("Hi\n", ("",), "", ("The answer is empty.\n",)),
    "/clear": Case("Hi\n/clear\nHi\n", out="Hello.\nHello.\n", said=("A new conversation.\n",), asked="user"),
    "/quit": Case("/quit\nHi\n"),
    "/raw": Case(
        "Oslo?\n/raw\n", (f"Well. {called('weather', city='Oslo')}", "Rain.  \n"),
        "Well.\nRain.  \n\nRain.  \n\n", ("answered",), WITH,
    ),
    "/raw before any turn": Case("/raw\n", said=("has not been asked yet",)),
    "/tools without any": Case("/tools\n", said=("There are no tools; --tools FILE.py",)),
    "/tools": Case(
        "/tools\n", argv=WITH,
        out="weather: The weather in a city.\nwrite (asks before it runs): Write a file.\nhang: A function that does not end.\nslow: An async function.\n",
    ),
    "an unknown command": Case("/promt\n", said=("There is no command /promt; did you mean /prompt? ",), status=1),
    "a message that begins with a slash": Case(" /etc/hosts?\n", out="Hello.\n"),
}  # fmt: skip


@pytest.mark.parametrize("case", LINES.values(), ids=LINES)
def test_lines_in_a_pipe(case: Case, folder: Path) -> None:
    with Upstream(script(*case.turns)) as upstream:
        status, out, err = call("chat", "--base-url", upstream.url, *case.argv, stdin=case.lines)
    assert (case.status, case.out) == (status, out), err
    at = 0
    for part in case.said:
        assert part in err[at:], err
        at = err.index(part, at) + len(part)
    if case.asked is not None:
        assert case.asked == " ".join(message["role"] for message in upstream.bodies[-1]["messages"])
    assert list(folder.glob("x.txt")) == []


def test_prompt_is_the_text_of_the_next_request(folder: Path) -> None:
    argv = ["chat", *WITH, "--dialect", "hermes", "--model", "m"]
    with Upstream(script(called("weather", city="Oslo"), "Rain.", "Fine.")) as upstream:
        status, out, _ = call(*argv, "--base-url", upstream.url, stdin="Oslo?\n/prompt And Rome?\nAnd Rome?\n")
    assert (status, out.startswith("Rain.\n"), out.endswith("Fine.\n")) == (0, True, True)
    shown = out.removeprefix("Rain.\n").removesuffix("Fine.\n")
    sent = "".join(f"── {one['role']} \n{one['content']}\n\n" for one in upstream.bodies[-1]["messages"])
    assert sent == shown
    assert "(your next message)" not in shown


def test_help_names_every_command() -> None:
    with Upstream(script("Hello.")) as upstream:
        _, out, _ = call("chat", "--base-url", upstream.url, stdin="/help\n")
    assert list(COMMANDS) == [line.split()[0] for line in out.splitlines()]


# --- Tools ---------------------------------------------------------------------------------------------------------------

WORDS = {
    "my_chat_tools.py": ["weather", "write", "hang", "slow"],
    "my_chat_tools.py:slow, weather": ["slow", "weather"],
    "my_chat_tools:MORE": ["weather", "slow"],
    "my_chat_tools": ["weather", "write", "hang", "slow"],
    "./my_chat_tools.py:write": ["write"],
}


@pytest.mark.parametrize("word", WORDS)
def test_tools_of_a_word(word: str, folder: Path) -> None:
    assert folder.exists()
    assert WORDS[word] == [tool.name for tool in load_tools(word)]


@needs_mcp
def test_an_mcp_server_reads_what_is_named_and_nothing_else(folder: Path) -> None:
    calls = called("files_read", path="a") + "\n" + called("delete", path="b")
    with Upstream(script(calls, "Done.")) as upstream:
        argv = ["--base-url", upstream.url, "--mcp", MCP, "--mcp-reads", "files/read"]
        status, out, err = call("chat", *argv, stdin="Go.\n/tools\n")
    assert (status, out.startswith("Done.\nfiles_read: Read a file.\n")) == (0, True), err
    assert "→ text of a\n" in err
    assert "delete was not run: it changes something" in err
    assert "delete (asks before it runs): Delete a file.\n" in out


# --- Wrong input ---------------------------------------------------------------------------------------------------------

FILES = {
    "bare.py": "def bare(x):\n    return x\n",
    "broken.py": "def broken(:\n",
    "raising.py": "1 / 0\n",
    "leaving.py": "import sys\nsys.exit(3)\n",
    "lacking.py": "import no_such_package\n",
    "nothing.py": "import json\n_x = 1\n",
    "tools.json": "[]",
    "dies.py": "import sys\nsys.exit('no disk')\n",
}
DIES = shlex.join([sys.executable, "dies.py"])
WRONG: dict[str, tuple[list[str], str]] = {
    "no such file": (["--tools", "nope.py"], "--tools nope.py: there is no file nope.py; write FILE.py"),
    "no such module": (["--tools", "nope:f"], "--tools nope:f: there is no module 'nope' here or installed"),
    "no name of a module": (["--tools", "a b"], "'a b' is no name of a module"),
    "an empty word": (["--tools", ""], "--tools '': write FILE.py"),
    "no such function": (["--tools", "my_chat_tools.py:wether"], "there is no 'wether'; did you mean weather?"),
    "a class": (["--tools", "my_chat_tools.py:Path"], "--tools my_chat_tools.py:Path: tools[0] is"),
    "a function without type hints": (["--tools", "bare.py"], "--tools bare.py: tool 'bare': the parameter 'x' has no type hint"),
    "a syntax error": (["--tools", "broken.py"], "the code does not load: SyntaxError: "),
    "code that raises": (["--tools", "raising.py"], "ZeroDivisionError: division by zero (raising.py:1)"),
    "code that leaves": (["--tools", "leaving.py"], "SystemExit: 3 (leaving.py:2)"),
    "an import that fails": (["--tools", "lacking.py"], "ModuleNotFoundError: No module named 'no_such_package' (lacking.py:1)"),
    "no functions": (["--tools", "nothing.py"], "no public functions are defined there"),
    "definitions": (["--tools", "tools.json"], "definitions alone cannot be run"),
    "two tools of a name": (["--tools", "my_chat_tools.py", "--tools", "my_chat_tools:weather"], "the tools together: "),
    "a limit of nothing": (["--tool-timeout", "0"], "--tool-timeout 0: give seconds above 0"),
    "an endless limit": (["--tool-timeout", "inf"], "--tool-timeout inf: give seconds above 0, 1,000,000 at most"),
    "no tokens": (["--max-tokens", "0"], "--max-tokens 0: give 1 or more"),
    "reads without a server": (["--mcp-reads", "a"], "--mcp-reads goes with --mcp COMMAND"),
    "a key that is not set": (["--api-key-env", "NO_SUCH_KEY"], "--api-key-env NO_SUCH_KEY: no such variable is set"),
    "a slip in a dialect": (["--dialect", "hermess"], "hermes"),
    "a slip in a flag": (["--tols", "x"], "did you mean --tools?"),
    "no server": (["--base-url", "http://127.0.0.1:9/v1"], "http://127.0.0.1:9/v1: no answer ("),
    "no server, with a model": (["--base-url", "http://127.0.0.1:9/v1", "--model", "m"], "no answer ("),
    "no address": (["--base-url", "localhost"], "--base-url 'localhost': write http://host:port/v1"),
}  # fmt: skip
WRONG_MCP: dict[str, tuple[list[str], str]] = {
    "no such program": (["--mcp", "no-such-program x"], "--mcp 'no-such-program x': the server does not start: No such file"),
    "a program that ends": (["--mcp", DIES], "it said: no disk"),
    "a quote that does not end": (["--mcp", "a 'b"], "No closing quotation; write a command as for a shell"),
    "an empty command": (["--mcp", ""], "--mcp '': give the command of an MCP server"),
    "an address without a server": (["--mcp", "http://127.0.0.1:9/mcp"], "--mcp 'http://127.0.0.1:9/mcp': "),
    "an unknown name that reads": (
        ["--mcp", MCP, "--mcp-reads", "nope"],
        "--mcp-reads nope: no tool of the servers; there are",
    ),
}


@pytest.mark.parametrize(
    ("argv", "words"),
    [*WRONG.values(), *(pytest.param(*row, marks=needs_mcp) for row in WRONG_MCP.values())],
    ids=[*WRONG, *WRONG_MCP],
)
def test_wrong_input_is_one_line(argv: list[str], words: str, folder: Path) -> None:
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    with Upstream(script("Hello.")) as upstream:
        status, out, err = call("chat", "--base-url", upstream.url, *argv, stdin="Hi\n")
    assert (status, out, err.count("\n")) == (2, "", 1), err
    assert err.startswith("adapter: ")
    assert words in err


# --- A terminal ----------------------------------------------------------------------------------------------------------

# The child takes the terminal as its own, so that Ctrl-C comes as a signal.
_CHILD = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "adapter", "chat", *sys.argv[1:]])
"""
_PATIENCE = 90.0  # seconds until a text that does not come is given up


@dataclass
class Terminal:
    """A command in a pseudo-terminal."""

    argv: list[str]
    shown: str = ""
    _at: int = 0
    _main: int = field(init=False)
    _process: subprocess.Popen[bytes] = field(init=False)

    def __enter__(self) -> Self:
        self._main, other = os.openpty()
        environment = {**os.environ, "TERM": "xterm", "PYTHONPATH": str(ROOT), "NO_COLOR": ""}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CHILD, *self.argv],
            stdin=other, stdout=other, stderr=other, start_new_session=True, env=environment,
        )  # fmt: skip
        os.close(other)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._main)

    def see(self, text: str) -> None:
        """Read until a text has come behind the last one."""
        until = time.monotonic() + _PATIENCE
        while (found := self.shown.find(text, self._at)) < 0:
            ready, _, _ = select.select([self._main], [], [], max(0.0, until - time.monotonic()))
            assert ready, f"{text!r} did not come: {self.shown!r}"
            try:
                self.shown += os.read(self._main, 4096).decode("utf-8", "replace")
            except OSError:  # the other end is closed
                raise AssertionError(f"{text!r} did not come: {self.shown!r}") from None
        self._at = found + len(text)

    def type(self, keys: str) -> None:
        os.write(self._main, keys.encode())

    def press(self, key: str, text: str | None) -> None:
        """Press a key until a text has come, or the other end is closed: readline may miss a signal in its first moment."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                self.type(key)
            for _ in range(10 if text else 50):
                if text is not None and (found := self.shown.find(text, self._at)) >= 0:
                    self._at = found + len(text)
                    return
                if not select.select([self._main], [], [], 0.1)[0]:
                    continue
                try:
                    self.shown += os.read(self._main, 4096).decode("utf-8", "replace")
                except OSError:  # closed
                    assert text is None or text in self.shown, self.shown
                    return
        raise AssertionError(f"{text!r} did not come: {self.shown!r}")

    def status(self) -> int:
        with contextlib.suppress(OSError):  # closed by the end of the process
            while select.select([self._main], [], [], _PATIENCE)[0] and (data := os.read(self._main, 4096)):
                self.shown += data.decode("utf-8", "replace")
        return self._process.wait(_PATIENCE)


@pytest.mark.parametrize("page", [Answer(b"<html>", headers={"content-type": "text/html"}), Answer([7])], ids=["page", "list"])
def test_a_server_without_a_list_of_models_is_an_error_of_one_line(page: Answer) -> None:
    """The address of a page for people is a newcomer's slip."""
    with Upstream(page) as upstream:
        code, _, told = call("chat", "--base-url", upstream.url)
    assert (code, told.count("\n")) == (2, 1)
    assert "/models answered with no list of models; check the URL" in told


needs_terminal = pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo-terminals on this system")


@needs_terminal
def test_a_terminal_asks_before_a_call_that_writes(folder: Path) -> None:
    hold = threading.Event()
    pieces = (event(chunk({"role": "assistant", "content": "Let me see, "})), event(chunk({"content": "then."})), hold)
    call_ = (event(chunk({"content": called("write", name="no.txt")})), event(chunk({}, "stop")), DONE)
    turns = (Stream((*pieces, *call_)), "Not written.", called("write", name="yes.txt"), "Written.")
    with Upstream(script(*turns)) as upstream, Terminal(["--base-url", upstream.url, *WITH]) as terminal:
        terminal.see("> ")
        terminal.type("Write no.txt\r")
        terminal.see("Let me see")
        terminal.type("y\r")  # ahead of the question, so it does not count
        terminal.see("y")
        hold.set()
        terminal.see('{"name": "no.txt"}')
        terminal.see("Run it? [y/n] ")
        terminal.type("perhaps\r")
        terminal.see("Run it? [y/n] ")
        terminal.type("n\r")
        terminal.see("the user refused the call")
        terminal.see("Not written.")
        terminal.see("> ")
        terminal.type("Write yes.txt\r")
        terminal.see("Run it? [y/n] ")
        assert list(folder.glob("*.txt")) == []
        terminal.type("y\r")
        terminal.see("Writing yes.txt")
        terminal.see("Written.")
        terminal.see("> ")
        terminal.type("\x04")
        assert terminal.status() == 0
    assert [path.name for path in folder.glob("*.txt")] == ["yes.txt"]


@needs_terminal
def test_ctrl_c_ends_the_turn_and_then_the_command(folder: Path) -> None:
    assert folder.exists()
    more: tuple[bytes | float, ...] = (event(chunk({"content": "time and "})), 0.05)  # so that a wait for bytes has ends
    begun = Stream((event(chunk({"role": "assistant", "content": "Once upon a "})), *more * 1000))
    turns = (begun, called("write", name="x.txt"), called("hang"), "Hello again.")
    with Upstream(script(*turns)) as upstream, Terminal(["--base-url", upstream.url, *WITH]) as terminal:
        terminal.see("> ")
        terminal.type("Tell me a story\r")
        terminal.see("Once upon a ")
        terminal.type("\x03")
        terminal.see("Interrupted. The answer is kept as far as it was written.")
        terminal.see("> ")
        terminal.type("Write\r")
        terminal.see("Run it? [y/n] ")
        terminal.type("\x03")
        terminal.see("Interrupted. The calls and their results are kept.")
        terminal.see("> ")
        terminal.type("Hang\r")
        terminal.see("Waiting without end…")
        terminal.type("\x03")
        terminal.see("Interrupted. The calls and their results are kept.")
        terminal.see("> ")
        terminal.type("Hi\r")
        terminal.see("Hello again.")
        terminal.see("> ")
        terminal.press("\x03", "Ctrl-C again, or Ctrl-D, ends.")
        assert "Traceback" not in terminal.shown
        terminal.press("\x03", None)
        assert terminal.status() in {0, 130}  # 130 if a second key came while the command was ending
    last = upstream.bodies[-1]["messages"]
    texts = " ".join(str(message["content"]) for message in last)
    assert "Once upon a " in texts
    assert "write was not run: the run was interrupted before" in texts
    assert re.search("while hang was running|hang was not run", texts)  # the key may come just before the function starts
    assert "destroyed" not in terminal.shown


def test_a_history_of_turns_that_broke_off_is_valid(folder: Path) -> None:
    """An answer that breaks off in the middle is kept, and its calls have results."""
    cut = Stream((event(chunk({"role": "assistant", "content": "Once"})), event(chunk({"content": " upon"}))), cut=True)
    with Upstream(script(called("weather", city="Oslo"), cut, "Fine.")) as upstream:
        argv = ["--base-url", upstream.url, *WITH, "--native", "always"]
        status, out, err = call("chat", *argv, stdin="Oslo?\nGo on.\n")
    assert folder.exists()
    assert (status, "Fine.\n" in out) == (1, True), err
    check_history([one for one in upstream.bodies[-1]["messages"] if one["role"] != "system"])


# --- The page, and a real model ------------------------------------------------------------------------------------------


def test_the_transcript_of_the_page(folder: Path) -> None:
    page = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    found = re.search(
        r"<!-- file: (?P<name>\w+\.py) -->\n```python\n(?P<code>.*?)```.*?```text\n"
        r"\$ printf '(?P<lines>[^']*)' \| adapter chat (?P<argv>[^\n]*)\n(?P<shown>.*?)```",
        page, re.DOTALL,
    )  # fmt: skip
    assert found is not None
    (folder / found["name"]).write_text(found["code"], encoding="utf-8")
    turns = (called("get_weather", city="Oslo"), "It rains in Oslo.", called("send_mail", to="Ann", text="Rain!"), "I may not.")
    with Upstream(script(*turns)) as upstream:
        words = shlex.split(found["argv"].replace("http://localhost:8000/v1", upstream.url))
        done = subprocess.run(
            [sys.executable, "-m", "adapter", "chat", *words],
            input=found["lines"].replace("\\n", "\n"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}, timeout=_PATIENCE, check=False,
        )  # fmt: skip
    assert found["shown"] == done.stdout.replace(upstream.url, "http://localhost:8000/v1")
    assert done.returncode == 0


@pytest.mark.engine
def test_a_real_model_calls_the_demos_tool(model_file: Path, folder: Path) -> None:
    assert folder.exists()
    status, out, err = call(
        "chat", "--model", str(model_file), "--profile", "small", stdin="What's the weather in Oslo?\n/raw\n"
    )
    assert status == 0, err
    assert "Looking up weather for Oslo…\n→ Oslo is sunny today.\n" in err
    assert "Oslo" in out
