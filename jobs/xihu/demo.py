"""`xihu demo`: the whole system on this machine, ending with one screen that is read back through the door everyone uses."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from rich.console import Group
from rich.panel import Panel
from rich.table import Table

from xihu.console import local, step_printer
from xihu.console import wide as out
from xihu.settings import settings

_LATEST = """with latest as (
  select *, row_number() over (partition by delivery_id, file, resource order by run_id desc) n from ops.ledger
)"""
DASHBOARD = "/superset/dashboard/social-security-coverage/"


@dataclass(frozen=True)
class _Reader:
    """Answers of Trino as one of the demo's people, rows as dictionaries."""

    login: str

    def __call__(self, statement: str) -> list[dict[str, Any]]:
        from xihu.share.sql import query

        answer = query(settings(), statement, self.login)
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def demo(*, persons: int, seed: int, months: int) -> int:
    """Fetch, sample, run, serve, show. Returns the exit code of the run."""
    from xihu import pipeline, serve
    from xihu.bronze.deliver import deliver
    from xihu.early_warning.registry import Signature
    from xihu.engines import supervise
    from xihu.engines.fetch import fetch

    began = time.monotonic()
    say = step_printer()
    say("① 引擎部件（Java）")
    fetch()
    say("② 样例城市")
    folder = pipeline.make_sample(None, persons=persons, seed=seed, months=months, start="2016-10")
    s = settings()
    if not (s.home / "superset" / "bootstrap.json").exists():
        from xihu.share.access import compile_access

        compile_access(s)
        waiting = serve.bootstrap(offline=True)
    else:
        waiting = None
    say("③ 元数据服务与 Trino")
    supervise.up(["metastore", "trino"])
    say("④ 载入、核对、计算、发布")
    deliver([folder])
    report = pipeline.run_all(signature=Signature("demo", "样例城市演示：群体差异或超限，仅为展示打分与清单，不用于真实人群"))
    say("⑤ 看板与模型登记")
    serve.dashboards(waiting)
    serve.start()
    screen(time.monotonic() - began, report.notes)
    return report.exit_code


def screen(seconds: float, notes: list[str]) -> None:
    """What came in, whether it adds up, three findings, where to go, as whom, and what to try."""
    engineer, leader = _Reader("engineer"), _Reader("leader")
    out.print()
    out.print(
        Panel(
            Group(
                *(_received(engineer), "", _refused(engineer), "", _findings(leader), "", _doors(), "", _tries()),
                *(f"[dim]{n}[/dim]" for n in notes),
            ),
            title="西湖 Xihu · 部门文件到领导看板",
            subtitle=f"用时 {seconds // 60:.0f} 分 {seconds % 60:.0f} 秒",
            padding=(1, 2),
        )
    )


def _received(ask: _Reader) -> Group:
    row = ask(f"""{_LATEST}
        select count(*) files, count_if(verdict = 'refused') refused, count_if(verdict = 'duplicate') again,
               count(distinct resource) resources, sum(records_in) records, sum(accepted) accepted, sum(quarantined) quarantined,
               sum(duplicate) duplicate, sum(superseded) superseded, max(received_at) newest
        from latest where n = 1 and verdict <> 'withdrawn'""")[0]
    parts = row["accepted"] + row["quarantined"] + row["duplicate"] + row["superseded"]
    verdict = "[green]相符[/green]" if parts == row["records"] else f"[red]不符：{parts:,}[/red]"
    return Group(
        f"[bold]收到[/bold]  {row['files']} 个文件，{row['resources']} 类资源，截至 {local(row['newest'])}；"
        f"拒收 {row['refused']} 个，重复 {row['again']} 个",
        f"[bold]对账[/bold]  记录 {row['records']:,} = 接收 {row['accepted']:,} + 隔离 {row['quarantined']:,} + 重复 {row['duplicate']:,}"
        f" + 被取代 {row['superseded']:,}  {verdict}",
    )


def _refused(ask: _Reader) -> Table:
    table = Table(title="拒收的文件", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for name in ("文件", "原因", "说明"):
        table.add_column(name, overflow="fold")
    rows = ask(f"""{_LATEST}
        select file, reason, detail from latest where n = 1 and verdict = 'refused' order by received_at""")
    for row in rows[:6]:
        table.add_row(row["file"].rsplit("/", 1)[-1], row["reason"], (row["detail"] or "")[:60])
    return table


def _findings(ask: _Reader) -> Group:
    month = "(select max(month) from social_security.district_month_coverage)"
    lines = ["[bold]值得看的三件事[/bold]"]
    lines += [
        f"  · {r['programme_name']}：符合条件 {r['eligible']:,} 人，已保障 {r['covered']:,} 人，应保未保 [bold]{r['gap']:,}[/bold] 人"
        + (f"，覆盖率 {float(r['coverage_rate']):.1%}" if r["coverage_rate"] is not None else "，数据未到齐，不计覆盖率")
        for r in ask(f"""
            select programme_name, eligible, covered, gap, coverage_rate from social_security.district_month_coverage
            where month = {month} and level = 'city' and gap is not null order by gap desc limit 1""")
    ]
    lines += [
        f"  · 覆盖率最低：{r['district_name']}{r['programme_name']} {float(r['coverage_rate']):.1%}"
        f"（未保 {str(r['gap']) + ' 人' if r['gap'] is not None else '人数不公布'}）"
        for r in ask(f"""
            select district_name, programme_name, coverage_rate, gap from social_security.district_month_coverage
            where month = {month} and level = 'district' and coverage_rate is not null order by coverage_rate limit 1""")
    ]
    lines += [
        f"  · 数据最不完整：{r['resource_name']}（{r['provider']}）合格率 {float(r['completeness']):.2%}，隔离 {r['quarantined']:,} 条"
        for r in ask("""
            select resource_name, provider, completeness, quarantined from social_security.resource_freshness
            where completeness is not null and records_in > 100 order by completeness limit 1""")
    ]
    return Group(*lines)


def _doors() -> Group:
    from xihu.share.passwords import passwords
    from xihu.share.policy import load_policy

    s = settings()
    known, policy = passwords(s), load_policy(s.conf)
    table = Table(title="用户", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for name in ("用户", "身份", "口令"):
        table.add_column(name)
    for name, user in policy.users.items():
        table.add_row(name, user.title, known[name])
    return Group(
        "[bold]入口[/bold]",
        f"  看板      http://127.0.0.1:{s.ports.superset}{DASHBOARD}",
        f"  Trino     https://127.0.0.1:{s.ports.trino_https}（证书 {s.home / 'trino' / 'etc' / 'secret' / 'ca.pem'}）",
        f"  MLflow    http://127.0.0.1:{s.ports.mlflow}",
        f"  数据字典  {s.home / 'dictionary' / 'index.html'}",
        table,
    )


def _tries() -> str:
    return "\n".join(
        (
            "[bold]试一试[/bold]",
            "  xihu sql \"select * from social_security.district_month_coverage where level = 'city'\" --as leader",
            "  xihu trace social_security.district_month_coverage month=2016-12-01 district=330106 programme=W9",
            "  xihu ingest 文件 --dept mz          把自己的文件交进来，看它得到什么回答",
        )
    )
