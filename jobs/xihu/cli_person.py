"""`xihu person …`: show who is who, and hand in what two people decided about it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xihu.settings import settings

if TYPE_CHECKING:
    from xihu.share.decide import Signatory

person_app = typer.Typer(no_args_is_help=True, help="人员身份：查看、待复核、合并、拆分、撤销（两人各凭口令）")

Reason = Annotated[str, typer.Option(help="why; no identifiers in it")]
By = Annotated[str, typer.Option("--by", help="login of who decides; the password is asked for")]
Second = Annotated[str, typer.Option("--second", help="login of who confirms, another person")]


def _asked(login: str, what: str) -> Signatory:
    from xihu.share.decide import Signatory

    return Signatory(login, typer.prompt(f"{what} {login} 的口令", hide_input=True))


def _hand_in(lines: list[tuple[str, str, str]], reason: str, by: str, second: str, undoes: str = "") -> None:
    from xihu.share.decide import decide

    event = decide(settings(), lines, reason, _asked(by, "经办人"), _asked(second, "复核人"), undoes=undoes)
    typer.echo(f"已登记决定 {event}；下一次 xihu run 生效（taken down; the next run applies it）")


@person_app.command()
def merge(
    left: Annotated[int, typer.Argument(metavar="A")],
    right: Annotated[int, typer.Argument(metavar="B")],
    reason: Reason,
    by: By,
    second: Second,
) -> None:
    """Two numbers are one person."""
    from xihu.cli import told
    from xihu.gold.identity.decisions import merge_lines
    from xihu.gold.identity.desk import Desk
    from xihu.pipeline import session

    with told():
        desk = Desk.of(session(), [left, right])
        if desk.live(left) == desk.live(right):
            raise ValueError(f"{left} 与 {right} 已是同一人（{desk.live(left)}）；没有什么可合并（one person already）")
        _hand_in(merge_lines(left, right), reason, by, second)


@person_app.command()
def split(
    number: Annotated[int, typer.Argument(metavar="ID")],
    handle: Annotated[list[str], typer.Argument(help="references as `xihu person show` prints them")],
    reason: Reason,
    by: By,
    second: Second,
) -> None:
    """Some of what a number is known by is another person."""
    from xihu.cli import told
    from xihu.gold.identity.decisions import split_lines
    from xihu.gold.identity.desk import Desk
    from xihu.pipeline import session

    with told():
        apart, rest = Desk.of(session(), [number]).parts(number, handle)
        _hand_in(split_lines(apart, rest), reason, by, second)


@person_app.command()
def undo(event: str, reason: Reason, by: By, second: Second) -> None:
    """Take back an earlier decision (also an undoing)."""
    from xihu.cli import told
    from xihu.gold.identity.desk import known_event
    from xihu.pipeline import session

    with told():
        known_event(session(), event)
        _hand_in([], reason, by, second, undoes=event)


@person_app.command()
def show(number: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """What a number is known by, what became of it, and what speaks for it; identifiers are masked."""
    from xihu.cli import told
    from xihu.gold.identity.desk import Desk
    from xihu.pipeline import session

    with told():
        for title, columns, rows in Desk.of(session(), [number]).page(number):
            _table(title, columns, rows)


@person_app.command()
def queue(limit: int = 20) -> None:
    """Pairs that wait for a decision, those with the most records first."""
    from xihu.cli import told
    from xihu.gold.identity.desk import QUEUE, waiting
    from xihu.pipeline import session

    with told():
        rows = waiting(session(), limit)
        _table(f"待复核 {len(rows)} 对", QUEUE, rows)


def _table(title: str, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    from rich.table import Table

    from xihu.console import wide

    shown = Table(title=title, title_justify="left")
    for name in columns:
        shown.add_column(name, overflow="fold")
    for row in rows:
        shown.add_row(*("" if v is None else str(v) for v in row))
    wide.print(shown)
    sys.stdout.flush()
