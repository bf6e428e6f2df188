"""Token ranges of the parts of a completion: every token is where its text is, with tokenizers of several kinds."""

from __future__ import annotations

import itertools
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import adapter
from adapter.completion.places import Span
from adapter.dialects.registry import load, names
from adapter.errors import TokenizerError
from adapter.training import Tokens, TokenSpans, decode, token_spans, tokenize
from tests.facts.tools import TOOLS

if TYPE_CHECKING:
    from collections.abc import Callable

tokenizers = pytest.importorskip("tokenizers", reason="part of the extra 'tokens'")

CALL = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Zürich 🦊"}}\n</tool_call>'
TEXT = f"<think>\nHm, 東京?\n</think>\n\nLet me see 🙂.\n{CALL}"


def byte_level(*special: str, trim: bool = False) -> Any:
    """Train a small BPE tokenizer over bytes: characters outside of ASCII are several tokens."""
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    made.decoder = tokenizers.decoders.ByteLevel()
    made.post_processor = tokenizers.processors.ByteLevel(trim_offsets=trim)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=400, initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(), special_tokens=list(special), show_progress=False
    )  # fmt: skip
    made.train_from_iterator([TEXT] * 4, trainer)
    return made


def words() -> Any:
    """Make a tokenizer of whole words, which drops white space."""
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[?]": 0}, unk_token="[?]"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    return made


class Fast:
    """The interface of a fast tokenizer of transformers (5.x): a call with `return_offsets_mapping` gives a mapping."""

    is_fast = True
    clean_up_tokenization_spaces = True

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __call__(self, text: str, *, add_special_tokens: bool, return_offsets_mapping: bool) -> dict[str, Any]:
        assert (add_special_tokens, return_offsets_mapping) == (False, True)
        found = self.inner.encode(text, add_special_tokens=False)
        return {"input_ids": found.ids, "attention_mask": [1] * len(found.ids), "offset_mapping": found.offsets}

    def encode(self, text: str) -> list[int]:
        return list(self.inner.encode(text).ids)

    def decode(self, ids: list[int], *, skip_special_tokens: bool, clean_up_tokenization_spaces: bool) -> str:
        assert (skip_special_tokens, clean_up_tokenization_spaces) == (False, False)
        return str(self.inner.decode(ids, skip_special_tokens=False))


BYTES = byte_level("<think>", "</think>", "<tool_call>", "</tool_call>")
KINDS: dict[str, Any] = {
    "bytes": BYTES,
    "bytes without special tokens": byte_level(),
    "bytes, offsets without spaces": byte_level("<tool_call>", "</tool_call>", trim=True),
    "whole words": words(),
    "of transformers": Fast(BYTES),
    "a function, single characters": lambda text: [(n, n + 1) for n in range(len(text))],
    "a function, threes": lambda text: [(n, min(n + 3, len(text))) for n in range(0, len(text), 3)],
}


def check(parsed: adapter.ParsedCompletion, found: TokenSpans) -> None:
    """The text of a range holds the part, without a whole token more at either end."""
    text, offsets = parsed.text or "", found.tokens.offsets
    parts = [(span, got) for call, tokens in zip(parsed.tool_calls, found.calls, strict=True) for span, got in (
        (call.span, tokens.call), (call.name_span, tokens.name), (call.arguments_span, tokens.arguments),
        *((call.value_spans[name], tokens.values[name]) for name in call.value_spans),
    )]  # fmt: skip
    parts += [
        *zip(parsed.content_spans, found.content, strict=True),
        *zip(parsed.reasoning_spans, found.reasoning, strict=True),
    ]
    assert parts
    for span, got in parts:
        assert (span is None) == (got is None)
        if span is None or got is None:
            continue
        inside = {n for n, place in enumerate(offsets) if place.start < span.end and place.end > span.start}
        assert inside <= set(range(*got))
        assert all(n in inside or offsets[n].start == offsets[n].end for n in range(*got))
        for left in range(span.start, span.end):  # only text that no token has is missing
            assert text[left].isspace() or any(offsets[n].start <= left < offsets[n].end for n in range(*got))


