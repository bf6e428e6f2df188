"""Descriptions out of a docstring: of the function, and of each parameter.

Three styles are read, by their own marks: Google (`Args:` with indented `name: text`), NumPy (`Parameters` over a line of
hyphens, `name : type` over an indented text) and reST (`:param name: text`). The description of the function is the text before
the first section.
"""

from __future__ import annotations

import inspect
import re
from typing import NamedTuple

_GOOGLE_SECTION = re.compile(
    r"^(?:Args|Arguments|Parameters|Params|Keyword Args|Keyword Arguments|Returns?|Yields?|Raises|Examples?|Notes?|Warnings?|"
    r"Warns|See Also|References|Todo|Attributes):\s*$"
)
_GOOGLE_ARGUMENTS = re.compile(r"^(?:Args|Arguments|Parameters|Params|Keyword Args|Keyword Arguments):\s*$")
_GOOGLE_ENTRY = re.compile(r"^\*{0,2}(\w+)\s*+(?:\(.*?\))?\s*+:\s*(.*)$")
_NUMPY_RULE = re.compile(r"^-{3,}\s*$")
_NUMPY_ENTRY = re.compile(r"^\*{0,2}(\w+(?:\s*,\s*\w+)*)\s*(?::.*)?$")
_NUMPY_ARGUMENTS = {"Parameters", "Other Parameters"}
_REST_ARGUMENTS = {"param", "parameter", "arg", "argument", "key", "keyword"}


class Described(NamedTuple):
    """A docstring, read.

    Attributes:
        summary: Description of the function; empty without one.
        parameters: Descriptions by parameter.
    """

    summary: str
    parameters: dict[str, str]


def read_docstring(text: str | None) -> Described:
    """Read a docstring; None reads as an empty docstring."""
    lines = inspect.cleandoc(text or "").splitlines()
    summary: list[str] = []
    parameters: dict[str, str] = {}
    at = 0
    while at < len(lines):
        line = lines[at]
        if _GOOGLE_SECTION.match(line):
            at, body = _indented(lines, at + 1)
            if _GOOGLE_ARGUMENTS.match(line):
                parameters.update(_entries(body, _GOOGLE_ENTRY))
        elif line.strip() and at + 1 < len(lines) and _NUMPY_RULE.match(lines[at + 1]):
            end = _numpy_end(lines, at + 2)
            if line.strip() in _NUMPY_ARGUMENTS:
                parameters.update(_entries(lines[at + 2 : end], _NUMPY_ENTRY))
            at = end
        elif field := _rest_field(line):
            at, body = _indented(lines, at + 1)
            if field[0] in _REST_ARGUMENTS:
                parameters[field[1]] = _joined([field[2], *body])
        else:
            if not parameters and not _in_sections(lines[:at]):
                summary.append(line)
            at += 1
    return Described("\n".join(summary).strip(), {name: text for name, text in parameters.items() if text})


def _in_sections(before: list[str]) -> bool:
    """Tell if a section began above: text behind the sections is no description."""
    ruled = any(_NUMPY_RULE.match(line) for line in before)
    return ruled or any(_GOOGLE_SECTION.match(line) or _rest_field(line) for line in before)


def _rest_field(line: str) -> tuple[str, str, str] | None:
    """Return kind, name and text of a reST field such as `:param int days: Number of days.`; None for another line."""
    head, colon, text = line[1:].partition(":") if line.startswith(":") else ("", "", "")
    words = head.split()
    return (words[0], words[-1], text.strip()) if colon and words and words[0].isalpha() else None


def _indented(lines: list[str], at: int) -> tuple[int, list[str]]:
    """Return the end of the indented block from a line on, and the block's lines without the common indent."""
    end = at
    while end < len(lines) and (not lines[end].strip() or lines[end][0].isspace()):
        end += 1
    return end, inspect.cleandoc("\n" + "\n".join(lines[at:end])).splitlines()


def _numpy_end(lines: list[str], at: int) -> int:
    """Return the line of the next NumPy section, or the end of the docstring."""
    for end in range(at, len(lines) - 1):
        if lines[end].strip() and not lines[end][0].isspace() and _NUMPY_RULE.match(lines[end + 1]):
            return end
    return len(lines)


def _entries(body: list[str], entry: re.Pattern[str]) -> dict[str, str]:
    """Return the entries of a section: lines without indent begin an entry, indented lines go on."""
    found: dict[str, list[str]] = {}
    names: list[str] = []
    for line in body:
        match = entry.match(line)
        if match:
            names = [name.strip() for name in match[1].split(",")]
            rest = match[2] if entry.groups > 1 else ""
            found.update({name: [rest] for name in names})
        else:
            for name in names:
                found[name].append(line)
    return {name: _joined(lines) for name, lines in found.items()}


def _joined(lines: list[str]) -> str:
    """Join the lines of a description by single spaces."""
    return " ".join(" ".join(lines).split())
