"""The input of a custom call, decoded while its arguments are written: the same at every split as by a reader of JSON."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.text.string_member import StringMember, member_text

TEXTS = {
    "plain": "*** Begin\n+a\n",
    "every short escape": '"\\/\b\f\n\r\t',
    "beyond the BMP": "a😀b𝄞",
    "half a pair": "\ud83d!",
    "the other half": "\ude00",
    "two high halves": "\ud83d\ud83d\ude00",
    "an escape in the text": "\\u0041 \\n",
    "a quote and a brace": '"} {"input": "x"}',
    "empty": "",
}


def decoded(*pieces: str) -> str:
    reader = StringMember("input")
    return "".join([*map(reader.feed, pieces), reader.close()])


@pytest.mark.parametrize("ascii_only", [False, True], ids=["characters", "escapes"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_split_gives_the_text(text: str, ascii_only: bool) -> None:
    written = json.dumps({"input": text}, ensure_ascii=ascii_only)
    text = json.loads(written)["input"]  # two escaped halves are a pair
    assert decoded(*written) == text == member_text("input", written)
    for first, second in itertools.combinations(range(len(written) + 1), 2):
        assert decoded(written[:first], written[first:second], written[second:]) == text


@given(text=st.text(st.characters(), max_size=60), ascii_only=st.booleans(), data=st.data())
def test_any_text_at_any_split(text: str, ascii_only: bool, data: st.DataObject) -> None:
    written = json.dumps({"input": text}, ensure_ascii=ascii_only)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(written)), max_size=6)))
    pieces = [written[start:end] for start, end in itertools.pairwise([0, *cuts, len(written)])]
    assert decoded(*pieces) == json.loads(written)["input"]


ODD = {
    "white space": (' {\n "input" :\t"x" }', "x"),
    "a further member": ('{"input": "x", "more": "y"}', "x"),
    "another member first": ('{"more": "y", "input": "x"}', '{"more": "y", "input": "x"}'),
    "a number": ('{"input": 5}', '{"input": 5}'),
    "no object": ('"x"', '"x"'),
    "nothing": ("", ""),
    "a long head": (" " * 70 + '{"input": "x"}', " " * 70 + '{"input": "x"}'),
    "no escape of JSON's": ('{"input": "a\\d"}', "a\\d"),
}


@pytest.mark.parametrize(("written", "text"), ODD.values(), ids=ODD)
def test_other_text_comes_out_the_same_at_every_split(written: str, text: str) -> None:
    assert member_text("input", written) == text
    for cut in range(len(written) + 1):
        assert decoded(written[:cut], written[cut:]) == text
    assert decoded(*written) == text
