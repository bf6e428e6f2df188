"""A small package of conversations on simulated APIs, laid out as bfcl-eval is, with an API and data of our own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

API = """
class TicketAPI:
    def __init__(self):
        self.tickets = {}
        self.user = None
        self._counter = 0

    def _load_scenario(self, scenario, long_context=False):
        self.tickets = scenario.get("tickets", {})
        self._counter = 100 if long_context else 0

    def open_ticket(self, title, priority=1):
        if not title:
            raise ValueError("a title is needed")
        self._counter += 1
        self.tickets[str(self._counter)] = {"title": title, "priority": priority, "open": True}
        return {"id": self._counter}

    def close_ticket(self, id):
        self.tickets[str(id)]["open"] = False
        return "closed"

    def count(self):
        return len(self.tickets)

    def sign_in(self, name):
        self.user = name
        return {"signed in": {name}}

    def undocumented(self):
        self.tickets = {}
"""


def _function(name: str, about: str, /, **properties: str) -> dict[str, Any]:
    schema = {key: {"type": kind, "description": f"The {key}."} for key, kind in properties.items()}
    required = [key for key in properties if key != "priority"]
    parameters = {"type": "dict", "properties": schema, "required": required}
    return {"name": name, "description": about, "parameters": parameters, "response": {"type": "dict"}}


FUNCTIONS = [
    _function("open_ticket", "Opens a ticket.", title="string", priority="integer"),
    _function("close_ticket", "Closes a ticket.", id="integer"),
    _function("count", "Counts the tickets."),
    _function("sign_in", "Signs in a user.", name="string"),
]
# The user's words, None where tools come later, and the reference calls.
Turns = list[tuple[str | None, list[str]]]
OPENING: Turns = [
    ("Open a ticket 'Leak' and count.", ["open_ticket('Leak', priority=2)", "count()"]),
    ("Close it.", ["close_ticket(id=1)"]),
]
ASKING: Turns = [("Close a ticket.", []), ("The one with the id 7.", ["close_ticket(id=7)"])]
HELD: Turns = [("Sign in as Ann.", []), (None, ["sign_in(name='Ann')"])]


def conversation(number: str, turns: Turns, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A line of the file of conversations, and one of the answers."""
    asked = [[{"role": "user", "content": words}] if words else [] for words, _ in turns]
    config = {"TicketAPI": {"tickets": {"7": {"title": "Old", "priority": 1, "open": True}}} if "7" in str(turns) else {}}
    value = {"id": number, "question": asked, "initial_config": config, "involved_classes": ["TicketAPI"], **more}
    return value, {"id": number, "ground_truth": [calls for _, calls in turns]}


def package(folder: Path, *made: tuple[dict[str, Any], dict[str, Any]], api: str = API, kind: str = "base") -> Path:
    """Write the package. Returns its file of conversations."""
    code = folder / "bfcl_eval" / "eval_checker" / "multi_turn_eval" / "func_source_code"
    code.mkdir(parents=True)
    for place in (code, *code.parents[:3]):
        (place / "__init__.py").touch()
    (code / "ticket_api.py").write_text(api, encoding="utf-8")
    data = folder / "bfcl_eval" / "data"
    (data / "possible_answer").mkdir(parents=True)
    (data / "multi_turn_func_doc").mkdir()
    (data / "multi_turn_func_doc" / "ticket_api.json").write_text("".join(f"{json.dumps(one)}\n" for one in FUNCTIONS), "utf-8")
    file = data / f"BFCL_v4_multi_turn_{kind}.json"
    for place, lines in ((file, [one for one, _ in made]), (data / "possible_answer" / file.name, [one for _, one in made])):
        place.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return file
