"""Tokens are counted, or estimated: vocabularies, servers, the parts of a request."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import gguf
import pytest
from openai import OpenAI

import adapter
from adapter.counting.bpe import PATTERNS, SIGNS, BytePairs
from adapter.counting.estimate import estimated
from adapter.counting.server import ServerTokenizer
from adapter.counting.vocabularies import by_name, from_file, from_tiktoken, qwen
from adapter.dialects.registry import names
from tests.facts.token_texts import CHINESE, ENGLISH, ROUGH
from tests.facts.tools import CALLED, TOOLS, WEATHER
from tests.support.loopback import Answer, Upstream
from tests.support.tiers import some_first

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from adapter.demo.engine import Engine
    from tests.support.loopback import Received

tokenizers = pytest.importorskip("tokenizers", reason="reads a tokenizer.json: pip install -e '.[tokens]'")
HARD = "  a\n\n b\r\n\t'S 're 'LL don't I'VE 1234567 ½Ⅷ 3.14 你好 한국 ไทย e\u0301 😀😀 \u3000\xa0 x\u200b{\"a\": [1, 2]}</b>__ ??!\n  \n"
TEXTS = [text for text, _, _ in [*ENGLISH, *CHINESE]] + [
    HARD,
    "",
    " ",
    "\n",
    "a" * 300,
    "😀",
    "<|im_start|>user\nHi<|im_end|>",
    "\ud800",
]


def test_the_estimate_is_near_on_pages() -> None:
    """Of a page: ten paragraphs of English by both vocabularies, thirteen of Chinese by that of Qwen; paragraphs alone are further off."""
    english, chinese = "\n".join(text for text, _, _ in ENGLISH), "\n".join(text for text, _, _ in CHINESE)
    pages = [
        (english, sum(qwens for _, qwens, _ in ENGLISH)),
        (english, sum(smols for _, _, smols in ENGLISH)),
        (chinese, sum(qwens for _, qwens, _ in CHINESE)),
    ]
    for text, tokens in pages:
        assert estimated(text) == pytest.approx(tokens, rel=0.1)
    for text, qwens, smols in ENGLISH:
        assert estimated(text) == pytest.approx(qwens, rel=0.1), text
        assert estimated(text) == pytest.approx(smols, rel=0.1), text
    for text, qwens, _ in CHINESE:
        assert estimated(text) == pytest.approx(qwens, rel=0.15), text


LABEL = "an estimate, within some 10 % for English and Chinese"


def test_the_estimate_of_other_text_is_between_vocabularies_and_says_that_it_is_rough() -> None:
    """Never beyond the vocabularies by more than a third; before, `=` in a row was 20 times too many, base64 half."""
    for kind, text, qwens, smols in ROUGH:
        least, most = sorted((qwens, smols))
        assert least / 1.6 <= estimated(text) <= most * 1.35, (kind, estimated(text))
        counted = adapter.count_tokens([{"role": "user", "content": text}])
        assert (kind, counted.source[:16], counted.exact, counted.estimated) == (kind, "a rough estimate", False, True)
    for text in [row[0] for row in (*ENGLISH, *CHINESE)]:
        assert adapter.count_tokens([{"role": "user", "content": text}], TOOLS).source == LABEL, text
    assert adapter.count_tokens(CALLED, TOOLS, examples="auto").source == LABEL
    for marks, tokens in (("-" * 120, 8), ("=" * 60, 5), ("*" * 30, 3), ("a" * 300, 60), ("\n" * 60, 9)):
        assert tokens / 2 <= estimated(marks) <= tokens * 2, marks


WRONG: list[tuple[Any, str]] = [
    (-1, "tokenizer=-1: use the path of a tokenizer.json"),
    (5, "tokenizer=5: use the path"),
    ([], r"tokenizer=\[\]: use the path"),
    ({"a": 1}, "or a function that returns the number of tokens"),
    (lambda _: -1, "the function returned int '-1' and not a number of tokens"),
    (lambda _: None, "the function returned NoneType"),
    (lambda _: 2.5, "the function returned float"),
    (lambda text: [*text], "the function returned list .* for a list of tokens return its length"),
]


def test_what_is_no_tokenizer_is_one_clear_error(tmp_path: Path) -> None:
    for value, words in WRONG:
        with pytest.raises((TypeError, adapter.TokenizerError), match=words):
            adapter.count_tokens([{"role": "user", "content": "Hi"}], tokenizer=value)
    with pytest.raises(TypeError, match="client=5: use an openai client"):
        adapter.count_tokens([{"role": "user", "content": "Hi"}], client=5)
    with pytest.raises(adapter.TokenizerError, match="No such file"):  # a path that is no text
        adapter.count_tokens([{"role": "user", "content": "Hi"}], tokenizer=tmp_path / "tokenizer.json")


def test_a_count_is_exact_where_the_chat_template_is_known() -> None:
    said = [{"role": "user", "content": "Hi"}]
    known: dict[str, Any] = {"chat_template": "chatml"}
    for options, exact in (({}, False), (known, True)):
        counted = adapter.count_tokens(said, TOOLS, tokenizer=len, **options)
        assert (counted.exact, counted.estimated, counted.source) == (exact, False, "the caller's own function"), options
        assert any("about 5 tokens for each message" in note for note in counted.notes) is not exact


PATTERN = "".join(PATTERNS["qwen2"])


@pytest.fixture(scope="module")
def trained() -> Any:
    """A tokenizer of the makers of `tokenizers`, with a vocabulary learnt from the texts here."""
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    pre = tokenizers.pre_tokenizers
    split = pre.Split(tokenizers.Regex(PATTERN), "isolated")
    made.pre_tokenizer = pre.Sequence([split, pre.ByteLevel(add_prefix_space=False, use_regex=False)])
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=900,
        special_tokens=["<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator([text for text in TEXTS if text.isprintable()], trainer)
    return made


def as_gguf(made: Any, path: Path) -> None:
    """The same vocabulary as a GGUF file."""
    found = json.loads(made.to_str())
    tokens = sorted(found["model"]["vocab"], key=found["model"]["vocab"].__getitem__)
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token.startswith("<|") else 1 for token in tokens])
    writer.add_token_merges([" ".join(merge) for merge in found["model"]["merges"]])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def as_tiktoken(made: Any, path: Path) -> None:
    """The same vocabulary as lines of tiktoken's, by rank."""
    byte_of = {sign: byte for byte, sign in SIGNS.items()}
    vocabulary = json.loads(made.to_str())["model"]["vocab"]
    plain = [token for token in sorted(vocabulary, key=vocabulary.__getitem__) if not token.startswith("<|")]
    lines = [base64.b64encode(bytes(map(byte_of.__getitem__, token))) + b" %d" % rank for rank, token in enumerate(plain)]
    path.write_bytes(b"\n".join(lines))


