"""The data dictionary: static pages in Chinese made from the catalogue, searchable without a server or another host."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from xihu.contract import grades, words
from xihu.contract.derive import column_name, spark_type
from xihu.contract.directory.pages import directory_values, sharing_values, url_of
from xihu.contract.directory.store import check_directory
from xihu.contract.load import Catalogue
from xihu.contract.policy import Parameter, Programme, load_parameters, load_programmes
from xihu.contract.problems import CatalogueError

Mart = Mapping[str, Any]


def build_dictionary(catalogue: Catalogue, out: Path, marts: Iterable[Mart] = ()) -> Path:
    """Write the dictionary into a folder; what stands there under the same names is replaced.

    Args:
        catalogue: a valid catalogue.
        out: folder; made if missing.
        marts: published tables, each `{schema, name, title, description, grain?, columns: [{name, description, type?}]}`.

    Returns:
        The start page.
    """
    return _Builder(catalogue, out, list(marts)).build()


class _Builder:
    def __init__(self, catalogue: Catalogue, out: Path, marts: list[Mart]):
        self.catalogue, self.out, self.marts = catalogue, out, marts
        self.index: list[dict[str, Any]] = []
        self.environment = Environment(
            loader=PackageLoader("xihu.contract"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self.environment.globals.update(words=words, spark_type=spark_type, facts=catalogue.facts, grading=grades)
        versions = json.dumps(sorted([r, c.version] for r, c in catalogue.contracts.items()) + sorted([f, ""] for f in catalogue.facts))
        self.edition = hashlib.sha256(versions.encode()).hexdigest()[:8]
        self.programmes: dict[str, Programme] = {}
        self.parameters: list[Parameter] = []
        try:
            self.parameters = load_parameters(catalogue.conf)
            self.programmes = load_programmes(catalogue.conf)
        except CatalogueError:
            pass  # `xihu catalogue check` names the fault; the dictionary goes without the page
        # A fault in conf/directory is named by `xihu catalogue check`; what could be read is shown.
        self.directory = check_directory(catalogue.conf, catalogue)[0]
        listed = [("directory.html", "目录", "directory"), ("sharing.html", "共享目录", "sharing")]
        self.tabs = [*(listed if self.directory.departments else []), ("index.html", "数据集", "dataset"), ("facts.html", "事实表", "fact")]
        self.tabs += [("bases.html", "基础库", "base")] if catalogue.base else []
        self.tabs += [("marts.html", "专题", "mart")] if self.marts else []
        self.tabs += [("codes.html", "代码表", "code")]
        self.tabs += [("policy.html", "政策", "policy")] if self.programmes or self.parameters else []

    def build(self) -> Path:
        self.out.mkdir(parents=True, exist_ok=True)
        self._datasets()
        self._directory()
        self._facts()
        self._bases()
        self._marts()
        self._codes()
        self._policy()
        self._start()
        (self.out / "dictionary.css").write_text(self.environment.get_template("dictionary.css.j2").render(), "utf-8")
        body = json.dumps(self.index, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
        (self.out / "search.js").write_text(f"var INDEX={body};\n", "utf-8")
        return self.out / "index.html"

    def _page(self, path: str, template: str, tab: str, title: str, **values: Any) -> None:
        root = "../" * path.count("/")
        text = self.environment.get_template(template).render(
            root=root, tab=tab, tabs=self.tabs, title=title, edition=self.edition, **values
        )
        file = self.out / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def _entry(self, kind: str, title: str, name: str, url: str, place: str = "", extra: str = "", weight: int = 0) -> None:
        self.index.append({"k": kind, "t": title, "n": name, "u": url, "p": place, "x": extra, "w": weight})

    def _table(
        self, path: str, tab: str, title: str, tables: list[Any], *, lead: str = "", tags: Iterable[str] = (), back: Any = None
    ) -> None:
        self._page(path, "table.html.j2", tab, title, tables=tables, lead=lead, tags=list(tags), back=back or ("index.html", "数据字典"))

    def _start(self) -> None:
        departments: dict[str, list[Any]] = {}
        for contract in self.catalogue.contracts.values():
            departments.setdefault(contract.provider.name, []).append(contract)
        fields = sum(len(c.fields) for c in self.catalogue.contracts.values())
        counts = [
            (len(departments), "提供部门"),
            (len(self.catalogue.contracts), "数据集"),
            (fields, "信息项"),
            (len(self.catalogue.facts), "事实表"),
            (len(self.catalogue.codes), "代码表"),
        ]
        counts += [(len(self.marts), "专题表")] if self.marts else []
        self._page("index.html", "index.html.j2", "dataset", "数据集", departments=sorted(departments.items()), counts=counts)

    def _datasets(self) -> None:
        for resource, c in self.catalogue.contracts.items():
            url = f"dataset/{resource}.html"
            self._page(url, "dataset.html.j2", "dataset", c.title, c=c)
            self._entry("数据集", c.title, resource, url, c.provider.name, f"{c.summary} {c.code}", 4)
            for name, f in c.fields.items():
                self._entry("字段", f.title, name, f"{url}#{name}", c.title, " ".join([*f.titles, words.TYPES[f.type], f.codes or ""]), 1)

    def _directory(self) -> None:
        if not self.directory.departments:
            return
        self._page("directory.html", "directory.html.j2", "directory", "政务信息资源目录", **directory_values(self.directory))
        self._page("sharing.html", "sharing.html.j2", "sharing", "政务数据资源共享目录", **sharing_values(self.directory))
        for entry in self.directory.entries.values():
            if entry.resource is None:
                extra = " ".join(i.title for i in entry.items)
                self._entry("目录", entry.title, entry.code, url_of(entry), entry.provider, extra, 2)

    def _facts(self) -> None:
        feeding: dict[str, list[str]] = {}
        for resource, c in self.catalogue.contracts.items():
            for fed in dict.fromkeys(name for name, _ in c.feed_maps()):
                feeding.setdefault(fed, []).append(resource)
        rows = []
        for name, fact in self.catalogue.facts.items():
            url = f"fact/{name}.html"
            sources = feeding.get(name, [])
            rows.append(_row(_link(url, fact.title), _code(f"gold.{name}"), fact.grain, str(len(sources))))
            columns = [
                _row(
                    f.title,
                    _code(column_name(column, f)),
                    words.TYPES[f.type],
                    f.unit or "",
                    "是" if f.required else "",
                    _pii(f.pii),
                    _link(f"code/{f.codes}.html", f.codes) if f.codes else "",
                    id=column,
                )
                for column, f in fact.columns.items()
            ]
            feeds = [_row(_link(f"dataset/{r}.html", self.catalogue.contracts[r].title), _code(r)) for r in sources]
            heads = ["名称", "列名", "类型", "单位", "必填", "个人信息", "代码表"]
            tables = [("列", heads, columns), ("由这些数据集供给", ["数据集", "资源"], feeds)]
            keys = "、".join(fact.columns[k].title if k in fact.columns else k for k in fact.key)
            tags = [f"gold.{name}", f"键：{keys}"]
            self._table(url, "fact", fact.title, tables, lead=fact.grain, tags=tags, back=("facts.html", "事实表"))
            self._entry("事实表", fact.title, f"gold.{name}", url, "", fact.grain, 3)
            for column, f in fact.columns.items():
                self._entry("列", f.title, column_name(column, f), f"{url}#{column}", fact.title)
        lead = "专题与规则只读事实表，不认部门的表：换一个部门、换一种格式，规则不变。"
        self._table("facts.html", "fact", "事实表", [("", ["事实表", "表名", "一行是什么", "来源数"], rows)], lead=lead)

    def _bases(self) -> None:
        rows = []
        for name, base in self.catalogue.base.items():
            url = f"base/{name}.html"
            rows.append(_row(_link(url, base.title), _code(f"gold.{name}"), str(len(base.attributes))))
            ranked = [
                _row(attr.title, _code(n), words.TYPES[attr.type], "　›　".join(map(self._source, attr.sources)), id=n)
                for n, attr in base.attributes.items()
            ]
            lead = "一数一源：每个属性按次序取第一个有值的权威来源，未采用的值另存。"
            tables = [("属性", ["属性", "列名", "类型", "来源（先者优先）"], ranked)]
            self._table(url, "base", base.title, tables, lead=lead, tags=[f"gold.{name}"], back=("bases.html", "基础库"))
            self._entry("基础库", base.title, f"gold.{name}", url, "", "", 3)
            for n, attr in base.attributes.items():
                self._entry("属性", attr.title, n, f"{url}#{n}", base.title)
        if rows:
            self._table("bases.html", "base", "基础库", [("", ["基础库", "表名", "属性数"], rows)])

    def _source(self, place: str) -> str:
        resource, role = place.split(".", 1)
        known = self.catalogue.contracts.get(resource)
        return f"{known.provider.name}·{known.title}（{role}）" if known else place

    def _marts(self) -> None:
        rows = []
        for mart in self.marts:
            full = f"{mart['schema']}.{mart['name']}"
            title, url = mart.get("title") or full, f"mart/{full}.html"
            description = mart.get("description") or ""
            rows.append(_row(_link(url, title), _code(full), description))
            columns = [
                _row(c.get("description") or "", _code(c["name"]), str(c.get("type") or ""), id=c["name"]) for c in mart.get("columns", [])
            ]
            tables = [("列", ["含义", "列名", "类型"], columns)]
            self._table(url, "mart", title, tables, lead=description, tags=[full], back=("marts.html", "专题"))
            self._entry("专题", title, full, url, "", description, 3)
            for c in mart.get("columns", []):
                self._entry("指标", c.get("description") or c["name"], c["name"], f"{url}#{c['name']}", title, "", 1)
        if rows:
            self._table("marts.html", "mart", "专题", [("", ["专题表", "表名", "说明"], rows)])

    def _codes(self) -> None:
        rows = []
        for name, listed in self.catalogue.codes.items():
            url = f"code/{name}.html"
            rows.append(_row(_link(url, name), str(len(listed))))
            extra = sorted({k for row in listed.rows for k, v in row.extra.items() if v})
            heads = ["代码", "名称", "生效", "失效", "后继", *extra]
            body = [
                _row(
                    _code(r.code),
                    r.name,
                    str(r.valid_from or ""),
                    str(r.valid_to or ""),
                    "、".join(r.successor),
                    *(r.extra.get(k, "") for k in extra),
                    id=r.code,
                )
                for r in listed.rows
            ]
            self._table(url, "code", f"代码表 {name}", [("", heads, body)], back=("codes.html", "代码表"))
            self._entry("代码表", name, name, url, "", "", 2)
            for r in listed.rows:
                self._entry("代码", r.name, r.code, f"{url}#{r.code}", name)
        self._table("codes.html", "code", "代码表", [("", ["代码表", "条数"], rows)])

    def _policy(self) -> None:
        if not (self.programmes or self.parameters):
            return
        tables: list[Any] = []
        for key, p in self.programmes.items():
            heading = f"{key} {p.title}"
            tables.append((heading, ["条件", "名称"], [_row(text, _code(name)) for name, text in p.conditions.items()]))
            self._entry("项目", p.title, key, "policy.html", p.owner, p.law, 3)
        names = {r.code: r.name for r in self.catalogue.codes["divisions"].rows} if "divisions" in self.catalogue.codes else {}
        rows = [
            _row(
                _code(p.name),
                names.get(p.area, p.area) or "全市",
                str(p.valid_from),
                str(p.valid_to or ""),
                f"{p.value} {p.unit}",
                p.source,
                p.confidence,
            )
            for p in self.parameters
        ]
        tables.append(("参数", ["参数", "地区", "起", "止", "值", "依据", "可信度"], rows))
        for name in dict.fromkeys(p.name for p in self.parameters):
            self._entry("参数", name, name, "policy.html")
        lead = "待遇项目的条件与随时间、地区变化的参数。可信度：C 已公布，C-law 法规原文，M 通行而未核实，M? 存疑，使用前须核实。"
        self._table("policy.html", "policy", "政策项目与参数", tables, lead=lead)


def _row(*cells: Any, id: str = "") -> dict[str, Any]:
    return {"id": id, "cells": cells}


def _link(href: str, text: str) -> dict[str, str]:
    return {"href": href, "text": text, "code": "", "tag": ""}


def _code(text: str) -> dict[str, str]:
    return {"href": "", "text": text, "code": "1", "tag": ""}


def _pii(kind: str | None) -> Any:
    return {"href": "", "text": words.PII[kind], "code": "", "tag": f"pii-{kind}"} if kind else ""
