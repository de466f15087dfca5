"""Full linkage of many mentions beside DuckDB's group-by of the number alone and Splink alone.

    python -m benchmarks.base.link [--mentions 6000000] [--contender link|group_by|splink] [--memory 8GB]

Five mentions a person from five registers; three in a hundred have no number. Mentions are made in DuckDB by hashing, so that the same
count gives the same mentions. Each contender runs in a process of its own; printed are wall and CPU seconds and the highest resident
memory of the process, as lines of JSON. Splink alone gets the same prepared columns and settings, its blocking rules and its connected
components at the same threshold.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

ROOT = Path(__file__).resolve().parents[2]
PER_PERSON = 5
NUMBERLESS = 0.03
SURNAMES = (
    "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
GIVEN = (
    "伟芳英明华玉秀丽文国建志海军平红春林小永梅兰德珍晓荣云新宝桂子梓涵欣雨宇轩浩佳嘉俊杰思诗怡一辰晨博若"
    "可沐奕宸泽睿瑞凤美淑爱福成祥生龙飞雪霞慧敏静强勇峰波涛辉斌磊超鹏娟艳玲燕婷琳颖倩莉萍娜琴凯健帅亮刚卫"
    "东庆良友根兴才发水"
)
DIVISIONS = "330102330103330104330105330106330108330109330110330111330122330127330182330185"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def make(count: int) -> pa.Table:
    """`count` mentions with the columns of `MENTIONS`."""
    import duckdb

    def pick(text: str, seed: int, size: int = 1) -> str:
        n = len(text) // size
        return f"'{text}'[(h{seed} % {n}) * {size} + 1 : (h{seed} % {n}) * {size} + {size}]"

    check = " + ".join(f"cast(body[{i + 1}] as int) * {w}" for i, w in enumerate(WEIGHTS))
    hashes = ", ".join(f"(hash(p, {i}) >> 11)::bigint as h{i}" for i in range(9))
    con = duckdb.connect(config={"preserve_insertion_order": False})
    return con.sql(
        f"""
        with person as (
            select p, {hashes} from range({count // PER_PERSON}) t(p)),
        named as (
            select *, {pick(SURNAMES, 0)} || {pick(GIVEN, 1)} || case when h2 % 5 > 0 then {pick(GIVEN, 2)} else '' end as name,
                date '1930-01-01' + (h3 % 31000)::int as born, {pick(DIVISIONS, 4, 6)} as division,
                (h5 % 2 + 1)::varchar as sex from person),
        body as (select *, division || strftime(born, '%Y%m%d') || lpad(((h6 % 490) * 2 + 2 - sex::int % 2)::varchar, 3, '0') as body
            from named),
        numbered as (select *, body || '10X98765432'[({check}) % 11 + 1] as number from body),
        said as (select *, s, hash(p, s, 99) % 10000 as luck from numbered, range({PER_PERSON}) r(s))
        select 'mention:' || lpad(to_hex(p * {PER_PERSON} + s), 16, '0') as handle,
            ['ga__hukou.person', 'yb__medical.insured', 'rs__pension.insured', 'wj__visits.patient', 'mz__aid.payee'][s + 1] as source,
            case when luck < {NUMBERLESS * 10000} then [] else [{{'type': 'citizen_id', 'value': number}}] end as ids,
            name, sex, born as birth_date, null::date as death_date, division,
            case when s in (0, 3) then division || lpad((h7 % 12 + 1)::varchar, 3, '0') end as street,
            case when s < 2 then '文一路' || (h7 % 900) || '号' || (h8 % 40) || '幢' || (p % 300) || '室' end as address,
            case when s > 0 then '13' || lpad((h8 % 1000000000)::varchar, 9, '0') end as phone,
            case when s = 0 then 'H' || (p // 3) end as household, null::varchar as relation,
            timestamptz '2016-01-01 00:00:00+00' + to_hours((h7 % 8000)::int) as known_from, 1::bigint as records
        from said
        """
    ).to_arrow_table()


def run_link(mentions: pa.Table, memory: str) -> dict[str, Any]:
    from xihu.gold.linkage import link, load_model

    linked = link(mentions, [], load_model(), memory=memory)
    clusters = linked.clusters["cluster"].to_pylist()
    return {"clusters": len(set(clusters)), "pairs": linked.pairs.num_rows, "scored": linked.state.scored.num_rows}


def run_group_by(mentions: pa.Table, memory: str) -> dict[str, Any]:
    import duckdb

    con = duckdb.connect(config={"memory_limit": memory})
    con.register("mentions", mentions)
    found = con.execute(
        "select count(*), sum(n) from ("
        "select ids[1].value[:17]::bigint as id, count(*) as n, min(handle) from mentions where len(ids) > 0 group by 1)"
    ).fetchone()
    return {"clusters": found[0] if found else 0}


def run_splink(mentions: pa.Table, memory: str) -> dict[str, Any]:
    from splink import DuckDBAPI, Linker

    from xihu.gold.linkage import candidates, load_model, score
    from xihu.gold.linkage.levels import splink_settings
    from xihu.gold.linkage.link import connect
    from xihu.gold.linkage.prepare import prepare

    model = load_model()
    con = connect(memory)
    prepare(con, mentions)
    candidates.crowded(con, model)
    con.execute("create temp table candidate as select handle as l, handle as r from m")
    con.execute(score._INPUT)
    rules = ("l.birth = r.birth and l.readings[1] = r.readings[1]", "l.phone = r.phone")
    settings = splink_settings(model) | {
        "blocking_rules_to_generate_predictions": [{"blocking_rule": r, "sql_dialect": "duckdb"} for r in rules]
    }
    api = DuckDBAPI(connection=con)
    linker = Linker(api.register("compared"), settings, validate_settings=False, log_level=None)
    predicted = linker.inference.predict(threshold_match_weight=model.upper, warning_mode="never")
    linker.clustering.cluster_pairwise_predictions_at_threshold(predicted)
    return {"pairs": con.execute(f"select count(*) from {predicted.physical_name}").fetchall()[0][0]}


CONTENDERS = {"link": run_link, "group_by": run_group_by, "splink": run_splink}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--mentions", type=int, default=6_000_000)
    arguments.add_argument("--contender", choices=CONTENDERS)
    arguments.add_argument("--memory", default="8GB")
    given = arguments.parse_args()
    if given.contender is None:
        for name in CONTENDERS:
            command = [sys.executable, "-m", "benchmarks.base.link", "--mentions", str(given.mentions), "--memory", given.memory]
            subprocess.run([*command, "--contender", name], check=True, cwd=ROOT)
        return
    mentions = make(given.mentions)
    before, start = time.process_time(), time.perf_counter()
    found = CONTENDERS[given.contender](mentions, given.memory)
    wall, cpu = time.perf_counter() - start, time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        json.dumps(
            {
                "contender": given.contender,
                "mentions": mentions.num_rows,
                "wall_s": round(wall, 1),
                "cpu_s": round(cpu, 1),
                "peak_mb": peak,
                **found,
            }
        )
    )


if __name__ == "__main__":
    main()
