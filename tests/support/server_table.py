"""The table of servers in `docs/servers.md`, made from `adapter.servers`; `python -m tests.support.server_table` writes the page."""

from __future__ import annotations

import json
from pathlib import Path

from adapter.enforce.ladder import rung_for
from adapter.servers import SERVERS, server_for

PAGE = Path(__file__).resolve().parents[2] / "docs" / "servers.md"
HEAD = '| `server` | `enforce` | `"auto"` | raw completions | begun answers | past reasoning | source |\n|---|---|---|---|---|---|---|\n'


def table() -> str:
    """The table, as Markdown."""
    return HEAD + "".join(map(_row, SERVERS))


def _row(name: str) -> str:
    chat, raw = SERVERS[name], server_for(name, "completions")
    begun = [f"`{json.dumps(dict(fields))[1:-1]}`" for fields in (chat.prefill_body, chat.prefill_message) if fields]
    shown = ", ".join(begun) if "prefill" in chat.rungs and begun else "as they are" if "prefill" in chat.rungs else ""
    cells = [
        f"`{name}`",
        ", ".join(chat.rungs),
        rung_for("auto", chat),
        ", ".join(raw.rungs),
        shown,
        f"`{chat.reasoning}`" if chat.reasoning else "",
        chat.source,
    ]
    return f"| {' | '.join(cells)} |\n"


def page(text: str) -> str:
    """A page with its table made anew."""
    before, _, rest = text.partition(HEAD)
    return before + table() + "\n" + rest.partition("\n\n")[2]


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
