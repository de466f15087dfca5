"""The model card: one HTML page in Chinese, made from the run, for those who decide whether the model may warn anybody."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from xihu.early_warning.cuts import CITY
from xihu.early_warning.spec import ModelSpec
from xihu.early_warning.trainer import Fitted

_STYLE = """body{font:16px/1.7 system-ui,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif;max-width:60rem;
margin:2rem auto;padding:0 1rem;color:#1a2733}table{border-collapse:collapse;margin:.5rem 0 1.5rem}
td,th{border-bottom:1px solid #d5dde4;padding:.25rem .9rem .25rem 0;text-align:left;vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums}h2{margin-top:2rem;border-bottom:2px solid #0f6d7a}.note{color:#566}"""
_OUTCOMES = {
    "lapsed": "断缴",
    "paid": "已缴",
    "died": "死亡",
    "moved_out": "迁出或注销",
    "employee_pension": "转入职工养老",
    "draws_pension": "已领养老金",
    "student": "在校",
}
_METRICS = {
    "rows": "检验人数",
    "positives": "其中断缴",
    "prevalence": "断缴率",
    "pr_auc": "PR-AUC",
    "pr_auc_low": "PR-AUC 95% 区间下限",
    "pr_auc_high": "PR-AUC 95% 区间上限",
    "random_pr_auc": "基线：随机 PR-AUC",
    "rule_pr_auc": "基线：曾漏缴者优先 PR-AUC",
    "logistic_pr_auc": "基线：逻辑回归 PR-AUC",
    "trees_pr_auc": "提升树 PR-AUC",
    "visits": "走访数（各区能力之和）",
    "precision_at_k": "走访命中率",
    "recall_at_k": "走访覆盖的断缴者",
    "lift_at_k": "命中率为断缴率的倍数",
    "random_precision_at_k": "基线：随机走访命中率",
    "rule_precision_at_k": "基线：规则走访命中率",
    "brier": "Brier",
    "brier_skill": "Brier 技巧分",
    "ece": "校准误差 ECE（十等分）",
    "calibration_slope": "校准斜率（1 为准）",
    "calibration_intercept": "校准截距（0 为准）",
    "beats_random_low": "比随机高出的 PR-AUC，区间下限",
    "beats_rule_low": "比规则高出的 PR-AUC，区间下限",
    "beats_logistic_low": "比逻辑回归高出的 PR-AUC，区间下限",
}


def _number(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "未测"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.3f}"
    return f"{int(value):,}" if isinstance(value, (int, float)) else str(value)


def _table(rows: list[list[Any]], head: list[str]) -> str:
    def cell(v: Any) -> str:
        number = isinstance(v, (int, float)) and not isinstance(v, bool)
        return f'<td class="n">{_number(v)}</td>' if number else f"<td>{html.escape(_number(v))}</td>"

    top = "".join(f"<th>{html.escape(h)}</th>" for h in head)
    return f"<table><tr>{top}</tr>" + "".join("<tr>" + "".join(map(cell, r)) + "</tr>" for r in rows) + "</table>"


def _group(table: pd.DataFrame, values: Mapping[str, str]) -> str:
    rows = [
        [
            values.get(str(r.value), str(r.value)),
            r.n,
            r.positives,
            r.selected,
            r.recall,
            r.low,
            r.high,
            "判" if r.judged else "人数过少，不判",
        ]
        for r in table.itertuples()
    ]
    return _table(rows, ["组", "人数", "断缴", "走访", "召回", "区间下限", "区间上限", "判断"])


def card(fitted: Fitted, spec: ModelSpec, as_of: datetime, data: Mapping[str, Any], report: Mapping[str, Any], commit: str) -> str:
    """The page. Holds counts and rates of groups of persons, never a person's row."""
    years = fitted.years
    replayed = report.get("replayed", {})
    knowledge = "各训练年份均严格按数据湖当时已知。"
    if replayed:
        said = "；".join(f"{t}：{'、'.join(map(str, ys))} 年" for t, ys in sorted(replayed.items()))
        knowledge = f"下列各表在所列年份尚未交付，以首批补录数据按业务发生时间近似“当时可知”：{said}。其余及打分一律严格按已知时点。"
    outcomes = report.get("outcomes", {})
    names = [n for n in _OUTCOMES if any(n in v for v in outcomes.values())]
    parts = [
        f"<h1>{html.escape(spec.title)} 模型说明</h1>",
        f"<p>{html.escape(spec.purpose)}</p>",
        _table(
            [
                ["模型", spec.model],
                ["事项", spec.programme],
                ["责任部门", spec.owner],
                ["依据", spec.law],
                ["数据截止", f"{as_of.astimezone(CITY):%Y-%m-%d %H:%M}（北京时间）"],
                ["选用方法", fitted.recipe],
                ["训练年份", "、".join(map(str, years["train"]))],
                ["选型与校准年份", "、".join(map(str, years["tune"]))],
                ["检验年份", "、".join(map(str, years["test"]))],
                ["知识时点", knowledge],
                ["代码版本", commit],
            ],
            ["项", "值"],
        ),
        "<h2>预测什么</h2><p>上一年已缴费（或上一年起新参保）、当年年底仍未缴费为断缴。死亡、迁出、转入职工养老、开始领取养老金、在校者不算断缴。"
        "上一年已欠缴的人是已知事实，不在预测之列。</p>",
        _table([[y, *[outcomes[y].get(n, 0) for n in names]] for y in sorted(outcomes)], ["年份", *[_OUTCOMES[n] for n in names]]),
        f'<p class="note">出生日期缺失而无法判断年龄、未进入训练的人次：{_number(report.get("birth_unknown", 0))}。'
        f"缺少的表：{html.escape('、'.join(report.get('missing_tables', [])) or '无')}。</p>",
        "<h2>准不准</h2><p>检验年份没有参与训练和选型；每个人的分数来自没有见过此人任何年份的模型。</p>",
        _table([[title, fitted.metrics.get(k)] for k, title in _METRICS.items()], ["指标", "值"]),
        "<h2>对谁更不准</h2><p>同样的走访能力下，各组断缴者被走访到的比例（召回）及 95% 区间。</p>",
    ]
    for name, group in spec.groups.items():
        parts.append(f"<h3>{html.escape(group.title)}</h3>" + _group(fitted.groups[name], group.values))
    usual = [[f.title, f.source, n, fitted.usual.get(n)] for n, f in spec.features.items()]
    parts += [
        "<h2>用什么</h2>",
        _table(usual, ["特征", "来源", "名称", "常见值（中位数）"]),
        "<p>不使用：" + html.escape("、".join(spec.exclude)) + "。</p>",
        "<h2>局限</h2><ul>" + "".join(f"<li>{html.escape(x)}</li>" for x in spec.limits) + "</ul>",
        "<h2>数据版本</h2>",
        _table(
            [[t, v.get("version"), v.get("run"), v.get("rows")] for t, v in sorted(data.items())], ["表", "Delta 版本", "运行编号", "行数"]
        ),
    ]
    return (
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{html.escape(spec.title)}</title><style>{_STYLE}</style>'
        + "".join(parts)
        + "</html>"
    )
