"""What the terminal shows: errors in one paragraph, the table of servers, the doctor's findings."""

from __future__ import annotations

import errno
from collections.abc import Callable
from datetime import UTC, datetime

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

out = Console(highlight=False)
# A screen of tables: never narrower than 110 columns, also where no terminal says its width.
wide = Console(highlight=False, width=max(110, out.width))

# Exceptions whose text already names the thing and the cure.
_PLAIN = {
    *("CatalogueError", "DbtFailed", "DeliveryError", "DiskFull", "DraftError", "EngineError", "FileNotFoundError", "NoSuchVersion"),
    *("NotEnoughHistory", "PermissionError", "PolicyError", "PublishRefused", "RunBusy", "ServeError", "SqlError", "TableError"),
    *("TraceError", "ValueError"),
}


def explain(error: BaseException) -> str | None:
    """One clear paragraph for an error that a user can cure; None for a fault of the program, whose stack trace is wanted."""
    chain: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in chain:
        chain.append(at)
        at = at.__cause__ or at.__context__
    for one in chain:
        if (isinstance(one, OSError) and one.errno == errno.ENOSPC) or "No space left on device" in str(one):
            return (
                "磁盘已满，本次没有写入任何不完整的结果；腾出空间后再次运行同一命令即可接着做\n"
                "disk full: nothing half-written is visible; free some space and run the same command again"
            )
    if {c.__name__ for c in type(error).__mro__} & _PLAIN:
        return str(error)
    return None


def step_printer() -> Callable[[str], None]:
    """Prints one dim line per long step, with the time of day."""

    def say(text: str) -> None:
        out.print(f"[dim]{datetime.now().strftime('%H:%M:%S')}[/dim] {escape(text)}", soft_wrap=True)

    return say


def status_table() -> None:
    """What runs, on which port, and whether it answers."""
    from xihu.engines.supervise import status

    table = Table(title="引擎状态", title_justify="left")
    for title in ("引擎", "状态", "进程", "端口", "启动于", "日志"):
        table.add_column(title)
    for e in status():
        colour = {"running": "green", "stopped": "dim"}.get(e.state, "red")
        since = e.since.astimezone().strftime("%m-%d %H:%M:%S") if isinstance(e.since, datetime) else str(e.since or "")
        ports = ", ".join(map(str, e.ports)) if hasattr(e, "ports") else str(getattr(e, "port", ""))
        table.add_row(e.name, f"[{colour}]{e.state}[/{colour}]", str(e.pid or ""), ports, since, str(e.log))
    out.print(table)


def doctor_report(*, heal: bool, deep: bool) -> int:
    """Prints what is wrong and what cures it; nothing when all is well. Exit code 1 when faults remain."""
    from xihu.engines.doctor import doctor

    faults = doctor(deep=deep)
    for fault in faults:
        out.print(f"[red]{fault.code}[/red] {fault.what}\n      依据：{fault.evidence}\n      处理：{fault.cure}", soft_wrap=True)
        if heal:
            try:
                fault.heal()
            except Exception as error:
                out.print(f"      未能处理：{escape(str(error))}", soft_wrap=True)
    if not faults:
        return 0
    if heal:
        faults = doctor(deep=deep)
        for fault in faults:
            typer.echo(f"仍在：{fault.code} {fault.what}", err=True)
    return 1 if faults else 0


def local(instant: datetime | None) -> str:
    """An instant in the city's time, to the minute."""
    from xihu.bronze.instants import CITY

    if instant is None:
        return "—"
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(CITY).strftime("%Y-%m-%d %H:%M")
