"""The `xihu` command: thin. Every subcommand parses words, calls one function of a lower layer and prints what it returns.

Exit codes: 0 done; 1 the work was not done and the message says why and what to do; 2 wrong words on the command line;
3 done, but something that arrived was refused or does not add up.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

from xihu.cli_person import person_app
from xihu.settings import settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help="西湖 Xihu：市级政务数据湖仓", pretty_exceptions_enable=False)
engines_app = typer.Typer(no_args_is_help=True, help="引擎所需的 Java 部件")
catalogue_app = typer.Typer(no_args_is_help=True, help="信息资源目录：检查、导入、导出、字典")
warn_app = typer.Typer(no_args_is_help=True, help="预测模型与预警")
access_app = typer.Typer(no_args_is_help=True, help="访问策略")
app.add_typer(engines_app, name="engines")
app.add_typer(catalogue_app, name="catalogue")
app.add_typer(warn_app, name="warn")
app.add_typer(access_app, name="access")
app.add_typer(person_app, name="person")


@contextmanager
def told() -> Iterator[None]:
    """One clear message instead of a stack trace for everything that a user can cure."""
    from xihu.console import explain

    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except KeyboardInterrupt:
        typer.echo("中断。再次运行同一命令即可继续（interrupted; run it again to go on）", err=True)
        raise typer.Exit(130) from None
    except Exception as error:
        text = explain(error)
        if text is None:
            raise
        typer.echo(text, err=True)
        raise typer.Exit(1) from None


@engines_app.command("fetch")
def engines_fetch(deep: Annotated[bool, typer.Option(help="read and hash every file")] = False) -> None:
    """Bring the Java parts into the user's cache (verified, resumable)."""
    from xihu.engines.fetch import fetch

    with told():
        fetch(deep=deep)


@app.command()
def up(names: Annotated[list[str] | None, typer.Argument(help="metastore trino superset mlflow; default all")] = None) -> None:
    """Start the servers and wait until they answer."""
    from xihu.serve import start

    with told():
        start(names or None)
        status()


@app.command()
def down(names: Annotated[list[str] | None, typer.Argument(help="default all")] = None) -> None:
    """Stop the servers this lake started."""
    from xihu.engines.supervise import down as stop

    with told():
        stop(names or None)


@app.command()
def status() -> None:
    """What runs, on which port, and whether it answers."""
    from xihu.console import status_table

    with told():
        status_table()


@app.command()
def doctor(
    heal: Annotated[bool, typer.Option(help="carry the cures out")] = False,
    deep: Annotated[bool, typer.Option(help="hash every part")] = True,
) -> None:
    """Name what is wrong and what cures it; silent when all is well."""
    from xihu.console import doctor_report

    with told():
        raise typer.Exit(doctor_report(heal=heal, deep=deep))


@app.command()
def sample(
    out: Annotated[Path | None, typer.Option(help="folder; default <home>/sample/out")] = None,
    persons: int = 20_000,
    seed: int = 1,
    months: int = 3,
    start: Annotated[str, typer.Option(help="first month, YYYY-MM")] = "2016-10",
    themes: Annotated[Literal["none", "demo", "all"], typer.Option(help="small extracts of the 25 theme blocks beside")] = "demo",
) -> None:
    """Write the sample city's extracts, dirty as real ones are, and the truths beside them."""
    from xihu.pipeline import make_sample

    with told():
        folder = make_sample(out, persons=persons, seed=seed, months=months, start=start, themes=themes)
        typer.echo(f"样例城市：{folder}")


@app.command()
def run(
    steps: Annotated[list[str] | None, typer.Argument(help="ingest gold marts warn publish serve; default all")] = None,
    as_of: Annotated[str | None, typer.Option(help="what could be known at this instant; default: the newest delivery")] = None,
    force: Annotated[bool, typer.Option(help="compute gold and marts although nothing is new")] = False,
) -> None:
    """Take in what is new and carry it to the marts, warnings and dashboards."""
    from xihu.pipeline import run_all

    with told():
        raise typer.Exit(run_all(steps or None, as_of=as_of, force=force).exit_code)


