"""Files that strangers name: regular files of a bounded size, read once. A FIFO or a device would be waited for without end."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os


def check_plain(path: str | os.PathLike[str], most: int | None = None) -> Path:
    """Return the path of a regular file, which is not opened.

    Args:
        path: The path; links are followed.
        most: The most bytes of the file; None for any size.

    Raises:
        OSError: No file, a FIFO, a device, a socket, a folder, or a file that is too large.
        ValueError: The path holds a NUL.
    """
    found = Path(path)
    about = found.stat()
    if stat.S_ISDIR(about.st_mode):
        raise IsADirectoryError(21, "Is a directory", str(path))
    if not stat.S_ISREG(about.st_mode):
        raise OSError(22, "no regular file: a FIFO, a socket or a device is not opened", str(path))
    if most is not None and about.st_size > most:
        raise OSError(27, f"a file of {about.st_size:,} bytes; {most:,} are read at most", str(path))
    return found
