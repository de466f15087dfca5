"""The scorecard of departments against numbers worked out by hand, and its sums against the ledger."""

from __future__ import annotations

import json

import jinja2
import pytest
import scorecard_case as case
import welfare_oracle as o

SHARES = ("on_time_share", "complete_share", "valid_share", "unique_share", "consistent_share", "corrected_share")
COUNTS = ("files", "files_refused", "files_repeated", "records", "quarantined", "due", "due_met")


@pytest.fixture(scope="module")
def rows(city):
    spark, _ = city
    return {(r.department, f"{r.month:%Y-%m}"): r for r in spark.table("stage_ops.scorecard").collect()}


def test_the_case_rests_on_these_promises(catalogue):
    promised = {n: (catalogue.contracts[n].update, catalogue.contracts[n].expect.arrival_days) for n in case.FRESHNESS}
    assert promised == {
        case.SHOP: ("monthly", 5),
        case.STATS: ("monthly", 12),
        case.CODES: ("yearly", None),
        case.DAILY: ("daily", None),
        case.LEEDS: ("monthly", None),
        "tj__street_codes": ("yearly", None),
    }


def test_departments_and_months_by_hand(rows):
    for place, (counts, shares, score) in case.SCORES.items():
        row = rows[place]
        assert tuple(row[c] for c in COUNTS) == counts, place
        assert tuple(None if row[s] is None else float(row[s]) for s in SHARES) == shares, place
        assert (None if row.score is None else float(row.score)) == score, place
    health = rows["市卫生和计划生育委员会", "2025-03"]
    assert (health.due, health.due_met) == case.HEALTH_IN_MARCH


def test_every_department_has_every_month_and_nothing_is_counted_twice(city, catalogue, rows):
    spark, _ = city
    departments = {c.provider.name for c in catalogue.contracts.values()}
    assert set(rows) == {(d, m) for d in departments for m in ("2025-01", "2025-02", "2025-03")}
    ledger = spark.table("ops.ledger").where(f"received_at <= timestamp'{o.K}'").collect()
    newest = {(r.file, r.resource): r for r in sorted(ledger, key=lambda r: r.run_id)}
    standing = [r for r in newest.values() if r.verdict != "withdrawn" and not (r.resource is None and "村居" in r.file)]
    assert sum(r.files for r in rows.values()) == len(standing)
    taken = [r for r in standing if r.verdict.startswith("accepted")]
    assert sum(r.records for r in rows.values()) == sum(r.records_in for r in taken)
    assert sum(r.missing + r.invalid + r.inconsistent for r in rows.values()) + 2 == sum(r.quarantined for r in taken)


def test_worst_fields(city):
    spark, _ = city
    found = {(f"{r.month:%Y-%m}", r.resource, r.field, r.reason): r for r in spark.table("stage_ops.scorecard_field").collect()}
    shown = {k: (r.field_name, r.reason_name, r.dimension_name, r.records, float(r.share)) for k, r in found.items()}
    assert shown == {
        ("2025-02", case.SHOP, "uscc", "missing_key"): ("统一社会信用代码", "必填项为空", "完整", 1, 0.01),
        ("2025-02", case.SHOP, "established", "bad_date"): ("成立日期", "日期不成立", "有效", 1, 0.01),
        ("2025-02", case.SHOP, "capital_known", "check_failed"): ("capital_known", "未通过核对", "一致", 2, 0.02),
        ("2025-03", case.SHOP, "uscc,district", "duplicate_key"): ("统一社会信用代码、住所区县", "主键重复而内容不同", "唯一", 2, 0.02),
    }


def test_freshness_against_the_promise(city):
    spark, _ = city
    found = {r.resource: r for r in spark.table("stage_ops.scorecard_freshness").collect()}
    for resource, (state, due, late) in case.FRESHNESS.items():
        row = found[resource]
        assert (row.state, row.next_due_on and row.next_due_on.isoformat(), row.days_late) == (state, due, late), resource
    assert {r.state_order for r in found.values() if r.state == "never"} == {4}


def test_refused_files_have_reasons_in_words(city):
    spark, _ = city
    bad = {r.file_name: r for r in spark.table("stage_ops.scorecard_file").where("verdict = 'refused'").collect()}
    assert {n: (r.department, r.reason_name, r.corrected) for n, r in bad.items()} == {
        "企业登记_202412.csv": ("市市场监督管理局", "表头与约定不符", True),
        "说明.docx": ("市统计局", "表头与约定不符", False),
        "村居代码.csv": ("市统计局", "整份文件编码不符", False),
        "payments.csv": ("Leeds City Council", "文件没有内容", False),
    }


def test_small_figures_of_deliveries_are_published_as_they_are(city, catalogue):
    """Small cells are those of persons; a department with three faults has three."""
    from xihu.gold.publish import publish

    spark, _ = city
    publish(spark, 20, o.K, o.MONTHS, catalogue=catalogue)
    for table in ("scorecard", "scorecard_file", "scorecard_field", "scorecard_freshness"):
        staged, published = spark.table(f"stage_ops.{table}"), spark.table(f"ops.{table}")
        assert published.exceptAll(staged).isEmpty() and staged.count() == published.count() > 0
        assert all(f.metadata.get("comment") for f in published.schema)
    assert "ops.scorecard" in json.loads(spark.table("ops.release").collect()[-1].tables)


def test_names_of_one_file(city):
    """Marks of a repeated sending and extensions fall away; what tells months and districts apart stays."""
    from xihu.gold.dbt import PROJECT

    spark, _ = city
    text = (PROJECT / "macros" / "cadence.sql").read_text("utf-8")
    bare = jinja2.Environment().from_string(text + "{{ bare_name('f') }}").render().strip()
    same = {
        "landing/mz/x/高龄津贴发放_201610（补）.xlsx": "高龄津贴发放_201610",
        "a/低保_201610_更正.csv": "低保_201610",
        "a/低保_201610(2).csv": "低保_201610",
        "a/低保_201610 - 副本.tar.gz": "低保_201610",
        "a/x.zip!内/低保_201610_v2.csv": "低保_201610",
        "a/户籍人口_330102_201610.csv": "户籍人口_330102_201610",
        "a/低保（西湖区）_2016年10月.xls": "低保（西湖区）_2016年10月",
        "a/低保_20161012.csv": "低保_20161012",
        "a/低保_201610重报.csv": "低保_201610",
        "a/低保_2016（10）.csv": "低保_2016（10）",
        "a/补贴.csv": "补贴",
        "a/待遇补发.csv": "待遇补发",
        "a/payments.csv": "payments",
    }
    frame = spark.createDataFrame([(f,) for f in same], "f string").selectExpr("f", f"{bare} as bare")
    assert {r.f: r.bare for r in frame.collect()} == same
