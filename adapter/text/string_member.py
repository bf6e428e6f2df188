"""The text of the only string member of a JSON object, decoded while the object is being written."""

from __future__ import annotations

import json
import re

# A head longer than this holds another key, or white space that no model writes.
_LONGEST_HEAD = 64
_PLAIN = re.compile(r'[^"\\]+')
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[^u])")
_HIGH = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}")
# The longest escape: a pair of surrogates.
_LONGEST_ESCAPE = 12


class StringMember:
    """Decoder for `{"key": "…"}`: text of the object in, characters of the string out.

    Text that does not begin so, and an object with another first key, come out unchanged.

    Args:
        key: The key, made of letters.
    """

    __slots__ = ("_begins", "_held", "_mode")

    def __init__(self, key: str) -> None:
        self._begins = re.compile(rf'\s*\{{\s*"{key}"\s*:\s*"')
        self._held = ""
        self._mode = "head"

    def feed(self, text: str) -> str:
        """Take a further piece. Returns the characters that are certain."""
        if self._mode == "raw":
            return text
        if self._mode == "over":
            return ""
        text = self._held + text
        self._held = ""
        if self._mode == "head":
            found = self._begins.match(text)
            if found is None or found.end() > _LONGEST_HEAD:
                if len(text) <= _LONGEST_HEAD:
                    self._held = text
                    return ""
                self._mode = "raw"
                return text
            self._mode = "inside"
            text = text[found.end() :]
        return self._inside(text)

    def close(self) -> str:
        """End the object. Returns the characters held back."""
        held, self._held = self._held, ""
        return held if self._mode == "head" else ""

    def _inside(self, text: str) -> str:
        out: list[str] = []
        at = 0
        while at < len(text):
            plain = _PLAIN.match(text, at)
            if plain is not None:
                out.append(plain.group())
                at = plain.end()
            elif text[at] == '"':
                self._mode = "over"
                break
            else:
                end = self._escape(text, at, out)
                if end == at:
                    self._held = text[at:]
                    break
                at = end
        return "".join(out)

    def _escape(self, text: str, at: int, out: list[str]) -> int:
        """Decode the escape at a place. Returns its end; the place itself while more text may belong to the escape."""
        found = _ESCAPE.match(text, at)
        waits = found is None or (_HIGH.fullmatch(found.group()) is not None and len(text) - at < _LONGEST_ESCAPE)
        if waits and len(text) - at < _LONGEST_ESCAPE and '"' not in text[at + 2 : at + _LONGEST_ESCAPE]:
            return at
        if found is None:  # no escape of JSON's: the backslash stays
            out.append(text[at])
            return at + 1
        try:
            out.append(json.loads(f'"{found.group()}"'))
        except ValueError:
            out.append(found.group())
        return found.end()


def member_text(key: str, text: str) -> str:
    """Return the string of a whole object; the text itself for text of another form."""
    reader = StringMember(key)
    return reader.feed(text) + reader.close()
