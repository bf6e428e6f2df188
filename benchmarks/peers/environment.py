"""Makes the peers' environment: `python -m benchmarks peers`, some minutes and about 400 MB of downloads, removed again after.

The inference servers are not installed. Of their wheels only the Python sources are unpacked, for their parsers.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# What the parsers import for real, and the peers that are small enough to be installed.
INSTALLED = ["agent-tool-parser==0.1.3", "ijson", "openai", "orjson", "partial-json-parser", "pydantic", "regex"]
UNPACKED = {"vllm": "0.33.0", "sglang": "0.5.23"}


def make(folder: Path, told: Callable[[str], object]) -> None:
    """Make the environment, or bring it up to date.

    Raises:
        subprocess.CalledProcessError: pip failed; it has said why. A server's wheel that cannot be had is left out and named.
    """
    python = folder / "environment" / "bin" / "python"
    if not python.is_file():
        told("a virtual environment for the peers")
        subprocess.run([sys.executable, "-m", "venv", folder / "environment"], check=True)
    told(f"pip install {' '.join(INSTALLED)}")
    subprocess.run([python, "-m", "pip", "install", "-q", *INSTALLED], check=True)
    pinned = dict(one.split("==") for one in INSTALLED if "==" in one)
    sources = folder / "sources"
    unpacked = {name: version for name, version in UNPACKED.items() if _unpack(python, name, version, sources, told)}
    versions = pinned | unpacked
    (folder / "versions.json").write_text(json.dumps(versions, indent=2) + "\n", encoding="utf-8")
    told(f"ready in {folder.name}/: {', '.join(f'{name} {version}' for name, version in versions.items())}")


def _unpack(python: Path, package: str, version: str, target: Path, told: Callable[[str], object]) -> bool:
    """The Python sources of a package's wheel. False: there is no such wheel for this machine."""
    if (target / f"{package}-{version}.done").is_file():
        return True
    told(f"the sources of {package} {version}")
    with tempfile.TemporaryDirectory() as place:
        wanted = [str(python), "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", place]
        if subprocess.run([*wanted, f"{package}=={version}"], check=False).returncode:
            told(f"{package} {version} is left out: pip has no wheel of it for this machine")
            return False
        for wheel in Path(place).glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                sources = [name for name in archive.namelist() if name.startswith(f"{package}/") and name.endswith(".py")]
                archive.extractall(target, sources)  # zipfile keeps members inside the target
    (target / f"{package}-{version}.done").touch()
    return True
