"""Rows: what `adapter.parse` reads, as plain values; a bad row has its problem in it (behaviour 12.1)."""

from __future__ import annotations

import itertools
import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import adapter
from adapter.batching.columns import COLUMNS
from adapter.batching.rows import RowReader, writable
from adapter.tools.definitions import read_tools
from tests.facts.completions import CALL, CASES, Case
from tests.facts.test_places import MORE
from tests.facts.tools import TIME, TOOLS, WEATHER

NAN = float("nan")
MCP_TOOL = {"name": "get_weather", "inputSchema": {"type": "object", "properties": {"city": {"type": "string"}}}}


class Unshown:
    def __repr__(self) -> str:
        raise RuntimeError("no")


def as_row(parsed: adapter.ParsedCompletion) -> dict[str, Any]:
    """The row of a completion that `adapter.parse` has read: the longer way."""

    def span(found: Any) -> Any:
        return None if found is None else {"start": found[0], "end": found[1]}

    return {
        "content": parsed.content,
        "reasoning": parsed.reasoning,
        "calls": [
            {
                "name": call.name,
                "arguments": call.arguments,
                "valid": call.valid,
                "span": span(call.span),
                "name_span": span(call.name_span),
                "arguments_span": span(call.arguments_span),
            }
            for call in parsed.tool_calls
        ],
        "content_spans": [span(one) for one in parsed.content_spans],
        "reasoning_spans": [span(one) for one in parsed.reasoning_spans],
        "problems": [{"kind": one.kind, "message": one.message, "raw": one.raw, "call": one.index} for one in parsed.problems],
        "finish_reason": parsed.finish_reason,
    }


def without_ids(row: Any) -> dict[str, Any]:
    return {**row, "calls": [{name: value for name, value in call.items() if name != "id"} for call in row["calls"]]}


# Wrong use is the point of some rows here, which a type checker sees too.
batch: Any = adapter.batch
parse_many: Any = adapter.parse_many


def row_of(text: Any, finish: Any = "stop", **options: Any) -> Any:
    return RowReader(read_tools(TOOLS), options).row(text, finish)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in (*CASES, *MORE)])
def test_a_row_is_what_parse_reads(case: Case) -> None:
    options = {name: value for name, value in case.options.items() if name != "new_id"}
    row = row_of(case.text, case.finish, **options)
    assert without_ids(row) == as_row(adapter.parse(case.text, TOOLS, finish_reason=case.finish, **options))
    assert row_of(case.text, case.finish, **options) == row, "nothing is random"


