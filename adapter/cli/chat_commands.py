"""The lines of `adapter chat`: messages for the model, and commands that begin with a slash."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapter.cli.chat_screen import Screen
    from adapter.cli.chat_turns import Chat
    from adapter.cli.console import Console

_PROMPT = "> "
_NEXT = "(your next message)"
COMMANDS = {
    "/tools": "the tools, and which of them ask before they run",
    "/prompt": "the text that the model reads in the next turn; `/prompt TEXT` with TEXT as your message",
    "/raw": "the model's last text, as the model wrote it",
    "/clear": "begin a new conversation",
    "/help": "these commands",
    "/quit": "end; so does Ctrl-D, and Ctrl-C twice",
}


def converse(chat: Chat, console: Console, screen: Screen) -> int:
    """Read lines until the end. Returns the exit status: 1 if a turn failed and nobody sat at a terminal."""
    failed, interrupted = False, False
    names = ", ".join(tool.name for tool in chat.tools) or "none"
    screen.note(f"adapter chat: {chat.model.name}, {chat.model.place}; tools: {names}; /help shows the commands")
    while True:
        try:
            line = console.next_line(_PROMPT)
            if line is None:
                if console.interactive:
                    console.line()
                break
            interrupted = False
            if line.strip() == "/quit":
                break
            failed = not _line(line, chat, console, screen) or failed
        except KeyboardInterrupt:
            if not console.interactive:
                raise
            console.line()
            if interrupted:
                break
            screen.note("Ctrl-C again, or Ctrl-D, ends.")
            interrupted = True
    return int(failed and not console.interactive)


def _line(line: str, chat: Chat, console: Console, screen: Screen) -> bool:
    """Carry out a line. Returns False if it failed."""
    if not line.strip():
        return True
    if not line.startswith("/"):
        try:
            line.encode()
        except UnicodeEncodeError:
            screen.note("The line is not UTF-8 text, and was not sent.")
            return False
        return chat.turn(line.strip())
    word, _, rest = line.partition(" ")
    if word not in COMMANDS:
        near = difflib.get_close_matches(word, COMMANDS, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        screen.note(f"There is no command {word}; {hint}/help shows all. To send such a line, put a space before it.")
        return False
    _command(word, rest.strip(), chat, console, screen)
    console.out.flush()
    return True


def _command(word: str, rest: str, chat: Chat, console: Console, screen: Screen) -> None:
    if word == "/help":
        for name, help_ in COMMANDS.items():
            console.line(f"{console.styled(f'{name:8}', 'label')} {help_}")
    elif word == "/clear":
        chat.clear()
        screen.note("A new conversation.")
    elif word == "/tools":
        _tools(chat, console, screen)
    elif word == "/prompt":
        _prompt(rest or _NEXT, chat, console, screen)
    elif word == "/raw":
        _raw(chat, console, screen)


def _tools(chat: Chat, console: Console, screen: Screen) -> None:
    if not chat.tools:
        screen.note("There are no tools; --tools FILE.py and --mcp COMMAND bring some.")
    for tool in chat.tools:
        asks = console.styled(" (asks before it runs)", "key") if tool.writes else ""
        console.line(f"{console.styled(tool.name, 'label')}{asks}: {' '.join(tool.description.split()) or 'no description'}")


def _prompt(text: str, chat: Chat, console: Console, screen: Screen) -> None:
    from adapter.cli.preview import show_prompt
    from adapter.errors import AdapterError

    try:
        found = chat.preview(text)
    except AdapterError as error:
        screen.note(" ".join(error.message.split()))
        return
    show_prompt(found, console)
    console.out.flush()
    for name, constraint in found.constraints():
        screen.note(f"The server holds the answer to a {name} of {len(constraint):,} characters; adapter preview shows it.")


def _raw(chat: Chat, console: Console, screen: Screen) -> None:
    record = chat.record
    if record is None:
        screen.note("The model has not been asked yet.")
        return
    text = record.completion or record.raw
    console.line(console.markup(text))
    screen.note(record.summary())
