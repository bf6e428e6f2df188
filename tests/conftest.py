"""Settings that all tests share."""

from __future__ import annotations

import functools
import importlib.util
import os
import ssl

import pytest
from hypothesis import settings

from tests.support.engine import engine, model_file
from tests.support.tiers import PROOFS, asks_for_proofs, few_or_all, proving

__all__ = ["engine", "model_file"]  # fixtures


def pytest_configure(config: pytest.Config) -> None:
    """Find out the tier before the tests are imported."""
    if not hasattr(config, "workerinput"):  # a worker of xdist has it from the environment
        proofs = asks_for_proofs(config.option.markexpr)
        os.environ[PROOFS] = str(int(proofs))
        if proofs and config.option.dist == "load":  # one worker has the real model; grouping is slow for many small tests
            config.option.dist = "loadgroup"
    # Where CI is set the examples are the same in every run; ADAPTER_EXAMPLES asks for more of them.
    settings.register_profile(
        "adapter",
        max_examples=int(os.environ.get("ADAPTER_EXAMPLES", few_or_all("25", "400"))),
        deadline=None,
        derandomize="CI" in os.environ,
    )
    settings.load_profile("adapter")
    _read_certificates_once()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Half of the first tier's time is waiting for servers on loopback, so two workers share a processor; proofs compute throughout."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return processors if asks_for_proofs(config.option.markexpr) else min(2 * processors, 16)


def _read_certificates_once() -> None:
    """Share a TLS context among clients: certificates take 35 ms to read, and loopback has no use for them."""
    ssl.create_default_context = functools.cache(ssl.create_default_context)  # type: ignore[assignment]  # called the same way
    if importlib.util.find_spec("httpcore2"):  # of openai 3.x
        import httpcore2

        httpcore2.default_ssl_context = functools.cache(httpcore2.default_ssl_context)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with the real model are proofs, and so are those of both tiers where proofs are asked for."""
    for item in items:
        both = item.get_closest_marker("both_tiers") or hasattr(getattr(item, "obj", None), "hypothesis")
        if item.get_closest_marker("engine") or (both and proving()):
            item.add_marker(pytest.mark.proof)