@pytest.mark.parametrize("tokenizer", KINDS.values(), ids=KINDS)
def test_every_part_has_its_tokens(tokenizer: Any) -> None:
    parsed = adapter.parse(TEXT, TOOLS)
    found = token_spans(parsed, tokenizer)
    check(parsed, found)
    assert (len(found.calls), len(found.content), len(found.reasoning)) == (1, 1, 1)


@pytest.mark.parametrize("name", names())
def test_in_every_dialect(name: str) -> None:
    dialect = load(name)
    calls = [dialect.tool_call("get_weather", {"city": city}) for city in ("Zürich 🦊", "x")]
    parsed = adapter.parse(dialect.assistant("Let me see 🙂.", calls), TOOLS, dialect=name)
    assert len(parsed.tool_calls) == 2
    check(parsed, token_spans(parsed, BYTES))


@given(
    st.text('ab \n{}"<é🦊', max_size=20), st.lists(st.integers(1, 6), min_size=1, max_size=80), st.sampled_from(["in", "out"])
)
def test_any_cut_of_any_text(words: str, sizes: list[int], straddling: Any) -> None:
    text = f'{words} <tool_call>\n{{"name": "get_weather", "arguments": {{"city": "Zürich"}}}}\n</tool_call>{words}'
    parsed, ends = adapter.parse(text, TOOLS), [0, *itertools.accumulate(itertools.islice(itertools.cycle(sizes), len(text)))]
    cuts = [(min(a, len(text)), min(b, len(text))) for a, b in itertools.pairwise(ends)]
    found = token_spans(parsed, lambda _: cuts, straddling=straddling)
    assert found.tokens.offsets[-1].end == len(text)
    if straddling == "in":
        check(parsed, found)
    for call, tokens in zip(parsed.tool_calls, found.calls, strict=True):
        if straddling == "out" and tokens.call is not None and tokens.call.start < tokens.call.end and call.span is not None:
            start, end = found.tokens.offsets[tokens.call.start].start, found.tokens.offsets[tokens.call.end - 1].end
            assert call.span.start <= start <= end <= call.span.end


# Borders.

ACROSS = ("Hi", " <tool_call>", '\n{"name": "get_time", "arguments": {}}', "\n</tool_call>")


def joined(pieces: tuple[str, ...]) -> Callable[[str], list[tuple[int, int]]]:
    ends = [0, *itertools.accumulate(map(len, pieces))]
    return lambda _: list(itertools.pairwise(ends))


@pytest.mark.parametrize(("straddling", "call"), [("in", (1, 4)), ("out", (2, 4))])
def test_a_token_across_a_border(straddling: Any, call: tuple[int, int]) -> None:
    parsed = adapter.parse("".join(ACROSS), TOOLS)
    found = token_spans(parsed, joined(ACROSS), straddling=straddling)
    assert [one.call for one in found.calls] == [call]
    crossing = [one for one in found.straddling if one.part == "calls"]
    assert crossing == [(1, "calls", "<tool_call>", " <tool_call>")]


def test_a_token_across_a_border_as_an_error() -> None:
    with pytest.raises(
        TokenizerError, match=r"both sides of a border: token 1 ' <tool_call>' \(calls: '<tool_call>'\), token 2"
    ):
        token_spans(adapter.parse("".join(ACROSS), TOOLS), joined(ACROSS), straddling="error")


def test_without_a_token_across_a_border_there_is_no_error() -> None:
    text = "Yes."
    assert token_spans(adapter.parse(text), lambda _: [(0, 4)], straddling="error").content == ((0, 1),)


