"""References inside a schema document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def follow(root: Mapping[str, Any], reference: str, otherwise: Any = None) -> Any:
    """Return the target of a reference.

    Args:
        root: The document.
        reference: A JSON pointer as a fragment, `#/$defs/name`.
        otherwise: The result for a reference that is no plain pointer into the document.
    """
    if reference != "#" and not reference.startswith("#/"):
        return otherwise
    found: Any = root
    for step in reference[1:].split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        elif isinstance(found, Mapping) and name in found:
            found = found[name]
        else:
            return otherwise
    return found
