"""A light look at the Spark SQL expressions of a contract, without an engine: balance, statements, unknown names.

It catches a typo while a contract is edited; the engine's own parser has the last word when the silver job is built.
"""

from __future__ import annotations

import re
from collections.abc import Collection

_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?\*/)
    |(?P<string>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*")
    |(?P<quoted>`(?:[^`]|``)+`)
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?[a-zA-Z]{0,2}\b)
    |(?P<word>[^\W\d]\w*)
    |(?P<op><=>|->|=>|\|\||::|<=|>=|<>|!=|==|[-+*/%<>=!&|^~.,:?\[\]])
    |(?P<open>\()|(?P<close>\))
    |(?P<bad>.)""",
    re.VERBOSE | re.DOTALL,
)
_KEYWORDS = frozenset(
    """
    and or not is null in like ilike rlike regexp between case when then else end as cast try_cast true false
    distinct div mod escape any some all
    interval year years quarter month months week weeks day days hour hours minute minutes second seconds
    to from for both leading trailing
    date timestamp timestamp_ntz timestamp_ltz string int integer bigint long smallint tinyint boolean
    double float real decimal dec numeric binary
    char varchar array map struct void current_date current_timestamp exists
    over partition by rows range unbounded preceding following current row
    """.split()  # noqa: SIM905
)
_STATEMENTS = frozenset("select insert update delete merge create drop alter with union join where group having".split())  # noqa: SIM905


def identifiers(sql: str) -> set[str]:
    """Names in an expression that must be columns: no keyword, function, literal or lambda variable."""
    return _scan(sql)[0]


def faults(sql: str, known: Collection[str]) -> list[tuple[str, str | None]]:
    """What is wrong with an expression: (message, unknown name or None), empty when nothing is seen."""
    names, problems = _scan(sql)
    lowered = {name.lower() for name in known}
    unknown = sorted(name for name in names if name.lower() not in lowered)
    return [(p, None) for p in problems] + [(f"没有这个字段 / no such field: {name}", name) for name in unknown]


def _scan(sql: str) -> tuple[set[str], list[str]]:
    tokens = [(m.lastgroup or "", m.group()) for m in _TOKEN.finditer(sql) if m.lastgroup != "space"]
    problems: list[str] = []
    depth = 0
    names: set[str] = set()
    lambdas: set[str] = set()
    if not tokens:
        return names, ["空表达式 / empty expression"]
    for i, (kind, text) in enumerate(tokens):
        after = tokens[i + 1] if i + 1 < len(tokens) else ("", "")
        before = tokens[i - 1] if i else ("", "")
        if kind == "bad":
            what = "引号不成对 / unbalanced quote" if text in "'\"`" else f"不应出现 / unexpected character {text!r}"
            problems.append(what)
        elif kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
            if depth < 0:
                problems.append("括号不成对 / unbalanced parenthesis")
                depth = 0
        elif kind == "quoted":
            names.add(text[1:-1].replace("``", "`"))
        elif kind == "word":
            low = text.lower()
            if low in _STATEMENTS:
                problems.append(f"只能是一个表达式，不能有 {text.upper()} / one expression only, no {text.upper()}")
            elif after[1] == "->":
                lambdas.add(text)
            elif after[0] != "open" and before[1] != "." and low not in _KEYWORDS:
                names.add(text)
    # Keywords may be the names of fields too (month, date): they are simply not looked up.
    for i, (kind, _) in enumerate(tokens):
        if kind == "open":
            # Only a plain list of names may stand before an arrow: (acc, x) -> …
            close = next((j for j in range(i + 1, len(tokens)) if tokens[j][0] in ("open", "close")), None)
            if close and tokens[close][0] == "close" and close + 1 < len(tokens) and tokens[close + 1][1] == "->":
                lambdas |= {text for k, text in tokens[i:close] if k == "word"}
    if depth:
        problems.append("括号不成对 / unbalanced parenthesis")
    if tokens[-1][0] == "op" and tokens[-1][1] not in {"*", "]"}:
        problems.append(f"表达式未写完 / the expression ends in {tokens[-1][1]!r}")
    return names - lambdas, list(dict.fromkeys(problems))