def test_a_single_token_on_both_borders() -> None:
    parsed = adapter.parse("".join(ACROSS), TOOLS)
    whole = token_spans(parsed, lambda text: [(0, len(text))], straddling="out")
    assert [(one.call, one.name, one.arguments) for one in whole.calls] == [((1, 1), (1, 1), (1, 1))]
    assert whole.mask("calls") == [0]
    assert token_spans(parsed, lambda text: [(0, len(text))]).mask("calls") == [1]


# Masks.


def test_masks_and_labels() -> None:
    parsed = adapter.parse(TEXT, TOOLS)
    found = token_spans(parsed, BYTES)
    ids = found.tokens.ids or ()

    def text_of(mask: list[int]) -> str:
        return str(BYTES.decode([one for one, kept in zip(ids, mask, strict=True) if kept], skip_special_tokens=False))

    assert found.mask() == found.mask("all") == [1] * len(ids)
    assert text_of(found.mask("calls")) == CALL
    assert text_of(found.mask("values")).strip(' "}') == "Zürich 🦊"
    assert text_of(found.mask("content")).strip() == "Let me see 🙂."
    assert "東京" in text_of(found.mask("reasoning"))
    both = [one | other for one, other in zip(found.mask("calls"), found.mask("content"), strict=True)]
    assert found.mask("calls", "content") == both
    assert found.labels("calls") == [one if kept else -100 for one, kept in zip(ids, found.mask("calls"), strict=True)]
    assert found.labels("calls", ignore=-1).count(-1) == found.mask("calls").count(0)


def test_calls_of_one_block_share_its_tokens() -> None:
    dialect = load("granite-3")
    text = dialect.assistant("", [dialect.tool_call("get_time", {}), dialect.tool_call("get_weather", {"city": "x"})])
    found = token_spans(adapter.parse(text, TOOLS, dialect="granite-3"), BYTES)
    assert len(found.calls) == 2
    assert found.calls[0].call == found.calls[1].call
    assert len(found.ranges("calls")) == 1
    assert len(found.ranges("names")) == 2


# Sampled tokens.


@pytest.mark.parametrize("tokenizer", [BYTES, Fast(BYTES), byte_level()], ids=["bytes", "of transformers", "no special tokens"])
@pytest.mark.parametrize("text", [TEXT, "", "🦊", "é" * 40, "a\ufffdb\ufffd\ufffd" + "\ufffd" * 20, "\n  x"])
def test_sampled_tokens_have_their_places(tokenizer: Any, text: str) -> None:
    inner = getattr(tokenizer, "inner", tokenizer)
    encoded = inner.encode(text, add_special_tokens=False)
    tokens = decode(encoded.ids, tokenizer)
    assert (tokens.text, tokens.ids) == (text, tuple(encoded.ids))
    if "\ufffd" not in text:
        assert list(tokens.offsets) == list(encoded.offsets)


def test_other_tokens_of_the_same_text() -> None:
    """A model may sample tokens that the tokenizer would not have chosen: they are not tokenized again."""
    one_by_one = [BYTES.encode(character, add_special_tokens=False).ids for character in CALL[11:]]
    ids = [BYTES.token_to_id("<tool_call>"), *itertools.chain.from_iterable(one_by_one)]
    tokens = decode(ids, BYTES)
    assert (tokens.text, tokens.ids) == (CALL, tuple(ids))
    assert len(tokens) > len(tokenize(CALL, BYTES))
    found = token_spans(adapter.parse(CALL, TOOLS), tokens)
    assert found.mask("calls") == [1] * len(ids)
    check(adapter.parse(CALL, TOOLS), found)


def test_a_response_cut_inside_a_character() -> None:
    ids = BYTES.encode("x🦊", add_special_tokens=False).ids[:-1]
    tokens = decode(ids, BYTES)
    assert tokens.text.startswith("x\ufffd")
    assert len(tokens.offsets) == len(ids)


# Errors.


class Slow(Fast):
    is_fast = False


