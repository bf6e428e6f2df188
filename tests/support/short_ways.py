"""Reading without the short ways of the parser: all deltas go through the handlers of the modes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.completion import call_stream, fast_deltas, parser, plain_call
from adapter.completion.modes import call_block

if TYPE_CHECKING:
    import pytest


def close_short_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no delta take a short way."""
    monkeypatch.setattr(parser, "flow_from", lambda _: None)
    monkeypatch.setattr(call_block, "begin_call", lambda *_: False)
    for module in (call_stream, plain_call):
        monkeypatch.setattr(module, "behind_block", lambda _, text: text)


def open_short_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read as the parser does."""
    monkeypatch.setattr(parser, "flow_from", fast_deltas.flow_from)
    monkeypatch.setattr(call_block, "begin_call", plain_call.begin_call)
    for module in (call_stream, plain_call):
        monkeypatch.setattr(module, "behind_block", fast_deltas.behind_block)