@given(
    st.lists(
        st.sampled_from([CALL, "<tool_call>", "</tool_call>", "<think>", "</think>", "\n", " x ", '{"', "`", "é"]), max_size=8
    )
)
def test_any_text_is_what_parse_reads(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert without_ids(row_of(text)) == as_row(adapter.parse(text, TOOLS))


def test_ids_are_made_of_the_text_and_the_number() -> None:
    row = row_of(f"{CALL}\n{CALL}")
    first, second = (call["id"] for call in row["calls"])
    assert first != second
    assert all(len(one) == len("call_") + 24 for one in (first, second))
    assert row_of(CALL)["calls"][0]["id"] != first
    assert list(adapter.parse_many([f"{CALL}\n{CALL}"] * 2, TOOLS)) == [row, row]


BAD = [
    pytest.param(None, "the text is missing", id="none"),
    pytest.param(NAN, "the text is missing", id="nan, as pandas has it"),
    pytest.param(5, "the text is no string, but int: 5", id="a number"),
    pytest.param(b"x", "the text is no string, but bytes: b'x'", id="bytes"),
    pytest.param(["x" * 500], "…", id="a long value is cut"),
    pytest.param(Unshown(), "a value that cannot be shown (RuntimeError)", id="a value whose repr raises"),
]


@pytest.mark.parametrize(("text", "told"), BAD)
def test_a_text_that_is_none(text: Any, told: str) -> None:
    row = row_of(text)
    assert row.keys() == COLUMNS.keys()
    assert [(one["kind"], told in one["message"], len(one["message"]) < 250) for one in row["problems"]] == [
        ("bad_row", True, True)
    ]
    assert (row["content"], row["calls"]) == (None, [])


BAD_TOOLS = [
    pytest.param("[{", "the tools are no JSON", id="no JSON"),
    pytest.param("[" * 100_000, "nested too deeply", id="deep JSON"),
    pytest.param("5", "expected an array", id="a number"),
    pytest.param([5], "expected an object", id="a list of numbers"),
    pytest.param([{"type": "function"}], "tools[0]", id="no function"),
    pytest.param([WEATHER, WEATHER], "Duplicate function name", id="a name twice"),
]


@pytest.mark.parametrize(("tools", "told"), BAD_TOOLS)
def test_bad_tools_of_a_row(tools: Any, told: str) -> None:
    (row,) = adapter.parse_many([CALL], tools_of_rows=[tools])
    (problem,) = row["problems"]
    assert problem["kind"] == "bad_row"
    assert told in problem["message"]
    assert problem["raw"] == CALL, "the text is not lost"


@pytest.mark.parametrize(
    ("tools", "valid"),
    [
        pytest.param([WEATHER], True, id="a list"),
        pytest.param(json.dumps([WEATHER]), True, id="JSON text"),
        pytest.param(json.dumps({"tools": [WEATHER]}), True, id="a request"),
        pytest.param(read_tools([WEATHER]), True, id="a set that was read"),
        pytest.param([TIME], False, id="other tools"),
        pytest.param(None, True, id="none: nothing is checked"),
    ],
)
def test_tools_of_a_row(tools: Any, valid: bool) -> None:
    (row,) = adapter.parse_many([CALL], [TIME], tools_of_rows=[tools])
    assert [call["valid"] for call in row["calls"]] == [valid]


def test_tools_in_the_form_of_another_api_are_read_and_told() -> None:
    rows = list(adapter.parse_many([CALL, CALL], tools_of_rows=[[MCP_TOOL], json.dumps([MCP_TOOL])]))
    assert rows[0] == rows[1]
    assert [(one["kind"], one["message"]) for one in rows[0]["problems"]] == [
        ("schema_mended", "tools: a tool of MCP is read as a function")
    ]
    assert rows[0]["calls"][0]["valid"]


def test_words_of_upstream_for_each_row() -> None:
    cut = CALL[:-20]
    rows = list(parse_many([cut, cut, cut, cut], TOOLS, finish_reasons=["length", None, NAN, 5]))
    assert [row["finish_reason"] for row in rows] == ["length", None, None, None]
    assert [[one["kind"] for one in row["problems"]] for row in rows] == [["cut"], ["cut"], ["cut"], ["bad_row"]]


HALVES = [
    pytest.param("\ud800 and", "�", id="in the words"),
    pytest.param('<tool_call>{"name": "f", "arguments": {"a": "\ud83d"}}</tool_call>', "�", id="in a call"),
    pytest.param('<tool_call>{"name": "\\ud83d", "arguments": {}}</tool_call>', "�", id="escaped, in a name"),
]


@pytest.mark.parametrize(("text", "sign"), HALVES)
def test_half_of_a_pair_is_written_as_its_sign_and_told(text: str, sign: str) -> None:
    row = row_of(text)
    assert sign in json.dumps(row, ensure_ascii=False).encode().decode()
    assert "bad_row" in {one["kind"] for one in row["problems"]}


def test_writable_keeps_the_length_and_the_text_itself_where_it_can() -> None:
    text = "é\U0001f600"
    assert writable(text) is text
    assert writable("a\ud83d\ude00b") == "a\ufffd\ufffdb"


def test_a_fault_of_the_reader_itself_is_told_in_the_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("adapter.batching.rows.read_whole", broken)
    (problem,) = row_of(CALL)["problems"]
    assert problem == {
        "kind": "bad_row",
        "message": "the text cannot be read: ZeroDivisionError: oops",
        "raw": CALL,
        "call": None,
    }


def test_parse_many_reads_as_the_rows_are_asked_for() -> None:
    taken = itertools.count()
    rows = adapter.parse_many((f"text {next(taken)}" for _ in itertools.count()), TOOLS)
    assert [row["content"] for row in itertools.islice(rows, 3)] == ["text 0", "text 1", "text 2"]
    assert next(taken) == 3


class Twice:
    """A frame with two columns of one name, as pandas has them."""

    columns = ("text", "text", 5)


REFUSED: list[Any] = [
    pytest.param(lambda: batch([5]), adapter.BadRequest, "expected an object", id="bad tools for all"),
    pytest.param(lambda: batch(dialect="hermess"), adapter.DialectError, "hermess", id="no such dialect"),
    pytest.param(lambda: batch(coerse=True), TypeError, "did you mean 'coerce'", id="a misspelt option"),
    pytest.param(lambda: batch(new_id=str), TypeError, "new_id", id="ids are made of the text"),
    pytest.param(lambda: batch(retries=1), TypeError, "changes nothing here", id="an option of wrap"),
    pytest.param(lambda: parse_many(["a"], coerse=True), TypeError, "coerce", id="parse_many checks at once"),
    pytest.param(lambda: batch(TOOLS)("a text"), TypeError, "one str", id="a text in place of a batch"),
    pytest.param(
        lambda: list(parse_many(["a", "b"], finish_reasons=["stop"])),
        ValueError,
        "shorter",
        id="fewer words than texts",
    ),
    pytest.param(
        lambda: parse_many(["a"], dialect="hermess"), adapter.DialectError, "hermess", id="parse_many: no such dialect"
    ),
    pytest.param(lambda: parse_many("a text"), TypeError, "one str; adapter.parse reads one", id="a text in place of texts"),
    pytest.param(lambda: parse_many(["a"], finish_reason=5), TypeError, "finish_reason=5", id="parse_many: a word"),
    pytest.param(lambda: batch(finish_reason=5), TypeError, "finish_reason=5: give a text", id="a word"),
    pytest.param(lambda: batch(prefix=None), TypeError, "prefix=None: give a text", id="a prefix"),
    pytest.param(lambda: batch(text_column=5), TypeError, "text_column=5: give a text", id="the name of a column"),
    pytest.param(lambda: batch(TOOLS)(None), TypeError, "one NoneType", id="nothing in place of a batch"),
    pytest.param(lambda: batch(TOOLS)({"a text"}), TypeError, "one set", id="a batch without an order"),
    pytest.param(lambda: batch(TOOLS)({"text": "abc"}), TypeError, "column 'text' is a list", id="a text in place of a column"),
    pytest.param(lambda: batch(TOOLS)({"text": {"a": 1}}), TypeError, "one dict", id="an object in place of a column"),
    pytest.param(
        lambda: batch(finish_reason_column="said")({"text": ["a", "b"], "said": ["stop"]}),
        ValueError,
        "shorter",
        id="a column of words that is shorter",
    ),
    pytest.param(
        lambda: batch(tools_column="tools")({"text": ["a"], "tools": [None, None]}), ValueError, "longer", id="more tools"
    ),
    pytest.param(lambda: batch(TOOLS)(Twice()), ValueError, "2 columns 'text'; rename", id="two columns of the name"),
    pytest.param(lambda: batch(TOOLS)({"txt": ["a"]}), ValueError, "no column 'text'; use 'txt'", id="no such column"),
    pytest.param(
        lambda: batch(TOOLS)({"text": ["a"], "content": [1]}), ValueError, "prefix='parsed_'", id="a column of the name"
    ),
]


@pytest.mark.parametrize(("made", "error", "told"), REFUSED)
def test_wrong_use_is_told_at_once(made: Any, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        made()


def test_a_reader_can_be_sent_to_another_process() -> None:
    read = adapter.batch(read_tools(TOOLS), prefix="p_", tools_column="tools")
    given = {"text": [CALL, None], "tools": [None, "[]"], "more": [1, 2]}
    found = read(given)
    assert pickle.loads(pickle.dumps(read))(given) == found  # noqa: S301
    assert list(found) == ["text", "tools", "more", *(f"p_{name}" for name in COLUMNS)]
    assert [len(column) for column in found.values()] == [2] * 10


def test_names_of_other_columns_may_be_numbers() -> None:
    found = adapter.batch(TOOLS)({"text": ["a"], 5: ["x"]})
    assert (found[5], found["content"]) == (["x"], ["a"])


def test_a_list_of_texts_becomes_a_list_of_rows() -> None:
    texts = [CALL, "words", None]
    assert adapter.batch(TOOLS)(texts) == list(adapter.parse_many(texts, TOOLS))


def test_a_set_of_tools_goes_wherever_tools_go() -> None:
    tools = adapter.read_tools(TOOLS)
    assert adapter.parse(CALL, tools).tool_calls[0].valid
    assert adapter.CompletionParser(tools).feed(CALL)
    assert adapter.batch(tools)([CALL]) == adapter.batch(TOOLS)([CALL])
