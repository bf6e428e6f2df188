"""The documents are true: rules, paths, links and tables exist, and code blocks run."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

import adapter
from adapter import testing, transport
from adapter.dialects.registry import load, names
from adapter.dialects.templates import names as template_names
from adapter.prompt.chat_template import load_chat_template
from adapter.syntax import SYNTAXES, make_syntax
from adapter.syntax.contract import SyntaxSettings
from benchmarks.small import judging
from benchmarks.small.asking import kept
from tests.clients.agents import AGENTS
from tests.house.pages import ROOT, blocks, run_page
from tests.house.test_rooms import ROOMS
from tests.house.test_words import Share, share
from tests.support import server_table
from tests.support.loopback import Upstream, completion

if TYPE_CHECKING:
    from pathlib import Path

DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [pytest.param(path, id=str(path.relative_to(ROOT))) for path in [*DOCS, ROOT / "CONTRIBUTING.md", ROOT / "README.md"]]
BEHAVIOUR = (ROOT / "docs" / "behaviour.md").read_text(encoding="utf-8")
CODE = [
    path
    for folder in ("adapter", "tests", "benchmarks", "examples", "templates", ".ci")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".py", ".jinja", ".md", ".toml", ".sh", ""} and path.is_file()
]

# --- Rules ---------------------------------------------------------------------------------------------------------------

_RULE = re.compile(r"^### (\d+\.\d+) .*\n\n(.*)", re.MULTILINE)
_NUMBER = r"\d+(?:\.\d+)?"
_CITED = re.compile(rf"\b(?:[Bb]ehaviour|[Rr]ules?) ({_NUMBER}(?:(?:, | and | or |–|-){_NUMBER})*)")


def rules() -> dict[str, str]:
    """The rules by number, each with its first line."""
    return dict(_RULE.findall(BEHAVIOUR))


def cited(text: str) -> set[str]:
    return {number for several in _CITED.findall(text) for number in re.findall(_NUMBER, several)}


def test_rules_are_numbered_in_order() -> None:
    numbers = [tuple(map(int, number.split("."))) for number, _ in _RULE.findall(BEHAVIOUR)]
    assert numbers == sorted(set(numbers))
    for section, members in itertools.groupby(numbers, key=lambda number: number[0]):
        found = [member for _, member in members]
        assert found == list(range(found[0], found[0] + len(found))), f"section {section} has gaps"


def test_every_cited_rule_exists() -> None:
    known = {*rules(), *(number.partition(".")[0] for number in rules())}
    wrong = {
        (str(path.relative_to(ROOT)), number)
        for path in [*CODE, *DOCS, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
        for number in cited(path.read_text(encoding="utf-8", errors="replace"))
        if number not in known
    }
    assert wrong == set()


def test_code_cites_no_planned_rule() -> None:
    """A rule that code keeps is no longer planned: its mark comes off with the change that builds it."""
    planned = {number for number, first in rules().items() if first.startswith("**Planned.**")}
    package = [path for path in CODE if path.is_relative_to(ROOT / "adapter")]
    assert {number for path in package for number in cited(path.read_text(encoding="utf-8"))} & planned == set()


# --- Links and paths -----------------------------------------------------------------------------------------------------

_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+?)\s*$", re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_CODE_SPAN = re.compile(r"`([^`\n]+)`")
_TOP = {path.name for path in ROOT.iterdir()}
_PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*/?")
# Made by a command, so not in a fresh clone.
_MADE = (".venv", "site/", "benchmarks/results/speed/")


def prose(path: Path) -> str:
    """A page without its fenced blocks."""
    return _FENCED.sub("", path.read_text(encoding="utf-8"))


def slug(heading: str) -> str:
    """The anchor of a heading on the site."""
    plain = re.sub(r"[^\w\s-]", "", heading.replace("`", "")).strip().lower()
    return re.sub(r"[-\s]+", "-", plain)


def anchors(path: Path) -> list[str]:
    return [slug(heading) for heading in _HEADING.findall(prose(path))]


@pytest.mark.parametrize("path", PAGES)
def test_headings_have_anchors_of_their_own(path: Path) -> None:
    """The site and a repository's viewer give the same anchor, and no two headings of a page share one."""
    for heading in _HEADING.findall(prose(path)):
        viewer = re.sub(r"[^\w\s-]", "", heading.replace("`", "").lower()).replace(" ", "-")
        assert slug(heading) == viewer, heading
    assert [anchor for anchor, count in Counter(anchors(path)).items() if count > 1] == []


@pytest.mark.parametrize("path", PAGES)
def test_links_lead_somewhere(path: Path) -> None:
    for text, link in _LINK.findall(prose(path)):
        target, _, anchor = link.partition("#")
        assert "://" not in link, f"{link}: a page that is not ours may vanish"
        page = (path.parent / target).resolve() if target else path
        assert page.exists(), link
        if anchor:
            assert anchor in anchors(page), link
        if page.name == "behaviour.md" and (number := re.match(r"\d+\.\d+", text)):
            assert anchor.startswith(number[0].replace(".", "")), f"[{text}]({link})"


