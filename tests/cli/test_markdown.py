"""Colours of Markdown in `adapter chat`: each character stays, at any split."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.cli.markdown import Markdown

TEXTS = [
    pytest.param("Plain words, 2*3 and a#b.", "Plain words, 2*3 and a#b.", id="no Markdown"),
    pytest.param("# Title\nText", "[heading:#][heading: Title]\nText", id="a heading"),
    pytest.param("Number # 7", "Number # 7", id="no heading within a line"),
    pytest.param("a **b** c", "a [strong:**][strong:b][strong:**] c", id="strong words"),
    pytest.param("Use `pip` now", "Use [code:`][code:pip][code:`] now", id="code in a line"),
    pytest.param("a ` b\nc", "a [code:`][code: b]\nc", id="code that nothing ends"),
    pytest.param("a ** b\nc", "a [strong:**][strong: b]\nc", id="strong words that nothing ends"),
    pytest.param(
        "```py\nx = a**2 # `no`\n```\nEnd", "[code:```][code:py]\n[code:x = a][code:**][code:2 ][code:#][code: ][code:`][code:no][code:`]\n[code:```]\nEnd",
        id="a block of code",
    ),
]  # fmt: skip


def markdown() -> Markdown:
    return Markdown(lambda text, style: f"[{style}:{text}]")


@pytest.mark.parametrize(("text", "shown"), TEXTS)
def test_colours(text: str, shown: str) -> None:
    made = markdown()
    assert made.feed(text) + made.close() == shown


@given(st.text("a `*#\n", max_size=30), st.integers(0, 2**30))
def test_any_split_shows_the_same_characters_in_the_same_styles(text: str, seed: int) -> None:
    def styles(pieces: list[str]) -> list[tuple[str, str]]:
        def styled(part: str, style: str) -> str:
            return "".join(f"\x00{style}\x01{sign}\x02" for sign in part)

        made = Markdown(styled)
        shown = "".join(made.feed(piece) for piece in pieces) + made.close()
        signs = re.finditer("\x00(\\w+)\x01(.)\x02|(.)", shown, re.DOTALL)
        return [(match[1] or "", match[2] or match[3]) for match in signs]

    cuts = [at for at in range(1, len(text)) if seed >> (at % 30) & 1]
    pieces = [text[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole = styles([text])
    assert [sign for _, sign in whole] == list(text)
    assert styles(pieces) == whole


def test_a_text_begins_without_the_styles_of_the_text_before() -> None:
    made = markdown()
    made.feed("**bold `")
    made.close()
    assert made.feed("plain") + made.close() == "plain"