class NoMapping(Fast):
    def __call__(self, text: str, **_: Any) -> dict[str, Any]:
        return {"input_ids": [1]}


class OldCall(Fast):
    def __call__(self, text: str) -> dict[str, Any]:  # type: ignore[override]
        return {"input_ids": [1]}


class Backwards:
    """Decodes so that a token changes those before it."""

    def decode(self, ids: list[int], *, skip_special_tokens: bool) -> str:
        return "".join(map(str, reversed(ids)))


WRONG: dict[str, tuple[Any, str]] = {
    "a slow tokenizer": (Slow(BYTES), "Slow cannot give the places of tokens: it is a slow one"),
    "no mapping": (NoMapping(BYTES), "it gives input_ids, and no 'offset_mapping'"),
    "another call": (OldCall(BYTES), "it has no offsets"),
    "a number": (7, "int cannot give the places of tokens: it is none. Use a tokenizers.Tokenizer"),
    "no pairs": (lambda _: [1, 2], r"token 0 has the offsets 1; expected \(start, end\)"),
    "None": (lambda _: None, "it gives NoneType 'None' for the offsets"),
    "beyond the text": (lambda _: [(0, 999)], r"token 0 has the offsets \(0, 999\), in a text of 4 code points"),
    "backwards": (lambda _: [(2, 4), (0, 2)], r"token 1 has the offsets \(0, 2\), behind \(2, 4\), in a text of 4"),
    "end before start": (lambda _: [(3, 1)], r"token 0 has the offsets \(3, 1\)"),
    "tokens of another text": (Tokens("No.", (Span(0, 3),)), "the tokens are of another text: 'No.', not 'Yes.'"),
}


@pytest.mark.parametrize(("tokenizer", "message"), WRONG.values(), ids=WRONG)
def test_a_tokenizer_without_places(tokenizer: Any, message: str) -> None:
    with pytest.raises(TokenizerError, match=message):
        token_spans(adapter.parse("Yes."), tokenizer)


def test_other_errors() -> None:
    parsed = adapter.parse("Yes.")
    with pytest.raises(ValueError, match="straddling='both': use 'in', 'out', 'error'"):
        token_spans(parsed, BYTES, straddling="both")  # type: ignore[arg-type]
    found = token_spans(parsed, lambda _: [(0, 4)])
    with pytest.raises(ValueError, match="no part 'call'; there are all, calls"):
        found.mask("call")  # type: ignore[arg-type]
    with pytest.raises(TokenizerError, match="the ids of the tokens are unknown"):
        found.labels()
    with pytest.raises(TokenizerError, match="token 1 changes the text of the tokens before it: '1' becomes '21'"):
        decode([1, 2], Backwards())
    with pytest.raises(TokenizerError, match=r"object .* has no decode\(ids, skip_special_tokens=False\)"):
        decode([1], object())
    with pytest.raises(TypeError, match=r"decode\(\) takes the ids of tokens, not str 'abc'; for a text use tokenize\(\)"):
        decode("abc", BYTES)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"token_spans\(\) takes the result of adapter\.parse, not str 'text'"):
        token_spans("text", BYTES)  # type: ignore[arg-type]
    unread = adapter.ParsedCompletion("x", None, (), "stop", ())
    with pytest.raises(ValueError, match=r"was not read by adapter\.parse"):
        token_spans(unread, BYTES)


def test_tokens_without_text_belong_to_no_part() -> None:
    found = token_spans(adapter.parse("Yes."), lambda _: [(0, 0), (0, 4), (0, 0)])
    assert (found.content, found.mask("content"), found.tokens.offsets) == (((1, 2),), [0, 1, 0], ((0, 0), (0, 4), (4, 4)))


def test_no_tokenizer_is_imported() -> None:
    code = "import adapter.training, adapter.training.verl, sys; print({'tokenizers', 'transformers', 'trl', 'verl', 'torch'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
