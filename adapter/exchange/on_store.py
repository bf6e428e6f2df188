"""Functions that use the caller's store, run by the shell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.errors import AdapterError, StoreFailed, StoreUnavailable
from adapter.exchange.protocol import Command, Run
from adapter.store.base import StoreAway, StoreFull

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


def on_store(action: Callable[[], Any]) -> Generator[Command, Any, Any]:
    """Have the shell run a function that uses the store. Exceptions of a store become errors in OpenAI's shape.

    Raises:
        StoreFailed: The store failed.
    """

    def guarded() -> Any:
        try:
            return action(), None
        except AdapterError as error:
            return None, error
        except StoreFull as error:
            return None, StoreFailed(f"The response was not stored: {error}.")
        except StoreAway as error:
            return None, StoreUnavailable(f"The store is away: {error}. Try again.", code="store_unavailable")
        except Exception as error:  # noqa: BLE001  # a store may be anyone's
            return None, StoreFailed(f"The store failed: {type(error).__name__}: {error}.")

    result, error = yield Run(guarded)
    if error is not None:
        raise error
    return result
