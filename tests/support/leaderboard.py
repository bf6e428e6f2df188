"""The Berkeley leaderboard's own checker and data, for proofs; answers made of its reference answers, right and mutated."""

from __future__ import annotations

import copy
import itertools
import os
import sys
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from adapter.evaluation.bfcl_values import as_declared
from adapter.evaluation.outcome import Called

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from adapter.evaluation.cases import Case

MISSING = "bfcl-eval is missing: pip install --no-deps bfcl-eval, or name its unpacked folder in ADAPTER_BFCL"


def place() -> Path | None:
    """The folder that holds the package `bfcl_eval`; None without one."""
    named = os.environ.get("ADAPTER_BFCL")
    if named:
        return Path(named) if (Path(named) / "bfcl_eval").is_dir() else None
    found = find_spec("bfcl_eval")
    return Path(found.origin).parent.parent if found is not None and found.origin else None


def own_checker(folder: Path) -> Callable[[Case, list[Called]], bool]:
    """The leaderboard's checker; its table of models, which imports every vendor's SDK, is replaced by a default."""
    models = ModuleType("bfcl_eval.constants.model_config")
    models.MODEL_CONFIG_MAPPING = defaultdict(lambda: SimpleNamespace(underscore_to_dot=False))  # type: ignore[attr-defined]
    sys.modules[models.__name__] = models
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    from bfcl_eval.constants.enums import Language
    from bfcl_eval.eval_checker.ast_eval.ast_checker import ast_checker

    def valid(case: Case, calls: list[Called]) -> bool:
        functions = [{"name": name, "parameters": schema} for name, schema in case.declared.items()]
        truth = [{one.name: one.arguments} for one in case.turns[0].expect]
        made = [{call.name: copy.deepcopy(call.arguments)} for call in calls]
        return bool(ast_checker(functions, made, truth, Language.PYTHON, case.category, "model")["valid"])

    return valid


def with_floats(case: Case, calls: list[Called]) -> list[Called]:
    """The calls with whole numbers as floats where floats are declared, at any depth."""
    return [Called(call.name, as_declared(call.arguments, case.declared.get(call.name))) for call in calls]


def in_every_order(calls: list[Called]) -> list[list[Called]]:
    return [list(order) for order in itertools.permutations(calls)]


def reference(case: Case) -> list[Called]:
    """The first accepted values of each parameter; what may be left out first is left out."""
    found = []
    for one in case.turns[0].expect:
        schema = case.declared.get(one.name) or {}
        required, known = schema.get("required") or (), schema.get("properties") or {}
        wanted = {name: values for name, values in (one.arguments or {}).items() if values}
        given = {name: values for name, values in wanted.items() if name in required or not _left_out(values, name in known)}
        found.append(Called(one.name, {name: _first(values) for name, values in given.items()}))
    return found


def _left_out(values: list[Any], known: bool) -> bool:
    return values[0] == "" or (not known and "" in values)


def _first(values: list[Any]) -> Any:
    return _plain(next((value for value in values if value != ""), ""))


def _plain(value: Any) -> Any:
    """An accepted value as a value: of an object the first of the accepted values of each member."""
    if isinstance(value, dict):
        lists = {key: one if isinstance(one, list) else [one] for key, one in value.items()}
        return {key: _first(one) for key, one in lists.items() if one and one[0] != ""}
    return [_plain(one) if isinstance(one, dict) else one for one in value] if isinstance(value, list) else value


def mutated(calls: list[Called], case: Case, chance: random.Random) -> list[Called]:
    """Calls with one to three changes, of which many are wrong and some still right."""
    found = [Called(call.name, copy.deepcopy(call.arguments)) for call in calls]
    for _ in range(chance.choice([1, 1, 2, 3])):
        found = chance.choice(_CHANGES)(found, case, chance)
    return found


def _calls(calls: list[Called], case: Case, chance: random.Random) -> list[Called]:
    """Change the calls: drop, double, swap or rename."""
    if not calls:
        return calls
    number = chance.randrange(len(calls))
    one = calls[number]
    kind = chance.randrange(4)
    if kind == 0:
        return calls[:number] + calls[number + 1 :]
    if kind == 1:
        return [*calls, copy.deepcopy(one)]
    if kind == 2:
        return chance.sample(calls, len(calls))
    name = chance.choice([*case.declared, f"{one.name}_x"])
    return [*calls[:number], Called(name, one.arguments), *calls[number + 1 :]]


def _arguments(calls: list[Called], case: Case, chance: random.Random) -> list[Called]:
    """Change which arguments a call has."""
    call = chance.choice(calls) if calls else None
    if call is None:
        return calls
    known = [*((case.declared.get(call.name) or {}).get("properties") or {})]
    if call.arguments and chance.random() < 0.5:
        del call.arguments[chance.choice([*call.arguments])]
    else:
        call.arguments[chance.choice([*known, "surplus"])] = chance.choice(_VALUES)
    return calls


def _value(calls: list[Called], case: Case, chance: random.Random) -> list[Called]:
    """Change the value of an argument."""
    call = chance.choice([call for call in calls if call.arguments] or [None])
    if call is None:
        return calls
    name = chance.choice([*call.arguments])
    accepted = next((one.arguments or {} for one in case.turns[0].expect if one.name == call.name), {}).get(name, [])
    others = [_plain(value) for value in accepted]
    call.arguments[name] = chance.choice([*others, *(_near(call.arguments[name], chance) for _ in range(3))])
    return calls


