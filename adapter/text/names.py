"""Characters of names, as classes of regular expressions."""

from __future__ import annotations

# Vowel signs and other marks are no word characters for `re`. Blocks of scripts whose words have such marks: combining marks,
# Hebrew to Myanmar, Tagalog to Vedic, marks of Japanese, Vai to Meetei Mayek.
_MARKS = (
    r"\u0300-\u036f\u0483-\u0489\u0590-\u109f\u1700-\u1cff\u1dc0-\u1dff\u20d0-\u20ff"
    r"\u302a-\u302f\u3099\u309a\ua66f-\uaaff\uabe3-\uabed\ufe00-\ufe0f"
)
# Letters, marks and digits of any script, and the signs of a tool's name; for the end of `[…]`.
NAME_SIGNS = rf"\w{_MARKS}.:/-"
