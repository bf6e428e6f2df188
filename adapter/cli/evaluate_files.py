"""The files of `adapter eval`: nothing that is read is written over, and reports have a folder before anything is asked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from adapter.cli.console import BadInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def check_written(read: Sequence[str | None], written: Mapping[str, Sequence[str | None]]) -> None:
    """Refuse files to write that are read too, that are written twice, or that have no folder.

    Args:
        read: Files that are read; None for a flag that was not given.
        written: Files to write, by flag.

    Raises:
        BadInput: A file cannot be written, or another file of this command would be lost.
    """
    # `Path.resolve` raises on a loop of links before Python 3.13.
    taken = {Path(os.path.realpath(name)): "is read here" for name in read if name}
    for flag, names in written.items():
        for name in filter(None, names):
            place = Path(os.path.realpath(name))
            if place in taken:
                raise BadInput(f"{flag} {name}: this file {taken[place]}, and would be written over; give another name")
            taken[place] = f"is that of {flag} already"
            if place.is_dir():
                raise BadInput(f"{flag} {name}: a folder; give the name of a file")
            if not place.parent.is_dir():
                raise BadInput(f"{flag} {name}: there is no folder {Path(name).parent}; make it first")
