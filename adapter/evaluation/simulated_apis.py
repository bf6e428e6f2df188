"""The simulated APIs of the package bfcl-eval, run by a dispatcher: a call names a tool of the case, and nothing is evaluated.

The classes are the user's: they are loaded from the package's folder, when a run asks for simulated APIs. Their methods change
values in memory and reach no file and no network.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import json
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.evaluation.cases import BadCases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from adapter.evaluation.simulation import Simulation

# Of each API the module of its class, which is also the name of the file with its functions.
MODULES = {
    "GorillaFileSystem": "gorilla_file_system",
    "MathAPI": "math_api",
    "MessageAPI": "message_api",
    "TicketAPI": "ticket_api",
    "TradingBot": "trading_bot",
    "TravelAPI": "travel_booking",
    "TwitterAPI": "posting_api",
    "VehicleControlAPI": "vehicle_control",
}
_PACKAGE = "bfcl_eval.eval_checker.multi_turn_eval.func_source_code"
_FAILED = "Error during execution: "
# The mathematical API sets the precision of a library for all threads.
_ONE_AT_A_TIME = threading.RLock()


def load_class(name: str, root: str) -> Any:
    """Return the class of an API.

    Args:
        name: The name of the API.
        root: The folder that holds the package.

    Raises:
        BadCases: The API is unknown, or its module cannot be loaded.
    """
    if name not in MODULES:
        raise BadCases(f"the simulated API {name!r} is unknown; there are {', '.join(MODULES)}")
    with _ONE_AT_A_TIME:
        sys.path.insert(0, root)
        try:
            module = importlib.import_module(f"{_PACKAGE}.{MODULES[name]}")
            found = getattr(module, name)
        except (ImportError, AttributeError, SyntaxError) as error:
            needed = getattr(error, "name", "") or ""
            missing = "install it anew" if not needed or needed in {name, *_PACKAGE.split(".")} else f"pip install {needed}"
            raise BadCases(f"the simulated API {name!r} of bfcl-eval cannot be loaded: {error}; {missing}") from error
        finally:
            sys.path.remove(root)
    loaded = Path(str(module.__file__)).resolve()
    if Path(root).resolve() not in loaded.parents:
        raise BadCases(f"the simulated API {name!r} is loaded from {loaded} already; use one folder of bfcl-eval in a process")
    return found


class Apis:
    """One set of simulated APIs, in the state that its case begins with.

    Args:
        simulation: The APIs of the case.

    Raises:
        BadCases: An API cannot be loaded.
    """

    def __init__(self, simulation: Simulation) -> None:
        self._instances: dict[str, Any] = {}
        self._methods: dict[str, Callable[..., Any]] = {}
        for name in simulation.classes:
            made = load_class(name, simulation.root)()
            with _ONE_AT_A_TIME:
                if hasattr(made, "_load_scenario"):
                    made._load_scenario(copy.deepcopy(simulation.config.get(name, {})), long_context=simulation.long)  # noqa: SLF001
            self._instances[name] = made
            for known in simulation.known:
                method = getattr(made, known, None)
                if inspect.ismethod(method) and not known.startswith("_"):
                    self._methods[known] = method

    def run(self, name: str, positional: tuple[Any, ...], named: Mapping[str, Any]) -> str:
        """Run a call, if its tool is known and has these parameters. Returns the result, or the error, as a text."""
        method = self._methods.get(name)
        if method is None:
            return f"{_FAILED}there is no tool {name!r}"
        try:
            inspect.signature(method).bind(*positional, **named)
        except TypeError as error:
            return f"{_FAILED}{name}: {error}"
        with _ONE_AT_A_TIME:
            try:
                return _text(method(*copy.deepcopy(positional), **copy.deepcopy(dict(named))))
            except Exception as error:  # noqa: BLE001  # the API is no code of ours, and its errors are results
                return f"{_FAILED}{error}"

    def differences(self, other: Apis) -> Iterator[tuple[str, Any, Any]]:
        """Yield the public attributes that differ: the name, the value here, the value in the other set."""
        for name, instance in other._instances.items():
            for attribute, expected in vars(instance).items():
                if attribute.startswith("_"):
                    continue
                actual = getattr(self._instances[name], attribute)
                if actual != expected:
                    yield f"{name}.{attribute}", actual, expected


def _text(result: Any) -> str:
    """Return a result as the model reads it."""
    if isinstance(result, str):
        return result
    if isinstance(result, dict):
        try:
            return json.dumps(result)
        except (TypeError, ValueError):
            return str(result)
    return str(result)