def _near(value: Any, chance: random.Random) -> Any:
    """A value like the given one, or of another type."""
    if isinstance(value, str):
        changed = [value.upper(), f"{value}.", value.replace(" ", ""), f"{value}x", value.replace('"', "'"), [value], ""]
        return chance.choice(changed)
    if isinstance(value, bool):
        return chance.choice([not value, str(value), int(value)])
    if isinstance(value, int | float):
        return chance.choice([value + 1, float(value), str(value), -value, int(value), [value]])
    if isinstance(value, list):
        inner = [_near(value[0], chance), *value[1:]] if value else [1]
        return chance.choice([value[::-1], value[:-1], [*value, *value[:1]], inner, [str(one) for one in value], []])
    if isinstance(value, dict):
        key = chance.choice([*value]) if value else "k"
        other = {**value, key: _near(value.get(key), chance)}
        return chance.choice([other, {**value, "surplus": 1}, {k: v for k, v in value.items() if k != key}, [value]])
    return chance.choice(_VALUES)


_VALUES: list[Any] = ["", "x", 0, 1, 2.0, True, [], ["x"], [1, 2], {}, {"a": "b"}, None]
_CHANGES = (_calls, _arguments, _value, _value, _value)


# --- Conversations on simulated APIs -------------------------------------------------------------------------------------

# The calls of each turn, answer by answer.
Played = list[list[list[Called]]]


def own_conversation_checker(folder: Path) -> Callable[[Case, Played], bool]:
    """The leaderboard's checker of conversations; its APIs, which it keeps as globals of a module, are dropped after each."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    from bfcl_eval.eval_checker.multi_turn_eval import multi_turn_checker as own
    from bfcl_eval.eval_checker.multi_turn_eval import multi_turn_utils as kept

    def valid(case: Case, played: Played) -> bool:
        run = case.simulation
        assert run is not None
        entry = {"id": case.id, "initial_config": run.config, "involved_classes": list(run.classes)}
        made = [[[_in_python(call) for call in step] for step in turn if step] for turn in played]
        truth = [[str(call) for call in turn] for turn in run.truth]
        try:
            return bool(own.multi_turn_checker(made, truth, entry, case.category, "model")["valid"])
        finally:
            for name in [name for name in vars(kept) if name.endswith("_instance")]:
                delattr(kept, name)

    return valid


def _in_python(call: Called) -> str:
    return f"{call.name}({', '.join(f'{name}={value!r}' for name, value in call.arguments.items())})"


def reference_turns(case: Case) -> Played:
    """The reference calls, one answer for each turn."""
    return [[[Called(one.name, copy.deepcopy(one.arguments or {})) for one in turn.expect]] for turn in case.turns]


def mutated_turns(played: Played, case: Case, chance: random.Random) -> Played:
    """A conversation with one to three changes, of which many are wrong and some still right."""
    for _ in range(chance.choice([1, 1, 2, 3])):
        chance.choice(_PLAY_CHANGES)(played, case, chance)
    return played


def _step(played: Played, chance: random.Random) -> list[Called]:
    """A step with calls, if there is one."""
    steps = [step for turn in played for step in turn if step]
    return chance.choice(steps) if steps else []


def _drop(played: Played, case: Case, chance: random.Random) -> None:
    if step := _step(played, chance):
        del step[chance.randrange(len(step))]


def _double(played: Played, case: Case, chance: random.Random) -> None:
    if step := _step(played, chance):
        step.insert(chance.randrange(len(step) + 1), copy.deepcopy(chance.choice(step)))


def _swap(played: Played, case: Case, chance: random.Random) -> None:
    chance.shuffle(_step(played, chance))


def _split(played: Played, case: Case, chance: random.Random) -> None:
    """Call in two answers what was called in one."""
    number = chance.randrange(len(played))
    if played[number] and len(played[number][0]) > 1:
        played[number][:1] = [played[number][0][:1], played[number][0][1:]]


def _move(played: Played, case: Case, chance: random.Random) -> None:
    """Call in another turn."""
    if step := _step(played, chance):
        chance.choice(played).append([step.pop(chance.randrange(len(step)))])


def _other(played: Played, case: Case, chance: random.Random) -> None:
    """Call another tool, with arguments or without, or one that nobody has."""
    step = _step(played, chance)
    name = chance.choice([*case.names, "pwd", "ls", "nothing"])
    step.insert(chance.randrange(len(step) + 1), Called(name, chance.choice([{}, {"a": 1}, {"file_name": "x.txt"}])))


def _argument(played: Played, case: Case, chance: random.Random) -> None:
    """Change, leave out or add an argument."""
    calls = [call for call in _step(played, chance) if call.arguments]
    if not calls:
        return
    call = chance.choice(calls)
    name = chance.choice([*call.arguments])
    kind = chance.randrange(6)
    if kind == 0:
        del call.arguments[name]
    elif kind == 1:
        call.arguments["surplus"] = 1
    else:
        call.arguments[name] = _near(call.arguments[name], chance)


_PLAY_CHANGES = (_drop, _double, _swap, _split, _move, _other, _argument, _argument)