@pytest.mark.parametrize("path", PAGES)
def test_paths_exist(path: Path) -> None:
    files = {file.name for folder in ("adapter", "tests", "examples") for file in (ROOT / folder).rglob("*.py")}
    for span in _CODE_SPAN.findall(prose(path)):
        word = span.split()[0]
        if not _PATH.fullmatch(word) or word.startswith(_MADE):
            continue
        if word.partition("/")[0] in _TOP and ("/" in word or "." in word[1:]):
            assert (ROOT / word).exists(), f"`{word}` is no path"
        elif re.fullmatch(r"[a-z]\w*\.py", word):
            assert word in files, f"no file is called `{word}`"


def test_every_folder_of_tests_is_named() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = page.partition("| folder of `tests/` |")[2].partition("\n\n")[0]
    folders = {path.name for path in (ROOT / "tests").iterdir() if (path / "__init__.py").exists()}
    assert set(re.findall(r"`(\w+)/`", table)) == folders


def test_environment_variables_are_read_somewhere() -> None:
    read = {
        name for path in CODE for name in re.findall(r"\bADAPTER_[A-Z_]+", path.read_text(encoding="utf-8", errors="replace"))
    }
    told = {
        name
        for page in [*DOCS, ROOT / "CONTRIBUTING.md", ROOT / "README.md"]
        for name in re.findall(r"\bADAPTER_[A-Z_]+", prose(page))
    }
    assert told <= read


def test_every_page_is_in_the_navigation() -> None:
    config = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))

    def pages(nav: Any) -> list[str]:
        if isinstance(nav, str):
            return [nav]
        return [page for item in (nav.values() if isinstance(nav, dict) else nav) for page in pages(item)]

    assert sorted(pages(config["project"]["nav"])) == [str(path.relative_to(ROOT / "docs")) for path in DOCS]


def test_the_change_of_a_missing_quote_is_three_clicks_away() -> None:
    """index → "Where do I change what?" → the row with file and rule."""
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert "architecture.md#where-do-i-change-what" in index
    architecture = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"^\| how a missing quote.*$", architecture, re.MULTILINE)
    assert "`adapter/text/json_repair.py`" in row
    assert "behaviour.md#15-" in row


# --- Tables that follow the code -----------------------------------------------------------------------------------------

DIALECTS = (ROOT / "docs" / "dialects.md").read_text(encoding="utf-8")


def rows(section: str, page: str = DIALECTS) -> list[list[str]]:
    """The cells of the table in a section, without its head."""
    text = page.partition(f"\n## {section}\n")[2].partition("\n##")[0]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in re.findall(r"^\|.*\|$", text, re.MULTILINE)][2:]


def ticked(items: Any) -> str:
    return ", ".join(f"`{item}`" for item in items)


def test_the_table_of_dialects() -> None:
    expected = []
    for name in names():
        dialect = load(name)
        evidence = ", ".join(dialect.evidence) or "descriptions"
        models = ticked(dialect.models) or "any other"
        expected.append([f"`{name}`", f"`{dialect.syntax}`", dialect.needs, evidence, models])
    assert rows("All dialects") == expected


def test_the_measured_table_is_what_the_kept_answers_give() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    shown = page.partition("<!-- measured -->\n")[2].partition("\n\n")[0]
    answers = kept(ROOT / "benchmarks" / "results" / "small.jsonl").values()
    assert shown.splitlines() == judging.table(answers, "reported")


def test_the_table_of_servers() -> None:
    text = server_table.PAGE.read_text(encoding="utf-8")
    assert server_table.page(text) == text, "run `python -m tests.support.server_table`"


def test_the_table_of_chat_templates() -> None:
    templates = template_names("chat")
    assert rows("Chat templates") == [[f"`{name}`", ticked(load_chat_template(name).models) or "any"] for name in templates]


def test_every_syntax_has_a_section_and_a_call() -> None:
    assert set(re.findall(r"^### (\w+)$", DIALECTS, re.MULTILINE)) == set(SYNTAXES)
    shown = [block for block in blocks(DIALECTS) if block.kind == "call"]
    assert {load(block.name).syntax for block in shown} == set(SYNTAXES)
    for block in shown:
        dialect = load(block.name)
        written = dialect.assistant("", [dialect.tool_call("get_weather", {"city": "Oslo", "days": 3})])
        assert block.text == written.strip("\n") + "\n"


