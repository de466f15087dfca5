"""The steps of a run in order — ingest, gold, marts, warn, publish, serve — and the commands that use one of them.

A run holds the lake, writes its manifest before it begins, and marks each step as it ends; a run that was killed is finished under
its own number before anything new. Nothing reads the clock inside a calculation: what could be known is the newest delivery's
instant unless `as_of` says otherwise.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from xihu.console import out, step_printer
from xihu.settings import settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from xihu.early_warning.registry import Signature
    from xihu.lake.runs import Run
    from xihu.silver.pipeline import IngestReport

STEPS = ("ingest", "gold", "marts", "warn", "publish", "serve")
Progress = Callable[[str], None]


class StepError(ValueError):
    """A step was named that does not exist."""


@dataclass
class RunReport:
    """What a run did; `exit_code` 3 when something that arrived was refused by our own books, 0 otherwise."""

    run: int | None = None
    ingest: IngestReport | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        return 3 if self.ingest is not None and not self.ingest.ok else 0


def make_sample(
    target: Path | None = None, *, persons: int, seed: int, months: int, start: str, themes: Literal["none", "demo", "all"] = "demo"
) -> Path:
    """The sample city's extracts under `target` (default `<home>/sample/out`), truths and the worksheet 政务信息资源目录 beside it.

    Written once per set of arguments.
    """
    from xihu.sample import generate
    from xihu.sample.directory.worksheet import write as write_worksheet

    folder = target or settings().home / "sample" / "out"
    mark = folder.parent / "arguments.json"
    arguments = {"persons": persons, "seed": seed, "months": months, "start": start, "themes": themes, "out": folder.name}
    if folder.exists() and mark.exists() and json.loads(mark.read_text("utf-8")) == arguments:
        return folder
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(
            f"{folder} 里已有另一座样例城市；请用 --out 另选文件夹，或先移走它（holds another city; choose --out or move it away）"
        )
    say = step_printer()
    say(f"样例城市：{persons:,} 人，{months} 个月")
    year, month = map(int, start.split("-"))
    generate(folder, persons=persons, seed=seed, months=months, start=date(year, month, 1), themes=themes)
    write_worksheet(folder.parent / "政务信息资源目录.xlsx")
    mark.write_text(json.dumps(arguments), "utf-8")
    return folder


def session() -> SparkSession:
    """The run's session on the shared metastore, which is started if it does not answer."""
    from xihu.engines import supervise
    from xihu.lake.session import spark_session

    if not any(e.name == "metastore" and e.state == "running" for e in supervise.status()):
        supervise.up(["metastore"])
    return spark_session("xihu")


def _digest() -> str:
    """What decides gold and marts beside the data: configuration and SQL."""
    s = settings()
    sha = hashlib.sha256()
    for folder in (s.conf, s.root / "dbt_project"):
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            sha.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes() + b"\0")
    return sha.hexdigest()


def _state() -> dict[str, Any]:
    file = settings().manifests / "published.json"
    return json.loads(file.read_text("utf-8")) if file.exists() else {}


def run_all(
    steps: Sequence[str] | None = None, *, as_of: str | None = None, force: bool = False, signature: Signature | None = None
) -> RunReport:
    """Take in what is new and carry it on.

    Args:
        steps: some of `STEPS`; default all. Earlier steps must have been done by an earlier run.
        as_of: instant or day; deliveries received later are left alone and nothing known later counts.
        force: go through gold, marts and publication although neither data nor configuration changed.
        signature: who answers for a model that the gate would refuse, and why; default nobody.

    Raises:
        RunBusy: another run holds the lake.
        CatalogueError, PolicyError, DbtFailed: named in the layer that raises them; nothing was published.
    """
    from xihu.bronze.instants import parse_instant
    from xihu.lake import runs

    unknown = set(steps or ()) - set(STEPS)
    if unknown:
        raise StepError(f"没有这样的步骤：{', '.join(sorted(unknown))}；可用：{' '.join(STEPS)}")
    say = step_printer()
    report = RunReport()
    with runs.exclusive():
        spark = session()
        moment = parse_instant(as_of) if as_of else None
        for old in runs.unfinished():
            _finish(spark, old, report, say, signature)
        wanted = tuple(steps) if steps else STEPS
        todo = _todo(spark, moment)
        behind = force or bool(steps) or bool(todo) or _behind(spark)
        if not behind:
            say("没有新的交付，口径也未改动；现有结果仍然有效")
            return report
        run = runs.begin(spark, "run", list(wanted), todo, moment, _versions())
        _steps(spark, run, report, say, signature)
        run.finish(
            spark,
            "done" if report.exit_code == 0 else "failed",
            json.dumps(report.ingest.failed, ensure_ascii=False) if report.ingest else "",
        )
    return report


def _todo(spark: SparkSession, moment: datetime | None) -> list[str]:
    from xihu.contract.load import load_catalogue
    from xihu.silver.pipeline import plan

    return [d.delivery_id for d in plan(spark, load_catalogue(settings().conf), moment)]


