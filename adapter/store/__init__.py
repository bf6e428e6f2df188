"""Stores for responses between requests, for `previous_response_id` and for retrieval: bounded, and chosen by the caller."""

from __future__ import annotations

from adapter.store.base import Store, StoreAway, StoreFull
from adapter.store.memory import MemoryStore
from adapter.store.redis_store import RedisStore
from adapter.store.sqlite import SqliteStore

__all__ = ["MemoryStore", "RedisStore", "SqliteStore", "Store", "StoreAway", "StoreFull"]
