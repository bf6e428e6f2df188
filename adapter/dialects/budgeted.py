"""The sandbox of templates that are not ours: each node, loop, operator, filter, test and call is charged to a budget.

Jinja's sandbox stops a template from reaching out; nothing in it stops `range(100000)` in `range(100000)`. The code that Jinja
makes of a template charges for each block that runs, by the nodes in the block, and asks the environment before whatever takes
time or memory in proportion to a value.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator
from jinja2.runtime import Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace, pass_context

from adapter.dialects.costs import METHODS, charged_filters, charged_tests, guarded
from adapter.dialects.spending import charge, charge_operator, deep, numbers_in, shallow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jinja2.compiler import Frame

_CALL, _BLOCK, _TURN = 10, 4, 6  # steps of a call, of entering a block, of a turn of a loop
_BODIES = ("body", "else_")
_SAME = {"eq", "ne", "lt", "lteq", "gt", "gteq"}


def _nodes(node: nodes.Node) -> int:
    """Number of nodes that run with a statement, without the blocks inside."""
    return 1 + sum(map(_nodes, node.iter_child_nodes(exclude=_BODIES)))


class _Charging(CodeGenerator):
    """Python of a template, with its charges."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._loops: dict[int, int] = {}

    def blockvisit(self, nodes: Iterable[nodes.Node], frame: Frame) -> None:
        """Write a block: its charge, then its statements."""
        block = list(nodes)
        self.writeline(f"environment.charge({_BLOCK + sum(map(_nodes, block))})")
        super().blockvisit(block, frame)

    def visit_For(self, node: nodes.For, frame: Frame) -> None:  # noqa: N802  # Jinja's name
        self._loops[id(node.iter)] = _TURN if node.test is None else _TURN + _nodes(node.test)
        super().visit_For(node, frame)

    def visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> Any:
        """Write a node; the values of a loop are counted."""
        steps = self._loops.pop(id(node), None)
        if steps is None:
            return super().visit(node, *args, **kwargs)
        self.write("environment.counted(")
        super().visit(node, *args, **kwargs)
        self.write(f", {steps})")
        return None

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802
        volatile = frame.eval_ctx.volatile or frame.eval_ctx.autoescape
        self.write(f"{'markup_join' if volatile else 'str_join'}(environment.weighed((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write(")))")

    def visit_Compare(self, node: nodes.Compare, frame: Frame) -> None:  # noqa: N802
        sides = [node.expr, *(operand.expr for operand in node.ops)]
        if all(operand.op in _SAME for operand in node.ops) and any(isinstance(side, nodes.Const) for side in sides):
            super().visit_Compare(node, frame)  # as long as the constant at most
            return
        self.write("(")
        self._weighed(node.expr, frame)
        for operand in node.ops:
            self.write(f" {_OPERATORS[operand.op]} ")
            self._weighed(operand.expr, frame)
        self.write(")")

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:  # noqa: N802
        if not isinstance(node.arg, nodes.Slice):
            super().visit_Getitem(node, frame)
            return
        self.write("environment.copied(")
        self.visit(node.node, frame)
        self.write(")[")
        self.visit(node.arg, frame)
        self.write("]")

    def visit_Dict(self, node: nodes.Dict, frame: Frame) -> None:  # noqa: N802
        self.write("{")
        for pair in node.items:
            self._weighed(pair.key, frame)
            self.write(": ")
            self.visit(pair.value, frame)
            self.write(", ")
        self.write("}")

    def _weighed(self, node: nodes.Node, frame: Frame) -> None:
        constant = isinstance(node, nodes.Const)
        self.write("" if constant else "environment.weighed(")
        self.visit(node, frame)
        self.write("" if constant else ")")


_OPERATORS = {
    "eq": "==", "ne": "!=", "gt": ">", "gteq": ">=", "lt": "<", "lteq": "<=", "in": "in", "notin": "not in",
}  # fmt: skip


class Counted:
    """Values of a loop, each of which is charged."""

    def __init__(self, values: Any, steps: int) -> None:
        self._values = values
        self._steps = steps

    def __iter__(self) -> Iterator[Any]:
        steps = self._steps
        for value in self._values:
            charge(steps)
            yield value

    def __len__(self) -> int:
        return len(self._values)  # a TypeError as for the values themselves


class PlainNamespace(Namespace):
    """Jinja's namespace, which writes nothing of what it holds: a namespace may hold itself."""

    def __repr__(self) -> str:
        return "<namespace>"


@pass_context  # so that nothing is written while compiling
def _written(_: Any, value: Any) -> Any:
    if not isinstance(value, str):  # the text is charged when it is joined
        charge(deep(value))
    return value


class BudgetedEnvironment(ImmutableSandboxedEnvironment):
    """A sandbox whose templates spend steps; rendering and compiling need `spending`.

    Args:
        **options: Jinja's.
    """

    code_generator_class = _Charging
    intercepted_binops = frozenset(ImmutableSandboxedEnvironment.default_binop_table)
    charge = staticmethod(charge)
    counted = Counted

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, finalize=_written, optimized=False)
        self.globals["namespace"] = PlainNamespace
        self.globals.pop("lipsum", None)  # writes as much as it is told
        self.charge_filters()
        self.tests = charged_tests(self.tests)

    def charge_filters(self) -> None:
        """Have all filters charge, those given since included."""
        self.filters = charged_filters(self.filters)

    @staticmethod
    def concat(parts: Iterable[str]) -> str:
        """Join texts, as many as the budget allows."""
        kept = []
        for part in parts:
            charge(shallow(part))
            kept.append(part)
        return "".join(kept)

    @staticmethod
    def weighed(value: Any) -> Any:
        """Return a value that is going to be compared, hashed or written."""
        charge(len(value) if isinstance(value, range) else deep(value))
        return value

    @staticmethod
    def copied(value: Any) -> Any:
        """Return a value of which a part is going to be copied."""
        charge(shallow(value))
        return value

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Jinja's hook: a subscript."""
        if isinstance(argument, tuple):
            charge(deep(argument))  # it is hashed
        return super().getitem(obj, argument)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Jinja's hook: an arithmetic operator."""
        charge_operator(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def call(self, context: Any, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Jinja's hook: a call."""
        charge(_CALL + len(args) + len(kwargs))
        if not isinstance(obj, Macro):
            joins = getattr(obj, "__name__", "") == "join"
            args = tuple(list(guarded(arg)) if joins and isinstance(arg, Iterator) else guarded(arg) for arg in args)
            charge(deep(args) + deep(kwargs))
            _charge_method(obj, args, kwargs)
        return guarded(super().call(context, obj, *args, **kwargs))


def _charge_method(called: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Charge for a method of a text, list or other plain value."""
    method = getattr(called, "__wrapped__", called)
    owner = getattr(method, "__self__", None)
    if owner is None or not isinstance(owner, (str, bytes, int, float, list, tuple, dict, set, range)):
        return
    charge(deep(owner) if getattr(method, "__name__", "") in {"index", "count"} else shallow(owner))
    growth = METHODS.get(getattr(method, "__name__", ""))
    if growth is not None:
        growth(owner, args, kwargs)
    else:
        charge(numbers_in((*args, *kwargs.values())))
