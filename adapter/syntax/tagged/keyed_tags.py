"""The tags of keys and values in GLM's calls, and the beginnings of keys that lack their opening tag."""

from __future__ import annotations

from adapter.text.partial import begun

KEY, KEY_END = "<arg_key>", "</arg_key>"
VALUE, VALUE_END = "<arg_value>", "</arg_value>"
SPACE = r"[ \t\r\n]{0,100}"
# A key whose opening tag is missing: one word, for several words are a sentence; behind a bracket stands JSON.
LOST_KEY = rf"[^\s<>{{][^\s<>]{{0,199}}{SPACE}{KEY_END}"
HALF_LOST_KEY = rf"[^\s<>{{][^\s<>]{{0,199}}{SPACE}(?:{begun((KEY_END,))})?"
# A closing tag of any name, which may be a value's, misspelt.
ODD_CLOSER = r"</[^<>\n]{1,40}>"
HALF_ODD_CLOSER = r"</?[^<>\n]{0,40}"
