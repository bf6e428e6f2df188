"""The benchmark's own parts that a wrong figure could come from: deltas, the peers' names, the time limit, the count of calls."""

import contextlib
import time

import pytest

from adapter.dialects.templates import names
from benchmarks import one_call
from benchmarks.peers import serve, sglang
from benchmarks.peers.families import FAMILIES
from benchmarks.workloads import deltas

_TEXT = "before <a> and <b><a>" + "x" * 40


@pytest.mark.parametrize("tokens", [(), ("<a>",), ("<a>", "<b>")], ids=["no tokens", "a token", "tokens side by side"])
def test_deltas_are_the_text_and_tokens_are_whole(tokens: tuple[str, ...]) -> None:
    pieces = deltas(_TEXT, tokens=tokens)
    assert "".join(pieces) == _TEXT
    assert [piece for piece in pieces if piece in tokens] == [word for word in ("<a>", "<b>", "<a>") if word in tokens]
    assert all(len(piece) < 8 for piece in pieces)


def test_every_family_is_a_dialect_of_the_adapters() -> None:
    assert {family.dialect for family in FAMILIES} <= set(names())
    assert len({family.dialect for family in FAMILIES}) == len(FAMILIES)


def test_every_sglang_name_has_a_detector() -> None:
    assert {family.sglang for family in FAMILIES} - {""} == set(sglang._DETECTORS)


def test_a_parser_that_catches_everything_is_still_given_up() -> None:
    def endless() -> None:
        while True:
            with contextlib.suppress(Exception):  # as some parsers do
                time.process_time()

    begin = time.process_time()
    with pytest.raises(serve.TookTooLong), serve.limited(0.1):
        endless()
    assert time.process_time() - begin < 5


def test_without_a_limit_nothing_is_given_up() -> None:
    with serve.limited(0):
        assert sum(range(1000)) == 499500


def test_one_call_counts_the_same_twice_and_more_in_more_reads() -> None:
    sent = one_call.events()
    work = one_call.request([b"".join(sent)])
    work()
    once, again = one_call.entries(work), one_call.entries(work)
    assert once == again
    assert len(set(once)) > 20
    apart = one_call.request(sent)
    apart()
    assert len(one_call.entries(apart)) > len(once)