def test_the_table_of_limits() -> None:
    found: dict[tuple[Any, ...], list[str]] = {}
    for name in names():
        dialect = load(name)
        limits = make_syntax(dialect.syntax, SyntaxSettings(dialect.open, dialect.close, form=dialect.form)).limits
        flags = (limits.names, limits.keys, limits.typed, limits.deep, limits.ends)
        key = (f"`{dialect.syntax}`", *("yes" if flag else "" for flag in flags))
        found.setdefault(key, []).append(name)
    expected = [[syntax, ticked(members), *flags] for (syntax, *flags), members in sorted(found.items()) if any(flags)]
    assert sorted(rows("What a syntax cannot say")) == sorted(expected)


def test_every_room_is_in_the_table_of_rooms() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    listed = [row[0].strip("`") for row in rows("Rooms", page)]
    for path in (ROOT / "adapter").rglob("*"):
        if path.is_dir() and (path / "__init__.py").exists() and "api" not in path.parent.parts:
            assert f"{path.relative_to(ROOT)}/" in listed
        elif path.parent == ROOT / "adapter" and path.suffix == ".py" and not path.name.startswith("_"):
            assert str(path.relative_to(ROOT)) in listed


def test_the_table_of_rooms_is_in_the_order_of_imports() -> None:
    """The table lists rooms from the ground up, as the test of imports does."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    shown = dict.fromkeys(row[0].strip("`").split("/")[1].removesuffix(".py") for row in rows("Rooms", page))
    assert [room for room in ROOMS if not room.startswith("_")] == [*shown]


def test_every_fast_path_says_what_it_must() -> None:
    page = (ROOT / "docs" / "fast-paths.md").read_text(encoding="utf-8")
    for path in page.split("\n### ")[1:]:
        fields = dict(re.findall(r"^\* (Code|Takes|Longer way|Saves|Held by): (.*)$", path, re.MULTILINE))
        assert [*fields] == ["Code", "Takes", "Longer way", "Saves", "Held by"], path
        tests = re.findall(r"`(tests/[\w/]+/test_\w+\.py)`", fields["Held by"])
        assert tests
        assert all((ROOT / name).exists() for name in tests), tests


def test_the_api_reference_has_every_public_name() -> None:
    for module in (adapter, transport, testing):
        page = (ROOT / "docs" / "api" / f"{module.__name__.rpartition('.')[2]}.md").read_text(encoding="utf-8")
        shown = re.findall(rf"^::: {re.escape(module.__name__)}\.(\w+)$", page, re.MULTILINE)
        assert sorted(shown) == sorted(set(module.__all__) - {"__version__"})


# --- Words ---------------------------------------------------------------------------------------------------------------

VAGUE_IN_100 = 5.0  # over all documents; see `test_words.py` for the list of vague words


def test_documents_say_the_noun() -> None:
    counts = [share(prose(path)) for path in [*DOCS, ROOT / "CONTRIBUTING.md"]]
    assert sum(counts, Share()).percent <= VAGUE_IN_100


# --- Code blocks ---------------------------------------------------------------------------------------------------------

SHOWN = [pytest.param(path, id=str(path.relative_to(ROOT))) for path in [*DOCS, ROOT / "CONTRIBUTING.md"]]
IN_A_COPY = "writing-a-syntax.md"  # `test_writing_a_syntax.py` runs its blocks in a copy of the package
REPLY = '<tool_call>\n{"name": "get_current_weather", "arguments": {"location": "Singapore"}}\n</tool_call>'


@pytest.mark.parametrize("path", [page for page in SHOWN if page.id != f"docs/{IN_A_COPY}"])
def test_code_blocks_run(path: Path, tmp_path: Path) -> None:
    with Upstream(completion(REPLY)) as upstream:
        run_page(path, tmp_path, upstream.url)


@pytest.mark.parametrize("path", SHOWN)
def test_every_block_says_its_language(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    fences = re.findall(r"^ *```(\w*)", text, re.MULTILINE)
    assert all(fences[::2])
    assert len([*blocks(text)]) * 2 == len(fences), "a block that is indented is run by nobody"


def test_contributing_shows_the_readmes_command() -> None:
    def command(name: str) -> str:
        text = (ROOT / name).read_text(encoding="utf-8")
        return next(block.text for block in blocks(text) if (block.kind, block.name) == ("command", "test"))

    assert command("CONTRIBUTING.md") == command("README.md")


def test_the_agents_that_were_run_are_listed() -> None:
    page = (ROOT / "docs" / "gateway.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| ([\w -]+) \| ([\d.]+) \| ([\w, ]+) \|$", page, re.MULTILINE))
    run: dict[tuple[str, str], list[str]] = {}
    for agent in AGENTS:
        name, wire = agent.id.split(", ")
        run.setdefault((name, re.split("@|==", agent.package)[-1]), []).append(wire)
    assert listed == {(*agent, ", ".join(wires)) for agent, wires in run.items()}