def _versions() -> dict[str, str]:
    from xihu.contract.load import load_catalogue
    from xihu.silver.pipeline import versions

    return versions(load_catalogue(settings().conf))


def _behind(spark: SparkSession) -> bool:
    """Whether silver or the configuration is newer than what was published last."""
    state = _state()
    if state.get("digest") != _digest():
        return True
    newest = spark.sql("select max(run_id) from ops.ledger").collect()[0][0] if spark.catalog.tableExists("ops.ledger") else None
    return newest is not None and newest > state.get("run", 0)


def _finish(spark: SparkSession, old: Run, report: RunReport, say: Progress, signature: Signature | None) -> None:
    """A run that was killed, worked through again under its own number; abandoned when the contracts changed since."""
    from xihu.lake import runs

    runs.resume(old)
    if old.contracts != _versions():
        say(f"运行 {old.no} 中断后契约已改，作废；它的交付按新契约重新处理")
        old.finish(spark, "abandoned", "contracts changed after the run was killed")
        return
    say(f"补完被中断的运行 {old.no}")
    _steps(spark, old, report, say, signature)
    old.finish(spark)


def _steps(spark: SparkSession, run: Run, report: RunReport, say: Progress, signature: Signature | None = None) -> None:
    from xihu.bronze.instants import parse_instant

    report.run = run.no
    given = parse_instant(datetime.fromisoformat(run.as_of)) if run.as_of else None
    work: dict[str, Callable[[datetime], None]] = {
        "gold": lambda known: _gold(spark, run, known, report, say),
        "marts": lambda known: _judge(spark, known, say),
        "warn": lambda known: _warn(spark, run, known, report, say, signature),
        "publish": lambda known: _publish(spark, run, known, report, say),
        "serve": lambda known: serve(say),
    }
    for step in run.steps:
        if run.is_done(step):
            continue
        if step == "ingest":
            from xihu.silver.pipeline import run_ingest

            report.ingest = run_ingest(spark, given, say, run)
            receipts(spark, say)
        else:
            work[step](given or _newest(spark))
        run.done(step)


def _newest(spark: SparkSession) -> datetime:
    """The instant of the newest delivery that was taken in, UTC."""
    from datetime import UTC

    found = spark.sql("select max(received_at) from ops.ledger where verdict like 'accepted%'").collect()[0][0]
    if found is None:
        raise ValueError("数据湖里还没有被接收的交付，先用 xihu ingest 或 xihu run 载入（nothing has been accepted yet）")
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _gold(spark: SparkSession, run: Run, known: datetime, report: RunReport, say: Progress) -> None:
    from xihu.gold.build import build_gold

    found = build_gold(spark, run.no, known, say)
    for table, column, resource, n in found.unresolved:
        report.notes.append(f"{table}.{column}：{resource} 有 {n} 条记录指不出人或单位（见 ops.unresolved）")


def _marts(spark: SparkSession, known: datetime, tag: str, say: Progress) -> list[date]:
    from xihu.gold.dbt import build_marts, months_until

    months = months_until(spark, known)
    build_marts(spark, months, known, tag, say)
    return months


def _judge(spark: SparkSession, known: datetime, say: Progress) -> None:
    _marts(spark, known, "before_models", say)


def _warn(spark: SparkSession, run: Run, known: datetime, report: RunReport, say: Progress, signature: Signature | None) -> None:
    from xihu.early_warning.step import warn_step

    found = warn_step(spark, run.no, known, say, signature=signature)
    report.notes += found.notes


def _publish(spark: SparkSession, run: Run, known: datetime, report: RunReport, say: Progress) -> None:
    from xihu.gold.publish import publish
    from xihu.lake import durable

    months = _marts(spark, known, "after_models", say)
    publish(spark, run.no, known, months, say)
    durable.write_json(settings().manifests / "published.json", {"run": run.no, "digest": _digest(), "as_of": known.isoformat()})


def serve(say: Progress) -> None:
    """Bring the door to what was published: access rules over the tables that stand now, dictionary, dashboards without stale figures."""
    import shutil

    from xihu.engines import supervise
    from xihu.serve import dashboards
    from xihu.share.access import compile_access

    s = settings()
    say("访问策略、字典与看板")
    compile_access(s)
    build_docs(None)
    shutil.rmtree(s.home / "superset" / "cache" / "data", ignore_errors=True)
    if any(e.name == "superset" and e.state != "stopped" for e in supervise.status()):
        dashboards()


def receipts(spark: SparkSession, say: Progress) -> list[Path]:
    """The receipts of all deliveries that have none of their newest judgement."""
    from xihu.contract.load import load_catalogue
    from xihu.share.receipt import write_receipts

    pages = write_receipts(spark, load_catalogue(settings().conf))
    if pages:
        say(f"回执 {len(pages)} 份：{settings().home / 'receipts'}")
    return pages


def build_docs(target: Path | None) -> Path:
    """The data dictionary; returns its first page."""
    from xihu.contract.dictionary import build_dictionary
    from xihu.contract.load import load_catalogue

    folder = target or settings().home / "dictionary"
    build_dictionary(load_catalogue(settings().conf), folder, _marts_described())
    return folder / "index.html"


