"""Twelve tools, in two groups of six that are offered together. No description names a value that a question asks for."""

from __future__ import annotations

from typing import Any


def _tool(name: str, about: str, properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": required}
    return {"type": "function", "function": {"name": name, "description": about, "parameters": parameters}}


def _text(about: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": about, **more}


def _number(about: str, kind: str = "number") -> dict[str, Any]:
    return {"type": kind, "description": about}


HOUSE = [
    _tool("get_forecast", "Weather forecast for a town.", {"town": _text("Name of the town"), "days": _number("Days ahead", "integer")}, ["town"]),
    _tool("set_heating", "Set the temperature of a room.", {"room": _text("The room"), "degrees": _number("Degrees Celsius")}, ["room", "degrees"]),
    _tool("add_shopping_item", "Put an item on the shopping list.", {"item": _text("What to buy"), "count": _number("How many", "integer")}, ["item"]),
    _tool("start_timer", "Start a kitchen timer.", {"minutes": _number("Minutes until it rings")}, ["minutes"]),
    _tool("play_music", "Play music by an artist.", {"artist": _text("The artist or band"), "room": _text("The room")}, ["artist"]),
    _tool("switch_light", "Switch a lamp on or off.", {"lamp": _text("The lamp or its room"), "state": {"type": "string", "enum": ["on", "off"]}}, ["lamp", "state"]),
]  # fmt: skip
OFFICE = [
    _tool("find_train", "Find trains between two stations.", {"start": _text("Departure station"), "destination": _text("Arrival station")}, ["start", "destination"]),
    _tool("convert_currency", "Convert an amount of money.", {"amount": _number("The amount"), "source": _text("Currency code to convert from"), "target": _text("Currency code to convert to")}, ["amount", "source", "target"]),
    _tool("look_up_order", "Look up the state of an order.", {"order_id": _text("Number of the order")}, ["order_id"]),
    _tool("send_message", "Send a short message to a person.", {"recipient": _text("Name of the person"), "text": _text("The message")}, ["recipient", "text"]),
    _tool("translate_text", "Translate a text.", {"text": _text("The text"), "language": _text("Language to translate to")}, ["text", "language"]),
    _tool("get_stock_price", "Price of a company's share.", {"company": _text("Name of the company")}, ["company"]),
]  # fmt: skip
GROUPS = (HOUSE, OFFICE)
TOOLS = {tool["function"]["name"]: tool for group in GROUPS for tool in group}


def offered(name: str, most: int) -> list[dict[str, Any]]:
    """The tools to offer with a tool: its group, or so many of the group, the tool always among them."""
    group = next(group for group in GROUPS if any(tool["function"]["name"] == name for tool in group))
    others = [tool for tool in group if tool["function"]["name"] != name]
    kept = [TOOLS[name]["function"]["name"], *(tool["function"]["name"] for tool in others[: most - 1])]
    return [tool for tool in group if tool["function"]["name"] in kept]