def test_every_form_of_a_vocabulary_counts_the_same(trained: Any, tmp_path: Path) -> None:
    trained.save(str(tmp_path / "tokenizer.json"))
    as_gguf(trained, tmp_path / "m.gguf")
    as_tiktoken(trained, tmp_path / "qwen.tiktoken")
    ways: dict[str, Callable[[str], int]] = {
        "a folder": from_file(str(tmp_path)).count,
        "a tokenizer.json": from_file(str(tmp_path / "tokenizer.json")).count,
        "a GGUF file": from_file(str(tmp_path / "m.gguf")).count,
        "tiktoken": from_tiktoken(tmp_path / "qwen.tiktoken").count,
    }
    for text in TEXTS:
        plain = text.encode("utf-8", "replace").decode()
        expected = len(trained.encode(plain, add_special_tokens=False).ids)
        counts = {name: count(plain) for name, count in ways.items()}
        assert counts == dict.fromkeys(ways, expected), text
    assert ways["a GGUF file"]("\ud800") == ways["a GGUF file"]("?")


def test_a_piece_without_end_takes_no_more_looks_than_it_has_symbols() -> None:
    looks = 0

    def rank(first: str, second: str) -> int | None:
        nonlocal looks
        looks += 1
        return len(first) if len(first) == len(second) < 2**12 else None

    assert BytePairs(rank, PATTERNS["gpt-2"], ())("a" * 2**14) == 2**2
    assert looks < 5 * 2**14


