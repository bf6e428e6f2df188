"""Places: the text, cut at the spans, gives the parts of the completion, whole and at every split (behaviour 1.19)."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING, Any

import pytest

import adapter
from adapter.dialects.registry import load, names
from adapter.events import CallFinished, Markup, ReasoningDelta, TextDelta
from adapter.text.json_spans import loads
from tests.facts.completions import CALL, CASES, TIME_CALL, Case
from tests.facts.test_streaming_parser import CONTRADICTED
from tests.facts.tools import TOOLS
from tests.support.growth import assert_linear
from tests.support.tiers import few_or_all, some_first

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from adapter.completion.places import Located

MORE = [
    Case("space before, between and behind blocks, then words", f"Hi \n{CALL}\n\n{CALL} \n and\n"),
    Case("tokens between blocks, then words", f"Hi\n{CALL}\n<|im_end|>\n{TIME_CALL} <|im_end|> x"),
    Case("a token before a block", f"Hi <|im_end|> {CALL} more"),
    Case(
        "the space before a block kept, around a token",
        " Hi <|im_end|> <tool_call>get_time</tool_call>",
        options={"dialect": "glm-4.5"},
    ),
    Case("a fence around blocks", f"```json\n{CALL}\n```\nword"),
    Case("a fence around words", f"{CALL}\n```\nword\n```\n{CALL}"),
    Case("reasoning, space, words", f"\n<think>\n Hm. \n</think>\n\n Well.\n{CALL}\n"),
    Case("an invented result", f"{CALL}\n<tool_response>1</tool_response>\nwords"),
    Case("an unreadable block between others", f"{CALL}\n<tool_call>{{oops</tool_call> \n{CALL} x"),
    Case("cut in a block behind space", f"a \n{CALL} \n<tool_call>\n{{", finish="length"),
    Case(
        "reasoning and content by turns",
        "<|channel|>analysis<|message|>a \n<|end|> <|start|>assistant<|channel|>final<|message|>b \n<|end|>"
        "<|start|>assistant<|channel|>analysis<|message|>c<|end|><|start|>assistant<|channel|>final<|message|> d ",
        options={"dialect": "gpt-oss"},
    ),
]
ALL = [pytest.param(case, id=case.id) for case in (*CASES, *MORE) if case.id not in CONTRADICTED]


def cut(text: str, spans: Iterable[tuple[int, int]]) -> str:
    return "".join(text[start:end] for start, end in spans)


def check_call(text: str, call: adapter.ParsedToolCall, *, changed: bool) -> None:
    """The parts of a call, cut out of the completion."""
    assert call.span is not None
    assert cut(text, [call.span]) == call.raw
    name, arguments = call.name_span, call.arguments_span
    if name is not None:
        assert call.span.start <= name.start < name.end <= call.span.end
        assert cut(text, [name]).strip() == call.name or "\\" in cut(text, [name])
    if arguments is None:
        return
    assert call.span.start <= arguments.start < arguments.end <= call.span.end
    for key, span in call.value_spans.items():
        assert loads(cut(text, [span])) == loads(call.arguments)[key]
    try:
        written = loads(cut(text, [arguments]))
    except ValueError:
        return  # another notation
    assert cut(text, [arguments]) == call.arguments or isinstance(written, str) or changed


def check_events(text: str, found: Sequence[Located]) -> None:
    """The events of all text cover the completion, each character once."""
    taken: list[tuple[int, int]] = []
    for located in found:
        if isinstance(located.event, TextDelta | ReasoningDelta | Markup):
            assert cut(text, located.spans) == located.event.text
            taken += located.spans
    taken.sort()
    assert [start for start, _ in taken] == [0, *(end for _, end in taken)][: len(taken)]
    assert not text or taken[-1][1] == len(text)


def spans_of(found: Sequence[Located]) -> Any:
    """The characters of content and reasoning, and the places of calls."""
    letters = [
        [place for located in found if isinstance(located.event, kind) for span in located.spans for place in range(*span)]
        for kind in (TextDelta, ReasoningDelta)
    ]
    calls = [(located.spans, located.places) for located in found if isinstance(located.event, CallFinished)]
    return letters, calls


def fed(text: str, pieces: Iterable[str], finish: str, **options: Any) -> list[Located]:
    parser, locator = adapter.CompletionParser(TOOLS, **options), adapter.Locator()
    found = [located for piece in pieces for located in locator.feed(piece, parser.feed(piece))]
    found += locator.feed("", parser.close(finish))
    check_events(text, found)
    return found


def pieces_of(text: str, most: int) -> list[str]:
    chance, cuts = random.Random(text), [0]
    while cuts[-1] < len(text):
        cuts.append(cuts[-1] + chance.randint(0, most))
    return [text[start:end] for start, end in itertools.pairwise(cuts)]


def check_text(text: str, finish: str, options: dict[str, Any]) -> adapter.ParsedCompletion:
    """All of a completion, whole, a character at a time and over seeded splits, in both modes."""
    parsed = adapter.parse(text, TOOLS, finish_reason=finish, **options)
    assert cut(text, parsed.content_spans) == (parsed.content or "")
    assert cut(text, parsed.reasoning_spans) == (parsed.reasoning or "")
    assert sorted(parsed.content_spans) == list(parsed.content_spans)
    for call in parsed.tool_calls:
        check_call(text, call, changed=any(problem.kind in {"coerced", "repaired"} for problem in parsed.problems))
    letters = [[place for span in spans for place in range(*span)] for spans in (parsed.content_spans, parsed.reasoning_spans)]
    for mode in ("incremental", "validated"):
        for pieces in ([text], list(text), pieces_of(text, 5), pieces_of(text, 40)):
            found, calls = spans_of(fed(text, pieces, finish, stream_calls=mode, **options))
            assert found == letters
            assert [(call.name_span, call.arguments_span) for call in parsed.tool_calls] == [
                places or (None, None) for _, places in calls
            ]
            assert [(call.span,) for call in parsed.tool_calls] == [spans for spans, _ in calls]
    return parsed


@pytest.mark.parametrize("case", ALL)
def test_the_text_cut_at_the_spans_gives_the_parts(case: Case) -> None:
    check_text(case.text, case.finish, case.options)


@pytest.mark.parametrize("name", some_first(names()))
def test_every_dialects_reader_knows_the_places_of_a_call(name: str) -> None:
    dialect = load(name)
    calls = [dialect.tool_call("get_weather", {"city": "Paris", "days": 3}), dialect.tool_call("echo", {"text": "a"})]
    text = dialect.assistant("Let me see.", calls)
    parsed = check_text(text, "stop", {"dialect": name})
    assert [call.name for call in parsed.tool_calls] == ["get_weather", "echo"]
    for call, words in zip(parsed.tool_calls, (("city", "Paris", "days", "3"), ("text", "a")), strict=True):
        assert call.name_span is not None
        assert cut(text, [call.name_span]) == call.name
        assert call.arguments_span is not None
        inside = cut(text, [call.arguments_span])
        assert inside == inside.strip()
        assert [word for word in words if word not in inside] == []
        assert call.name not in inside


EXACT = "Hi.\n" + CALL + "\n" + TIME_CALL + "\nBye."


def test_the_places_of_a_known_text() -> None:
    parsed = adapter.parse(EXACT, TOOLS)
    first, second = parsed.tool_calls
    assert cut(EXACT, parsed.content_spans) == "Hi.\n\n\nBye."
    assert parsed.content_spans[0] == adapter.Span(0, 4)
    assert (first.span, second.span) == ((4, 4 + len(CALL)), (5 + len(CALL), 5 + len(CALL) + len(TIME_CALL)))
    assert [cut(EXACT, [span]) for span in (first.name_span, first.arguments_span, second.name_span) if span] == [
        "get_weather", '{"city": "Paris"}', "get_time",
    ]  # fmt: skip
    assert {key: cut(EXACT, [span]) for key, span in first.value_spans.items()} == {"city": '"Paris"'}


def test_a_call_that_was_not_read_has_no_place() -> None:
    call = adapter.ParsedToolCall("id", "f", "{}")
    assert (call.span, call.name_span, call.arguments_span, call.value_spans) == (None, None, None, {})
    assert call == adapter.ParsedToolCall("id", "f", "{}")


@pytest.mark.both_tiers
@pytest.mark.parametrize("piece", [f"{CALL}\n", f"a \n{CALL}", " \n", f"{CALL}\n<|im_end|>\n"])
def test_2_9_places_cost_in_proportion(piece: str) -> None:
    def prepare(times: int) -> Callable[[], object]:
        parsed = adapter.parse(piece * times + ".", TOOLS)
        return lambda: parsed.content_spans

    assert_linear(prepare, few_or_all(200, 800))
