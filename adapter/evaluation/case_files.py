"""Files of cases: the form of each is recognised by its first line."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.evaluation import bfcl_cases, bfcl_conversations, own_cases, truth_cases
from adapter.evaluation.cases import BadCases, Case, near

if TYPE_CHECKING:
    from collections.abc import Iterable

BFCL = "bfcl"  # `bfcl:simple_python`: a category of the installed package


def read_cases(names: Iterable[str], *, simulate: bool = False) -> list[Case]:
    """Read the cases of files; of a folder with BFCL's data all categories that can be checked.

    Args:
        names: Files, folders, or `bfcl:CATEGORY` for the data of the installed package bfcl-eval.
        simulate: Read conversations on simulated APIs too, and run the code of these APIs, which is the package's.

    Raises:
        BadCases: A file cannot be read, or a case is malformed.
    """
    given = [*names]
    return _checked([case for name in given for case in _named(name, simulate=simulate)], ", ".join(given))


def cases_of(given: Any, *, simulate: bool = False) -> list[Case]:
    """Return the cases of values.

    Args:
        given: A file, a folder or `bfcl:CATEGORY`; or several of these, and objects as they stand on a line of a file of cases.
        simulate: As for `read_cases`.

    Raises:
        BadCases: A file cannot be read, or a case is malformed.
    """
    values = [given] if isinstance(given, str | PathLike | Mapping) else [*given]
    found: list[Case] = []
    for position, value in enumerate(values):
        if isinstance(value, Case):
            found.append(value)
        elif isinstance(value, Mapping):
            found.append(_case(f"cases[{position}]", Path(), dict(value), position))
        elif isinstance(value, str | PathLike):
            found += _named(os.fspath(value), simulate=simulate)
        else:
            raise BadCases(f"cases[{position}] is {value!r:.80}; give the path of a file of cases, or an object like its lines")
    return _checked(found, "cases")


def _checked(cases: list[Case], where: str) -> list[Case]:
    """Return cases whose ids are unique."""
    seen: dict[str, str] = {}
    for case in cases:
        if case.id in seen:
            raise BadCases(f"{case.place}: the id {case.id!r} stands in {seen[case.id]} too; give each case an id of its own")
        seen[case.id] = case.place
    if not cases:
        raise BadCases(f"{where}: no cases; write one JSON object on each line")
    return cases


def _named(name: str, *, simulate: bool) -> list[Case]:
    if name == BFCL or name.startswith(f"{BFCL}:"):
        return _installed(name, simulate=simulate)
    path = Path(name)
    if not name.strip():
        raise BadCases(f"{name!r}: give the path of a file of cases")
    if path.is_dir():
        files = bfcl_cases.files_in(path)
        if not files:
            raise BadCases(f"{name}: a folder without files of BFCL; give a file of cases")
        return _all_of(files, simulate=simulate)
    return _file(path, simulate=simulate)


def _all_of(files: dict[str, Path], *, simulate: bool) -> list[Case]:
    """Return the cases of the files of all categories that can be checked."""
    read = [file for category, file in files.items() if bfcl_cases.can_read(category, simulate=simulate)]
    return [case for file in read for case in _file(file, simulate=simulate)]


def _installed(name: str, *, simulate: bool) -> list[Case]:
    folder = bfcl_cases.folder_of_package()
    wanted = name.partition(":")[2]
    if folder is None:
        words = (*bfcl_cases.CATEGORIES, *bfcl_cases.CONVERSATIONS)
        if wanted and wanted not in words:
            raise BadCases(f"{name}: no such category; there are {', '.join(words)}{near(wanted, words)}")
        raise BadCases(
            f"{name}: the package bfcl-eval is not installed: pip install --no-deps bfcl-eval, or give the path of a file"
        )
    files = bfcl_cases.files_in(folder)
    if wanted and wanted not in files:
        readable = [one for one in files if bfcl_cases.can_read(one, simulate=True)]
        raise BadCases(f"{name}: no such category; there are {', '.join(readable)}{near(wanted, readable)}")
    return _file(files[wanted], simulate=simulate) if wanted else _all_of(files, simulate=simulate)


def _file(path: Path, *, simulate: bool) -> list[Case]:
    lines = read_lines(path)
    if lines and bfcl_cases.is_bfcl(lines[0][1]):
        if "involved_classes" in lines[0][1] and bfcl_cases.is_conversation(path):
            return bfcl_conversations.read_conversations(path, lines, simulate=simulate)
        return bfcl_cases.read_bfcl(path, lines)
    folder = path.parent
    return [_case(f"{path}, line {number}", folder, value, position) for position, (number, value) in enumerate(lines)]


def _case(place: str, folder: Path, value: dict[str, Any], position: int) -> Case:
    if truth_cases.TRUTH in value:
        return truth_cases.read_truth(value, place, position)
    if "endpoint" in value and "completions" in value:
        raise BadCases(f"{place}: a record of requests; `adapter eval record FILE --out cases.jsonl` makes cases of records")
    if "verdict" in value and "case" in value:
        raise BadCases(f"{place}: a line of results; give the file of cases, or `adapter eval report FILE`")
    return own_cases.read_case(value, place, folder)


def read_lines(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """Read a file of JSON lines. Returns the objects, each with the number of its line; empty lines are left out.

    Raises:
        BadCases: The file cannot be read, or a line is no JSON object.
    """
    from adapter.plain_file import check_plain

    try:
        text = check_plain(str(path)).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadCases(f"{path}: not UTF-8 text (byte {error.start}); save the file as UTF-8") from error
    except (OSError, ValueError) as error:
        raise BadCases(f"{path}: {getattr(error, 'strerror', None) or error}; give the path of a file of JSON lines") from error
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line, parse_constant=_no_number, object_pairs_hook=_once)
        except (ValueError, RecursionError) as error:
            deep = "nested too deeply, or a number too long"
            words = error.msg if isinstance(error, json.JSONDecodeError) else str(error) if isinstance(error, _Unfit) else deep
            raise BadCases(f"{path}, line {number}: not JSON: {words}; write one JSON object on each line") from error
        if not isinstance(value, dict):
            raise BadCases(f"{path}, line {number}: write a JSON object, not {line.strip()[:60]}")
        found.append((number, value))
    return found


class _Unfit(ValueError):
    """Text that Python reads, and JSON has not."""


def _no_number(word: str) -> Any:
    raise _Unfit(f"{word} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; refuse a key that stands in it twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise _Unfit(f"the key {twice!r} stands twice in an object")
    return found
