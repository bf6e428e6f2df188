"""The screen of `adapter chat`: answers on stdout as they come, progress and problems dimly on stderr."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adapter.cli.console import coloured
from adapter.cli.markdown import Markdown

if TYPE_CHECKING:
    from adapter.cli.console import Console
    from adapter.events import Problem
    from adapter.running.values import RunEvent, ToolCall

_MOST_SHOWN = 200  # characters of a result, or of a text that a problem concerns
# Steps that are told in the words of the run; "finished" is told with its result.
_TOLD = frozenset({"started", "failed", "timed_out", "invalid", "unknown", "interrupted", "not_run", "cut", "repeated", "note"})


class Screen:
    """Shows a conversation.

    Args:
        console: The streams.

    Attributes:
        text: The text of the answer that is being written, as shown so far.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._open = False  # a line of the answer has no end yet
        self._chosen: set[str] = set()
        self._spinner: Any = None
        self._markdown = Markdown(lambda text, style: console.styled(text, style, console.out))
        self.text = ""

    @property
    def can_ask(self) -> bool:
        """A person at a terminal can be asked."""
        return self._console.interactive

    def begin_turn(self) -> None:
        """Forget the text of the answer before."""
        self.text, self._open = "", False
        self._markdown.close()

    def _spin(self) -> None:
        """Show on a terminal that the model is being asked."""
        if self._spinner is not None or not (self.can_ask and coloured(self._console.err)):
            return
        from rich.console import Console as RichConsole
        from rich.live import Live
        from rich.spinner import Spinner

        self._spinner = Live(
            Spinner("dots", style="dim"), console=RichConsole(file=self._console.err), transient=True,
            redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self._spinner.start()

    def still(self) -> None:
        """Take the sign of waiting away."""
        spinner, self._spinner = self._spinner, None
        if spinner is not None:
            spinner.stop()

    def note(self, text: str) -> None:
        """Tell something beside the answer, on a line of its own."""
        self.still()
        self.end_line()
        self._console.error(self._console.styled(self._console.wording(text), "dim", self._console.err))

    def end_line(self) -> None:
        """End a line of the answer."""
        self._console.piece(self._markdown.close())
        if self._open:
            self._console.piece("\n")
            self._open = False

    def begin_line(self) -> None:
        """Begin a line behind the `^C` that a terminal shows."""
        self.still()
        if self.can_ask:
            self._console.piece("\n")
            self._open = False

    def event(self, event: RunEvent) -> None:
        """Show a step of a run."""
        if event.kind == "text":
            self.text += event.message
            self._piece(self._markdown.feed(event.message))
        elif event.kind == "reasoning":
            self._piece(self._console.styled(event.message, "dim"))
        elif event.kind == "asking":
            self.text = ""
            self.end_line()
            self._spin()
        elif event.kind == "finished" and event.record is not None:
            self.note(f"→ {_short(event.record.text)}")
        elif event.kind in _TOLD:
            self.note(event.message)
        elif event.kind == "refused" and event.record is not None:
            self.note(f"{event.message} The call: {event.record.name} {event.record.arguments}")

    def _piece(self, text: str) -> None:
        if text:
            self.still()
            self._console.piece(text)
            self._open = True

    def problem(self, problem: Problem) -> None:
        """Tell a problem, with the text that it concerns; the same choice once."""
        if problem.kind == "chosen":
            if problem.message in self._chosen:
                return
            self._chosen.add(problem.message)
        raw = f": {_short(problem.raw)}" if problem.raw else ""
        waiting = self._spinner is not None
        self.note(f"adapter: {problem.kind}: {problem.message}{raw}")
        if waiting:
            self._spin()

    def confirm(self, call: ToolCall) -> bool:
        """Ask if a call that writes is to run; for a terminal only."""
        self.still()
        self.end_line()
        shown = f"{call.name} {json.dumps(dict(call.arguments), ensure_ascii=False)}"
        console = self._console
        console.line(f"{console.styled('The model wants to run', 'key')} {shown}")
        console.out.flush()
        while True:
            answer = console.ask("Run it? [y/n] ")
            if answer is None or answer.strip().lower() in {"n", "no"}:
                return False
            if answer.strip().lower() in {"y", "yes"}:
                return True


def _short(text: str) -> str:
    """Return the beginning of a text on one line."""
    line = " ".join(text[: _MOST_SHOWN * 2].split())
    return line if len(line) <= _MOST_SHOWN and len(text) <= _MOST_SHOWN * 2 else f"{line[: _MOST_SHOWN - 1]}…"
