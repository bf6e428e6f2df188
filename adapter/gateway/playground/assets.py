"""The files of the page, and the headers that keep a browser from running anything else."""

from __future__ import annotations

import functools
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "/playground/"
_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
}
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "object-src 'none'",
        "require-trusted-types-for 'script'",  # no text becomes markup, whatever the code of the page tries
        "trusted-types 'none'",
    )
)
HEADERS = (
    ("content-security-policy", _POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cache-control", "no-store"),
)


class Asset(NamedTuple):
    """A file of the page.

    Attributes:
        kind: The content type.
        data: The bytes.
    """

    kind: str
    data: bytes


@functools.cache
def assets() -> Mapping[str, Asset]:
    """Return the files of the page by path; no other file is ever read."""
    root = files(__package__) / "static"
    found = {}
    for folder, prefix in ((root, PREFIX), (root / "vendor", f"{PREFIX}vendor/")):
        for file in folder.iterdir():
            kind = _TYPES.get(file.name.rpartition(".")[2])
            if kind is not None and file.is_file():
                path = "/" if file.name == "index.html" else prefix + file.name
                found[path] = Asset(kind, file.read_bytes())
    return found
