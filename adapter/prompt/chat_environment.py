"""The Jinja environment of chat templates: the same as in Hugging Face's `apply_chat_template`.

A model was trained on text rendered in the original environment, so every trait counts: `tojson` without escapes, blocks
trimmed, loop controls, `{% generation %}`. Templates come with downloaded models and are not to be trusted: they run in a
sandbox in which they read plain values and change none, and those that are not ours under a budget of steps.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NoReturn

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

from adapter.dialects.budgeted import BudgetedEnvironment, PlainNamespace
from adapter.dialects.spending import spending
from adapter.dialects.templates import give_filters, is_ours

if TYPE_CHECKING:
    from jinja2.parser import Parser


class Refused(jinja2.TemplateError):
    """The template itself does not accept the conversation."""


def _raise_exception(message: str) -> NoReturn:
    raise Refused(message)


class _Generation(Extension):
    """`{% generation %}…{% endgeneration %}`: the text within, in a scope of its own.

    Trainers mark the assistant's text with the tag. For rendering, the tag only opens a scope: variables set inside stay in.
    """

    tags = {"generation"}  # noqa: RUF012  # Jinja's own form

    def parse(self, parser: Parser) -> nodes.Node:
        """Jinja's hook: the tag's body, as a call block."""
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

    def _body(self, caller: Any) -> Any:
        return caller()


class _Namespace(PlainNamespace):
    """Jinja's namespace without names that begin with an underscore, which lead to Python's internals."""

    def __init__(*args: Any, **kwargs: Any) -> None:
        # As Jinja's own: `namespace(self=1)` must be possible.
        self, *rest = args
        values = dict(*rest, **kwargs)
        for name in values:
            _check_name(name)
        Namespace.__init__(self, values)

    def __setitem__(self, name: str, value: Any) -> None:
        _check_name(name)
        super().__setitem__(name, value)


def _check_name(name: Any) -> None:
    if isinstance(name, str) and name.startswith("_"):
        raise SecurityError(f"a namespace cannot hold {name!r}: the name begins with an underscore")


class _Dict:
    """The global `dict`: makes dictionaries, and gives no way to the class."""

    def __call__(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return dict(*args, **kwargs)

    def fromkeys(self, *args: Any) -> dict[Any, Any]:
        """As `dict.fromkeys`."""
        return dict.fromkeys(*args)


@functools.cache
def environment(*, ours: bool) -> jinja2.Environment:
    """The sandbox. The clock is not part of the sandbox: each rendering gets `strftime_now` as a variable."""
    kind = ImmutableSandboxedEnvironment if ours else BudgetedEnvironment
    env = kind(trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols])
    give_filters(env)
    env.globals["raise_exception"] = _raise_exception
    env.globals["namespace"] = _Namespace
    env.globals["dict"] = _Dict()
    return env


def compile_template(text: str, path: str) -> jinja2.Template:
    """Compile a template, with its path kept for messages.

    Raises:
        jinja2.TemplateSyntaxError: Jinja cannot read the template.
    """
    env = environment(ours=is_ours(path))
    with spending():
        return jinja2.Template.from_code(env, env.compile(text, name=path, filename=path), env.make_globals(None))