def test_qwen_out_of_dashscope(trained: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert by_name("any-text-model").exact is False
    folder = tmp_path / "dashscope" / "resources"
    folder.mkdir(parents=True)
    (tmp_path / "dashscope" / "__init__.py").write_text("raise ImportError('not imported')")
    as_tiktoken(trained, folder / "qwen.tiktoken")
    monkeypatch.syspath_prepend(tmp_path)
    found = by_name("qwen2.5-7b-instruct")
    assert (found.exact, found.source) == (True, "the Qwen vocabulary of the dashscope package")
    assert by_name("llama-3").exact is False
    assert found.count("<tool_call>") == 1 < found.count("<think>")
    newer = qwen("qwen3-8b")
    assert newer is not None
    assert newer.count("<think></think>") == 2


def llama(request: Received) -> Answer:
    if request.path == "/apply-template":
        return Answer({"prompt": "".join(f"[{message['role']}]{message['content']}" for message in request.body["messages"])})
    return Answer({"tokens": [*map(ord, request.body["content"])]})


def other(request: Received) -> Answer:
    """As vLLM and SGLang answer."""
    return Answer({"count": len(request.body["prompt"])}) if request.path == "/tokenize" else Answer({}, status=404)


def test_a_server_counts() -> None:
    messages = [{"role": "user", "content": "Hello."}]
    for script, turns, exact in ((llama, len("[user]"), True), (other, 5 + 3, False)):  # which shows its chat template, or not
        with Upstream(script) as upstream, OpenAI(base_url=upstream.url, api_key="k", max_retries=0) as client:
            counted = adapter.count_tokens(messages, client=client, model="m")
            assert (counted.history, counted.exact, counted.source) == (6, exact, "the server's own tokenizer")
            assert (counted.whole, counted.turns) == (6 + turns, turns)
            assert {request.headers["authorization"] for request in upstream.received} == {"Bearer k"}
            assert {request.path for request in upstream.received} == {"/tokenize", "/apply-template"}
    for answer in (Answer({"error": "no"}, status=404), Answer({"x": 1}), Answer(b"<html>"), Answer([])):
        with (
            Upstream(answer) as upstream,
            OpenAI(base_url=upstream.url, api_key="k", max_retries=0) as client,
            pytest.raises(adapter.TokenizerError, match=r"/tokenize answered .*; give a tokenizer.json or a .gguf file"),
        ):
            ServerTokenizer(client, "")("x")


QUESTION = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Weather in Paris?"}]


@pytest.mark.both_tiers
@pytest.mark.parametrize("dialect", some_first(names()))
def test_parts_make_the_whole(dialect: str) -> None:
    for messages, options in (
        (QUESTION, {}),
        (QUESTION, {"examples": "auto", "reply_tool": True}),
        (CALLED, {}),
        (QUESTION, {"chat_template": "chatml"}),
    ):
        counted = adapter.count_tokens(messages, TOOLS, tokenizer=len, dialect=dialect, **options)
        assert counted.whole == counted.tools + counted.system + counted.history + counted.examples + counted.turns, options
        assert [*counted.per_tool] == ["get_weather", "get_time", "echo", "f"]
        assert 0 < sum(counted.per_tool.values()) <= counted.tools
        assert counted.per_tool["get_weather"] > counted.per_tool["f"] > 0
        assert (counted.examples > 0) is ("examples" in options)
        assert all(0 < saved < counted.tools for saved in counted.savings.values())
        assert (counted.system > 0) is (messages is QUESTION)


def test_what_the_parts_are() -> None:
    counted = adapter.count_tokens(QUESTION, [WEATHER], tokenizer=len)
    plain = adapter.render(QUESTION, [WEATHER])
    assert counted.whole - counted.turns == sum(len(message["content"]) for message in plain)
    assert (counted.system, counted.history) == (len("Be brief."), len("Weather in Paris?"))
    assert counted.tools == len(plain[0]["content"]) - len("Be brief.")
    assert counted.per_tool["get_weather"] == pytest.approx(len(json.dumps(WEATHER)), abs=2)
    assert counted.savings["no descriptions"] == len(', "description": "The tool get_weather."'.removeprefix(", ")) + 2
    assert adapter.count_tokens([{"role": "user", "content": "Hi"}], tokenizer=len).tools == 0
    picture = [
        {
            "role": "user",
            "content": [{"type": "text", "text": "See"}, {"type": "image_url", "image_url": {"url": "https://x/a.png"}}],
        }
    ]
    seen = adapter.count_tokens(picture, tokenizer=len)
    assert (seen.history, seen.notes[0]) == (3, "images, audio and files are not counted")


def test_files_that_are_no_tokenizers(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{}")
    (tmp_path / "x.gguf").write_bytes(b"no")
    writer = gguf.GGUFWriter(tmp_path / "spm.gguf", "llama")
    writer.add_tokenizer_model("llama")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    for name, words in {
        "none.json": "No such file or directory; give the path of a tokenizer.json",
        "bad.json": "is no tokenizer.json",
        "x.gguf": "cannot be read as GGUF",
        "spm.gguf": "a tokenizer of the kind 'llama'",
        "x.txt": "a tokenizer is a tokenizer.json, a folder with one, or a .gguf file",
    }.items():
        with pytest.raises(adapter.TokenizerError, match=words):
            from_file(str(tmp_path / name))
    with pytest.raises(adapter.TokenizerError, match="no vocabulary of tiktoken's"):
        from_tiktoken(tmp_path / "bad.json")


@pytest.mark.proof
@pytest.mark.engine
def test_a_real_vocabulary_counts_as_its_engine(engine: Engine, model_file: Path) -> None:
    count = from_file(str(model_file)).count
    request: list[Any] = [*QUESTION, {"role": "assistant", "content": "Which unit?"}, {"role": "user", "content": "Celsius."}]
    with OpenAI(base_url=engine.base_url, api_key=engine.api_key, max_retries=0) as client:
        server = ServerTokenizer(client, "")
        for _, text, _, smols in ROUGH:
            assert count(text) == smols, text
        for text in TEXTS[:-1]:
            assert count(text) == server(text), text
        told = adapter.count_tokens(request, TOOLS, client=client)
        wrapped: Any = adapter.wrap(client)
        usage = wrapped.chat.completions.create(model="m", messages=request, tools=TOOLS, max_tokens=1).usage
    ours = adapter.count_tokens(request, TOOLS, tokenizer=str(model_file))
    assert (ours.whole, ours.tools, ours.per_tool) == (told.whole, told.tools, told.per_tool)
    assert ours.whole == usage.prompt_tokens
    for text, _, smols in [*ENGLISH, *CHINESE]:
        assert count(text) == smols
