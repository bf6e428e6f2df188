"""The sweep of hostile texts: no text of a user, a tool or a definition adds a special token to the prompt (behaviour 4.5).

A request with hostile text is rendered beside its harmless twin, in which every sign that markers are made of is another. Both
prompts must hold the same special tokens in the same order. `docs/security.md` has the table of what is tried here.
"""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

import pytest

from adapter.dialects.markup import markup_of
from adapter.dialects.registry import resolve
from adapter.dialects.templates import names
from tests.support.hostile_texts import KINDS
from tests.support.injections import ABSENT, PLACES, blamed, completing, forged, markers, own_template, seams
from tests.support.tiers import FIRST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

pytestmark = pytest.mark.proof

SEED = 23
WAYS = ("chat", "raw")  # upstreams


def template_of(dialect: str, way: str) -> str | None:
    return own_template(dialect) if way == "raw" else None


def test_4_5_forty_three_injections_in_all_places_at_once() -> None:
    tried = 0
    for dialect in sorted(FIRST):
        for way in WAYS:
            for kind, made in KINDS.items():
                texts = dict.fromkeys(PLACES, made(dialect))
                told = forged(texts, dialect, template_of(dialect, way))
                assert not told, f"{kind}, {dialect}, {way}: {told}. {fault(texts, dialect, template_of(dialect, way))}"
                tried += len(PLACES)
    assert len(KINDS) == 43
    assert tried >= 33_024


def fault(texts: Mapping[str, str], dialect: str, template: str | None, server: str | None = None) -> str:
    return blamed(texts, lambda some: forged(some, dialect, template, server))


@pytest.mark.parametrize("dialect", names())
def test_4_5_injections_in_every_dialect(dialect: str) -> None:
    chance = random.Random(f"{SEED} {dialect}")
    for kind in chance.sample(sorted(KINDS), 3):
        way = chance.choice(WAYS)
        texts = {place: KINDS[kind](dialect) for place in chance.sample(PLACES, 12)}
        told = forged(texts, dialect, template_of(dialect, way))
        assert not told, f"{kind}, {way}: {told}. {fault(texts, dialect, template_of(dialect, way))}"


def test_4_5_a_chat_server_with_a_template_of_another_family() -> None:
    """The adapter does not see the template of a chat server: any may stand behind any dialect."""
    chance, tried = random.Random(SEED), 0
    for server in names("chat"):
        for dialect in chance.sample(names(), 3):
            kind = chance.choice(sorted(KINDS))
            texts = dict.fromkeys(PLACES, f"{KINDS[kind](dialect)} {KINDS[kind](server if server in names() else 'hermes')}")
            told = forged(texts, dialect, None, server)
            assert not told, f"{kind}, {dialect} on {server}: {told}. {fault(texts, dialect, None, server)}"
            tried += 1
    assert tried >= 150


def candidates(dialect: str, template: str | None, server: str | None = None) -> tuple[int, list[tuple[str, str, str]]]:
    """Return the number of seams looked at, and the texts that complete a marker at one, with place and marker."""
    looked, found = 0, []
    every = markers(dialect, template)
    for place, (before, behind) in seams(dialect, template, server).items():
        looked += sum(2 * (len(one) - 1) for one in every)
        found += [(place.partition("#")[0], one, text) for one, text in completing(before, behind, every)]
    return looked, found


def test_4_5_no_marker_is_completed_at_a_seam() -> None:
    """Every dialect, every place, every split of every marker over what the template writes before and behind."""
    looked = completed = rendered = 0
    for dialect in names():
        chance = random.Random(f"{SEED} {dialect}")
        for template, server in (
            (None, None),
            (own_template(dialect), None),
            ("plain", None),
            (None, chance.choice(names("chat"))),
        ):
            seen, found = candidates(dialect, template, server)
            looked, completed = looked + seen, completed + len(found)
            rendered += check_seams(found, dialect, template, server, chance)
    assert looked >= 40_000_000
    assert completed >= 15_000
    assert rendered >= 500


def check_seams(
    found: list[tuple[str, str, str]], dialect: str, template: str | None, server: str | None, chance: random.Random
) -> int:
    """Render a sample of the texts, a different one in each place at once. Returns how many were rendered."""
    by_place: dict[str, list[str]] = {}
    for place, _, text in found:
        by_place.setdefault(place, []).append(text)
    if not by_place:
        return 0
    rounds = [{place: chance.choice(texts) for place, texts in by_place.items()} for _ in range(2)]
    for texts in rounds:
        told = forged(texts, dialect, template, server)
        assert not told, f"{dialect}, {template}, {server}: {told}. {fault(texts, dialect, template, server)}"
    return sum(map(len, rounds))


def test_4_5_every_text_that_completes_a_marker_is_broken_before_it_is_rendered() -> None:
    """The same texts without their rendering: the neutraliser changes each, so that no two halves meet."""
    tried = 0
    for dialect in names():
        markup = markup_of(resolve(dialect))
        for _, one, text in set(candidates(dialect, None)[1]):
            if not re.fullmatch(r"[\w/-]+", text):  # a plain word between two signs is the name of an argument
                tried += 1
                assert not markup.free(text) or markup.is_tag(text), (one, text)
    assert tried >= 2_000


def test_4_5_two_texts_side_by_side() -> None:
    """A marker cut in two, its halves in places that a template writes side by side: two parts, two results, a name and a text."""
    neighbours = [
        ("a first part", "a second part"), ("a second part", "a refusal"), ("a result's part", "a result's next part"),
        ("a result", "a second result"), ("a past key", "a past list"), ("a user's name", "a user's words"),
        ("a property name", "a property's description"), ("a description", "a second tool's description"),
    ]  # fmt: skip
    tried = 0
    for dialect, way in pairs(names(), WAYS):
        chance = random.Random(f"{SEED} {dialect} {way}")
        every = markers(dialect, template_of(dialect, way))
        for _ in range(2):
            texts: dict[str, str] = {}
            for first, second in neighbours:
                one = chance.choice(every)
                at = chance.randint(1, len(one) - 1)
                texts |= {first: f"{ABSENT} {one[:at]}", second: f"{one[at:]} {ABSENT}"}
            told = forged(texts, dialect, template_of(dialect, way))
            assert not told, f"{dialect}, {way}: {told}, {texts}"
            tried += len(neighbours)
    assert tried >= 1_700


def pairs(firsts: Iterable[str], seconds: Iterable[str]) -> list[tuple[str, str]]:
    return [(first, second) for first in firsts for second in seconds]
