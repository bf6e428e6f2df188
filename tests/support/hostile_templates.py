"""A hundred templates that were made to take time or memory out of proportion, by name. Run as a program, renders the named."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

STEPS = 3_000_000  # a tenth of what a template has, so that a hundred templates are quick
_GROW = "{% set ns = namespace(x=START) %}{% for i in range(60) %}{% set ns.x = STEP %}{% endfor %}"


def _grown(start: str, step: str, then: str = "{{ ns.x|length }}") -> str:
    return _GROW.replace("START", start).replace("STEP", step) + then


def _loops(inside: str, times: int = 4) -> str:
    names = "abcdefgh"[:times]
    return "".join(f"{{% for {n} in range(100000) %}}" for n in names) + inside + "{% endfor %}" * times


BIG = "{% set b = range(100000)|list %}{% set t = b|join %}"
TREE = "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}"
PAIRS = "{% set ns = namespace(x=(1,)) %}{% for i in range(60) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}"
KEYED = "{% set ns = namespace(x={}) %}{% for i in range(60) %}{% set ns.x = {'a': ns.x, 'b': ns.x} %}{% endfor %}"
EACH = "{% for i in range(100000) %}{% for j in range(100000) %}INSIDE{% endfor %}{% endfor %}"

# These end with an error: the work they ask for is not done.
REFUSED = {
    "loops in loops": _loops("x"),
    "loops without a text": _loops(""),
    "a loop whose condition never holds": "{% for a in range(100000) %}{% for b in range(100000) if b < 0 %}{% endfor %}{% endfor %}",
    "a loop over filtered values": _loops("{{ loop.length }}", 2),
    "a loop of many nodes": "{% for a in range(100000) %}" + "{% if a %}{% set b = a + 1 %}{% endif %}" * 300 + "{% endfor %}",
    "a loop over characters": BIG + "{% for c in t %}{% for d in t %}{% endfor %}{% endfor %}",
    "a loop over pairs": "{% for a in range(100000) %}{% for k, v in {'a': 1, 'b': 2}.items() %}{% for x in range(1000) %}"
    "{% endfor %}{% endfor %}{% endfor %}",
    "a recursive loop": "{% for a in range(100000) recursive %}{{ loop(range(100000)) if loop.depth < 4 }}{% endfor %}",
    "a loop with a break that comes late": _loops("{% if a > 99998 %}{% break %}{% endif %}", 3),
    "a loop that continues": _loops("{% continue %}", 3),
    "range as a list in a loop": EACH.replace("INSIDE", "{% set x = range(100000)|list %}"),
    "range too long": "{% for a in range(10**9) %}{% endfor %}",
    "macro that calls itself twice": "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "macro without an end": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "macros that call each other": "{% macro f() %}{{ g() }}{% endmacro %}{% macro g() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
    "macro of a macro's text": "{% macro f(n) %}{% set x = f(n - 1) if n else 'ab' %}{{ x }}{{ x }}{% endmacro %}{{ f(60) }}",
    "caller that calls": "{% macro f(n) %}{% if n %}{% call f(n - 1) %}{{ n }}{% endcall %}{% endif %}{{ caller() }}{% if n %}"
    "{% call f(n - 1) %}{{ n }}{% endcall %}{% endif %}{% endmacro %}{% call f(60) %}x{% endcall %}",
    "block that shows itself": "{% block a %}{{ self.a() }}{% endblock %}",
    "block that shows itself twice": "{% block a %}{{ self.a() }}{{ self.a() }}{% endblock %}",
    "text repeated": "{{ 'a' * 10**9 }}",
    "text repeated from the left": "{{ 10**9 * 'a' }}",
    "text repeated again and again": "{{ ('a' * 100000) * 100000 }}",
    "list repeated": "{{ ([0] * 10**9)|length }}",
    "tuple repeated": "{{ ((0,) * 10**9)|length }}",
    "text in a loop": _grown("'ab'", "ns.x ~ ns.x"),
    "text added to itself": _grown("'ab'", "ns.x + ns.x"),
    "text as a block": "{% set x = 'ab' %}" + "{% set x %}{{ x }}{{ x }}{% endset %}" * 60,
    "text through a filter block": "{% set x = 'ab' %}" + "{% set x %}{% filter upper %}{{ x }}{{ x }}{% endfilter %}{% endset %}" * 60,
    "list added to itself": _grown("[1]", "ns.x + ns.x"),
    "list of itself, written": TREE + "{{ ns.x }}",
    "list of itself, as JSON": TREE + "{{ ns.x|tojson }}",
    "list of itself, as a text": TREE + "{{ ns.x|string|length }}",
    "list of itself, compared": TREE + TREE.replace("ns", "os") + "{{ ns.x == os.x }}",
    "list of itself, looked for": TREE + TREE.replace("ns", "os") + "{{ ns.x in [os.x] }}",
    "list of itself, joined": TREE + "{{ ns.x|join }}",
    "list of itself, put together": TREE + "{{ (ns.x ~ '')|length }}",
    "list of itself, in a format": TREE + "{{ '%s' % ns.x }}",
    "list of itself, in braces": TREE + "{{ '{}'.format(ns.x) }}",
    "list of itself, in a test": TREE + TREE.replace("ns", "os") + "{{ ns.x is eq(os.x) }}",
    "list of itself, in upper case": TREE + "{{ ns.x|upper }}",
    "list of itself, as a default": TREE + "{{ nothing|default(ns.x)|string }}",
    "list of itself, escaped": TREE + "{{ ns.x|e }}",
    "list of itself, printed": TREE + "{{ ns.x|pprint }}",
    "list of itself, counted": TREE + TREE.replace("ns", "os") + "{{ [ns.x].count(os.x) }}",
    "pairs as a key": PAIRS + "{{ {ns.x: 1} }}",
    "pairs as a subscript": PAIRS + "{{ {}[ns.x] }}",
    "pairs as a key to get": PAIRS + "{{ {}.get(ns.x) }}",
    "pairs that are unique": PAIRS + "{{ [ns.x, ns.x]|unique|list }}",
    "pairs made a dictionary": PAIRS + "{{ dict([(ns.x, 1)]) }}",
    "pairs that changed": PAIRS + PAIRS.replace("ns", "os") + "{% for i in [1, 2] %}{{ loop.changed(ns.x if i > 1 else os.x) }}{% endfor %}",
    "dictionary of itself": KEYED + "{{ ns.x|tojson }}",
    "dictionary of itself, its values": KEYED + "{{ ns.x.values() }}",
    "dictionary of itself, its pairs": KEYED + "{{ ns.x.items()|list }}",
    "centre": "{{ 'a'|center(10**9) }}",
    "centre by a constant": "{{ 'a'|center(1000000000) }}",
    "centre by a method": "{{ 'a'.center(10**9) }}",
    "centre by way of map": "{{ ['a']|map('center', 10**9)|list }}",
    "to the left": "{{ 'a'.ljust(10**9) }}",
    "to the right": "{{ 'a'.rjust(10**9) }}",
    "zeros in front": "{{ 'a'.zfill(10**9) }}",
    "tabs": "{{ ('\t' * 1000).expandtabs(10**7) }}",
    "indentation": "{{ ('a\n' * 1000)|indent(10**7) }}",
    "indentation by a text": "{{ ('a\n' * 10000)|indent('x' * 100000) }}",
    "indentation of JSON": "{{ [1]|tojson(indent=10**9) }}",
    "indentation of deep JSON": "{% set ns = namespace(x=1) %}{% for i in range(500) %}{% set ns.x = [ns.x] %}{% endfor %}"
    "{{ ns.x|tojson(indent=1000000) }}",
    "width of a format": "{{ '%999999999d' % 1 }}",
    "width of a format's filter": "{{ '%999999999d'|format(1) }}",
    "width as a value": "{{ '%*d' % (10**9, 1) }}",
    "digits of a format": "{{ '%.999999999f' % 1 }}",
    "width in braces": "{{ '{:>999999999}'.format(1) }}",
    "width in braces as a value": "{{ '{:>{w}}'.format(1, w=10**9) }}",
    "width by position": "{{ '{:>{}}'.format(1, 10**9) }}",
    "format with a long text many times": BIG + "{{ '%(a)s' * 100000 % {'a': t} }}",
    "braces with a long text many times": BIG + "{{ ('{0}' * 100000).format(t) }}",
    "braces of a mapping": BIG + "{{ ('{a}' * 100000).format_map({'a': t}) }}",
    "replacement of nothing": BIG + "{{ t|replace('', t) }}",
    "replacement by a method": BIG + "{{ t.replace('1', t) }}",
    "replacement in a loop": _grown("'aa'", "ns.x|replace('a', 'aa')"),
    "join with a long text": BIG + "{{ b|join(t) }}",
    "join by a method": BIG + "{{ t.join(b|map('string')) }}",
    "join of one text many times": BIG + "{{ ([t] * 100000)|join }}",
    "join of an attribute": BIG + "{{ ([{'a': t}] * 100000)|join(attribute='a') }}",
    "translation": BIG + "{{ ('a' * 100000).translate({97: t}) }}",
    "power": "{{ 10 ** (10 ** 9) > 1 }}",
    "power of powers": _grown("7", "ns.x ** 7", "{{ ns.x > 1 }}"),
    "product": _grown("7", "ns.x * ns.x", "{{ ns.x > 1 }}"),
    "number of a long text": "{{ ('f' * 1000000)|int(0, 16) > 1 }}",
    "bytes of a number": "{{ (1).to_bytes(10**9, 'big')|length }}",
    "digits of rounding": "{{ 1.5|round(10**9, 'ceil') }}",
    "sum of lists": "{{ ([range(1000)|list] * 10000)|sum(start=[])|length }}",
    "batches": "{{ [1]|batch(10**9, 0)|list }}",
    "slices": "{{ [1]|slice(10**9)|list }}",
    "words without an end": "{{ lipsum(n=10**9) }}",
    "links in a long text": "{{ ('http://' * 100000)|urlize }}",
    "tags in a long text": "{{ ('<!--' * 100000)|striptags }}",
    "search in a long list": BIG + EACH.replace("INSIDE", "{% if -1 in b %}{% endif %}"),
    "search in a long text": BIG + EACH.replace("INSIDE", "{% if 'no' in t %}{% endif %}"),
    "search in a range": EACH.replace("INSIDE", "{% if 'x' in range(100000) %}{% endif %}"),
    "slices of a long list": BIG + EACH.replace("INSIDE", "{% set x = b[1:] %}"),
    "copies of a long text": BIG + EACH.replace("INSIDE", "{% set x = t|upper %}"),
    "splits of a long text": BIG + EACH.replace("INSIDE", "{% set x = t.split('1') %}"),
    "sorts of a long list": BIG + EACH.replace("INSIDE", "{% set x = b|sort %}"),
    "groups of a long list": BIG + EACH.replace("INSIDE", "{% set x = b|groupby('real') %}"),
    "selections of a long list": BIG + EACH.replace("INSIDE", "{% set x = b|select('odd')|list %}"),
    "arguments of a macro": BIG + "{% macro f() %}{{ varargs|length }}{% endmacro %}" + EACH.replace("INSIDE", "{{ f(*b) }}"),
    "constants to fold": "{{ " + "[1, 2]|map('center', 1000000000)|list" + " }}",
    "a constant in autoescape": "{% autoescape 'a'|center(1000000000) %}{% endautoescape %}",
}  # fmt: skip
# These are rendered, in an ordinary number of steps.
RENDERED = {
    "a namespace that holds itself": "{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}",
    "a loop without values": "{% for a in [] %}{% else %}x{% endfor %}",
    "a text of ten thousand": "{{ 'a' * 10000 }}",
    "a hundred in a thousand": "{% for a in range(1000) %}{% for b in range(100) %}{% endfor %}{% endfor %}x",
}


def main(folder: Path) -> None:
    """Render each template of a folder. Prints a line of JSON for each: outcome, processor seconds, bytes of memory at most."""
    from adapter.errors import AdapterError
    from adapter.prompt import chat_template

    vars(chat_template)["MOST_STEPS"] = STEPS
    for path in sorted(folder.glob("*.jinja")):
        begun = time.process_time()
        try:
            outcome = (
                f"text of {len(chat_template.load_chat_template(str(path)).render([{'role': 'user', 'content': 'x'}], now=0))}"
            )
        except AdapterError as error:
            outcome = f"{type(error).__name__}: {error.message}"
        spent = time.process_time() - begun
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        sys.stdout.write(json.dumps([path.stem, outcome, round(spent, 3), most]) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