@app.command()
def ingest(
    paths: Annotated[list[Path] | None, typer.Argument(help="files, or folders <dept>/<file>, or <instant>/<dept>/<file>")] = None,
    received_at: Annotated[str | None, typer.Option(help="instant, e.g. 2016-12-05T09:30+08:00")] = None,
    dept: Annotated[str | None, typer.Option(help="department folder when the path does not say it")] = None,
    withdraw: Annotated[list[str] | None, typer.Option(help="delivery that its sender takes back (may be given several times)")] = None,
    reason: Annotated[str, typer.Option(help="why it is withdrawn")] = "",
) -> None:
    """Deliver files by hand and load them, or take deliveries back; prints the outcome of every file."""
    from xihu.pipeline import ingest_paths

    if not paths and not withdraw:
        raise typer.BadParameter("files or folders to deliver, or --withdraw DELIVERY --reason TEXT")
    with told():
        raise typer.Exit(ingest_paths(paths or [], received_at=received_at, dept=dept, withdrawn=withdraw or (), reason=reason))


@app.command()
def backfill(
    since: Annotated[str, typer.Argument(help="first day or instant of receipt, e.g. 2016-11-01")],
    until: Annotated[str, typer.Argument(help="last day (to its end), or the instant before which files were received")],
    resource: Annotated[list[str] | None, typer.Option(help="<dept>__<resource>; default all (may be given several times)")] = None,
) -> None:
    """Take deliveries of a date range in again from their bytes; only what comes out differently is written."""
    from xihu.pipeline import backfill_range

    with told():
        raise typer.Exit(backfill_range(since, until, resource))


@catalogue_app.command("check")
def catalogue_check() -> None:
    """Judge every contract, fact and code list, and that equal names mean equal things; names file, line and cure."""
    from xihu.contract.directory.store import load_directory
    from xihu.contract.load import CatalogueError, load_catalogue

    try:
        catalogue = load_catalogue(settings().conf, standards=True)
    except CatalogueError as error:
        for problem in error.problems:
            typer.echo(str(problem), err=True)
        typer.echo(f"{len(error.problems)} 处问题", err=True)
        raise typer.Exit(1) from None
    with told():
        directory = load_directory(settings().conf, catalogue)
    classes = f"{len(directory.departments)} 个部门、{len(directory.entries)} 类信息资源"
    typer.echo(f"{len(catalogue.contracts)} 份契约、{len(catalogue.facts)} 张事实表、{classes}：没有问题")


@catalogue_app.command("import")
def catalogue_import(
    file: Path,
    check: Annotated[bool, typer.Option(help="judge only; write nothing")] = False,
    refusals: Annotated[Path | None, typer.Option(help="write the problems of refused lines as CSV")] = None,
) -> None:
    """Take over a department's worksheet 政务信息资源目录 (xlsx, xls); exit code 3 when lines were refused."""
    from xihu.contract.worksheet import import_file

    with told():
        report = import_file(file, settings().conf, check=check)
        for text in (*map(str, sorted(report.problems)), *report.notes):
            typer.echo(text, err=True)
        if refusals:
            refusals.write_text(report.refusals_csv(), "utf-8")
        typer.echo(report.summary)
        raise typer.Exit(3 if report.problems else 0)


@catalogue_app.command("export")
def catalogue_export(
    out: Annotated[Path, typer.Argument(help="a file; for odcs a folder")],
    form: Annotated[Literal["worksheet", "odcs", "dcat", "sharing"], typer.Option("--form")] = "worksheet",
) -> None:
    """Write the catalogue: the official worksheet, ODCS 3, DCAT 3 (Turtle or JSON-LD by the name), or the sharing directory."""
    from xihu.contract.exports import export

    with told():
        typer.echo(export(form, settings().conf, settings().landing, out))


@catalogue_app.command("docs")
def catalogue_docs(out: Annotated[Path | None, typer.Option(help="default <home>/dictionary")] = None) -> None:
    """Build the data dictionary (static, searchable HTML)."""
    from xihu.pipeline import build_docs

    with told():
        typer.echo(f"数据字典：{build_docs(out)}")


