"""Plain headers of gpt-oss without their end: one look says that the header goes on, as the reader of headers says."""

from __future__ import annotations

from adapter.dialects.families import syntax_for
from adapter.dialects.registry import load
from adapter.syntax.messages.channels import Channels

PLAIN = [
    "<|start|>assistant to=functions.get_weather<|channel|>commentary json<|message|>",
    "<|start|>assistant<|channel|>analysis<|message|>",
    "<|channel|>commentary to=functions.f <|constrain|>json<|message|>",
    "to=functions.f<|channel|>commentary<|message|>",
]
OTHER = [
    "<|start|>user<|channel|>final<|message|>",
    "<|channel|>finally words",
    "<|channel|>commentary?<|end|>",
    "<|start|>assistant<|start|>assistant",
    "<|channel|>  analysis  <|message|>",
    "<|start|>functions.f to=assistant<|channel|>commentary<|message|>",
]


def test_the_look_says_what_the_reader_says() -> None:
    syntax = syntax_for(load("gpt-oss"))
    assert isinstance(syntax, Channels)
    taken = dict.fromkeys((*PLAIN, *OTHER), 0)
    for header in taken:
        for end in range(len(header)):
            if syntax.goes_on(header[:end]):
                taken[header] += 1
                assert syntax.header(header[:end], 0, loose=True) is None, header[:end]
        assert not syntax.goes_on(f"{header}x"), header
    assert all(taken[header] > 0.6 * len(header) for header in PLAIN), taken
