"""The real engine with a real model of 135 million parameters, started once for a whole run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from adapter.demo.engine import Engine

WITHOUT = "the real model runs in xllamacpp, which is not installed: pip install '.[demo]'"


@pytest.fixture(scope="session")
def model_file() -> Path:
    """The weights of SmolLM2, downloaded once; ADAPTER_TEST_DOWNLOAD=0 takes only those that are here."""
    pytest.importorskip("xllamacpp", reason=WITHOUT)
    from adapter.demo import DemoUnavailable, weights

    download = os.environ.get("ADAPTER_TEST_DOWNLOAD") != "0"
    try:
        return weights.find_weights(download=download, note=lambda text: None)
    except DemoUnavailable as error:
        if download:
            raise
        pytest.skip(f"the real model is not here, and ADAPTER_TEST_DOWNLOAD=0 forbids its download: {error}")


@pytest.fixture(scope="session")
def engine(model_file: Path) -> Iterator[Engine]:
    """A running engine. One worker of xdist has all its tests: a model on two cores is not to be shared."""
    from adapter.demo.engine import serve

    with serve(model_file) as running:
        yield running
