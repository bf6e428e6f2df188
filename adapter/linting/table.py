"""The table of all rules, in the order of their ids, and the choice among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.linting import (
    description_rules,
    dialect_rules,
    key_rules,
    name_rules,
    parameter_rules,
    safety_rules,
    set_rules,
    value_rules,
)
from adapter.text.some_of import some_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapter.linting.finding import Rule

_MODULES = (description_rules, name_rules, parameter_rules, value_rules, safety_rules, set_rules, dialect_rules, key_rules)
RULES: dict[str, Rule] = {
    rule.id: rule for rule in sorted((rule for module in _MODULES for rule in module.RULES), key=lambda rule: rule.id)
}


def chosen(select: Iterable[str] = (), ignore: Iterable[str] = (), *, every: bool = False) -> list[Rule]:
    """Return the rules that are to run.

    Args:
        select: Ids, or beginnings of ids (`P`): these rules alone, those that are off by default too; empty for the default.
        ignore: Ids, or beginnings of ids, that do not run.
        every: With the rules that are off by default.

    Raises:
        ValueError: A word is the beginning of no id.
    """
    wanted, unwanted = _ids(select, "select"), _ids(ignore, "ignore")
    on = wanted or {rule.id for rule in RULES.values() if rule.default or every}
    return [rule for rule in RULES.values() if rule.id in on - unwanted]


def _ids(words: Iterable[str], option: str) -> set[str]:
    found: set[str] = set()
    for word in [words] if isinstance(words, str) else words:
        ids = {name for name in RULES if word and name.startswith(word.upper())}
        if not ids:
            raise ValueError(
                f"{option}={word!r}: no rule has this id; write {some_names(RULES, str(word))}, or a letter for a group"
            )
        found |= ids
    return found