def _marts_described() -> list[dict[str, Any]]:
    """Published marts with the descriptions that dbt carries to Trino."""
    import yaml

    models = settings().root / "dbt_project" / "models"
    found = []
    for file in sorted(models.glob("*/schema.yml")):
        if file.parent.name == "welfare":
            continue
        for model in yaml.safe_load(file.read_text("utf-8"))["models"]:
            columns = [{"name": c["name"], "description": c["description"], "type": c["data_type"]} for c in model["columns"]]
            title = model["description"].strip().splitlines()[0]
            found.append(
                {"schema": file.parent.name, "name": model["name"], "title": title, "description": model["description"], "columns": columns}
            )
    return found


def ingest_paths(
    paths: Sequence[Path], *, received_at: str | None, dept: str | None, withdrawn: Sequence[str] = (), reason: str = ""
) -> int:
    """Deliver by hand, or take deliveries back, and load all that is new; 3 when a file was refused or books did not balance, 0 otherwise.

    Raises:
        DeliveryError: a path cannot be read, or a delivery to be withdrawn does not exist; nothing was changed.
    """
    import getpass

    from xihu.bronze.deliver import deliver, withdraw
    from xihu.silver.pipeline import run_ingest

    landed = {d.delivery_id for d in withdraw(withdrawn, reason, getpass.getuser())}
    landed |= set(deliver(paths, received_at, dept)) if paths else set()
    spark = session()
    report = run_ingest(spark, None, typer.echo)
    pages = receipts(spark, typer.echo)
    # A control file brings back the delivery whose data file waited for it.
    judged = landed | {r.delivery_id for r in report.rows}
    for page in pages:
        if page.parent.name in judged:
            out.print(f"回执  {page}", soft_wrap=True)
    if landed and not report.rows:
        out.print("这些文件此前已交付并处理过，没有新的内容（delivered before; nothing new）")
    return 3 if not report.ok or any(r.verdict == "refused" for r in report.rows) else 0


def backfill_range(since: str, until: str, resources: Sequence[str] | None) -> int:
    """Load the deliveries received in a range again; 3 when books did not balance, 0 otherwise. A day as `until` counts to its end.

    Raises:
        ValueError: not an instant, an empty range, or a resource that no contract declares.
    """
    from xihu.bronze.instants import parse_instant
    from xihu.contract.load import load_catalogue
    from xihu.contract.problems import suggest
    from xihu.silver.pipeline import run_backfill

    first, last = parse_instant(since), parse_instant(until)
    if len("".join(c for c in until if c.isdigit())) == 8:
        last += timedelta(days=1)
    if first >= last:
        raise ValueError(f"时间范围为空：{since} 至 {until}（an empty range）")
    known = load_catalogue(settings().conf).contracts
    if unknown := [r for r in resources or () if r not in known]:
        raise ValueError(f"没有这样的资源：{'、'.join(unknown)}（no contract of that name）；{suggest(unknown[0], known)}")
    spark = session()
    report = run_backfill(spark, first, last, typer.echo, resources)
    receipts(spark, typer.echo)
    return 0 if report.ok else 3


def warn(action: str, *, as_of: str | None = None, version: str = "challenger", signature: Signature | None = None, **choice: Any) -> None:
    """`xihu warn train|score|promote|list`."""
    from xihu.bronze.instants import parse_instant
    from xihu.early_warning import step

    if action == "promote":
        out.print(step.promote(version, signature=signature))
        return
    if action == "list":
        from rich.table import Table

        from xihu.early_warning.warnings import list_warnings

        spark = session()
        rows = list_warnings(spark, **choice)
        table = Table(title=f"预警 {len(rows)} 条", title_justify="left")
        for name in rows[0] if rows else ():
            table.add_column(name, overflow="fold")
        for row in rows:
            table.add_row(*("" if v is None else str(v) for v in row.values()))
        out.print(table)
        return
    from xihu.lake import runs

    with runs.exclusive():
        spark = session()
        moment = parse_instant(as_of) if as_of else _newest(spark)
        if action == "train":
            made = step.train(spark, moment)
            out.print(f"模型版本 {made.version}（challenger）")
            out.print(made.metrics)
            return
        run = runs.begin(spark, "warn score", ["warn"], [], moment, _versions())
        report = RunReport()
        _steps(spark, run, report, step_printer())
        run.finish(spark)
        out.print("\n".join(report.notes) or "已打分")


def trace_cell(table: str, where: dict[str, str], form: str) -> None:
    """`xihu trace`: from a figure, or a person's judgement (`W9 person=… month=…`), to its rows."""
    from xihu.gold.render import render
    from xihu.gold.trace import trace, trace_person

    spark = session()
    measure = where.pop("measure", None)
    if "person" in where:
        found = trace_person(spark, where["person"], table, date.fromisoformat(where["month"]))
    else:
        found = trace(spark, table, where, measure)
    if form == "json":
        out.print_json(found.json())
    else:
        render(found, out)
