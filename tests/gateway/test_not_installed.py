"""A gateway without one of the packages of the extra `serve`: one line, before anything is served."""

from __future__ import annotations

import subprocess
import sys

import pytest

WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {name!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
from adapter.cli import run
sys.exit(run(["serve", "--upstream", "http://127.0.0.1:9/v1", "--port", "0"]))
"""


@pytest.mark.parametrize("name", ["aiohttp", "starlette", "uvicorn", "yarl"])
def test_a_missing_package_is_told_before_anything_is_served(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(name=name)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"adapter: {name} is not installed; pip install '.[serve]'")
    assert done.stderr.count("\n") == 1