@app.command("new-dataset")
def new_dataset(
    file: Annotated[list[Path], typer.Argument(help="a file, several files of one dataset, or a folder of them")],
    dept: Annotated[str, typer.Option(help="department folder, such as mz")] = "xx",
    out: Annotated[Path | None, typer.Option(help="write the contract here instead of printing it")] = None,
) -> None:
    """Draft a contract from files in hand: every guess is marked with how sure it is and why. Nothing is overwritten."""
    from xihu.contract.draft import draft
    from xihu.contract.drift import files_of
    from xihu.contract.elements import read_elements
    from xihu.standards.codes import load_codes

    with told():
        conf = settings().conf
        text = draft(files_of(file), dept=dept, codes=load_codes(conf / "codes"), elements=read_elements(conf / "elements.yaml"))
        if out is None:
            typer.echo(text)
        elif out.exists():
            typer.echo(f"文件已存在，不覆盖：{out} / exists already", err=True)
            raise typer.Exit(1)
        else:
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(text, "utf-8")
            typer.echo(f"已写入 {out}；逐条核对注释后运行 xihu catalogue check / written; go through the comments, then check")


@app.command()
def sql(
    statement: str,
    login: Annotated[str, typer.Option("--as", help="admin engineer analyst leader auditor caseworker, or user@purpose")] = "analyst",
    form: Annotated[Literal["table", "csv", "json"], typer.Option("--format")] = "table",
) -> None:
    """Ask Trino as one of the demo's people."""
    from xihu.share.sql import query, render

    with told():
        for text in render(query(settings(), statement, login), form):
            sys.stdout.write(text)


@app.command()
def trace(
    table: Annotated[str, typer.Argument(help="a mart, or a programme such as W9 with person=…")],
    where: Annotated[list[str], typer.Argument(help="column=value …")],
    form: Annotated[Literal["table", "json"], typer.Option("--format")] = "table",
) -> None:
    """From a figure to the gold rows, silver rows, file and line behind it."""
    from xihu.pipeline import trace_cell

    with told():
        trace_cell(table, dict(w.split("=", 1) for w in where), form)


@warn_app.command("train")
def warn_train(as_of: Annotated[str | None, typer.Option(help="what could be known at this instant")] = None) -> None:
    """Train the lapse model on the settled years and register it as challenger."""
    from xihu.pipeline import warn

    with told():
        warn("train", as_of=as_of)


@warn_app.command("score")
def warn_score(as_of: Annotated[str | None, typer.Option()] = None) -> None:
    """Score with the champion and write gold.warning."""
    from xihu.pipeline import warn

    with told():
        warn("score", as_of=as_of)


@warn_app.command("promote")
def warn_promote(
    version: str = "challenger",
    signed_by: Annotated[str | None, typer.Option(help="who answers for a model above the limits; not the login that trained it")] = None,
    reason: Annotated[str | None, typer.Option(help="why it is promoted all the same")] = None,
) -> None:
    """Make a version the champion if the gate lets it pass, or somebody signs for it."""
    from xihu.early_warning.registry import Signature
    from xihu.pipeline import warn

    with told():
        if bool(signed_by) != bool(reason):
            raise ValueError("--signed-by 与 --reason 须同时给出（a signature needs both）")
        warn("promote", version=version, signature=Signature(signed_by, reason) if signed_by and reason else None)


@warn_app.command("list")
def warn_list(programme: str | None = None, division: str | None = None, limit: int = 20) -> None:
    """Open warnings, the most urgent first."""
    from xihu.pipeline import warn

    with told():
        warn("list", programme=programme, division=division, limit=limit)


@access_app.command("compile")
def access_compile() -> None:
    """Compile conf/access.yaml to Trino's rules, groups and passwords."""
    from xihu.share.access import compile_access

    with told():
        compile_access(settings())
        typer.echo("访问策略已编译")


@app.command()
def generate(check: Annotated[bool, typer.Option(help="change nothing; fail when something would change")] = False) -> None:
    """Write the generated files that tools need: JSON Schema, dbt sources."""
    from xihu.generate import generate as write

    with told():
        changed = write(check=check)
        for path in changed:
            typer.echo(("would change: " if check else "written: ") + str(path))
        raise typer.Exit(1 if check and changed else 0)


@app.command()
def demo(persons: int = 20_000, seed: int = 1, months: int = 3) -> None:
    """The whole system on this machine; ends with one screen. A second call does only what is new."""
    from xihu.demo import demo as show

    with told():
        raise typer.Exit(show(persons=persons, seed=seed, months=months))


def main() -> None:
    """Entry point of the `xihu` command."""
    app()


if __name__ == "__main__":
    main()
