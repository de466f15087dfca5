"""What one model cannot judge alone: names that must be real, facts fed in full, widths that fit, laws cited, globs apart."""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from zoneinfo import ZoneInfo

from xihu.contract import grades, places, sql
from xihu.contract.globs import overlap
from xihu.contract.models import DATED, MONEY_UNITS, NUMERIC, Base, Contract, Delivery, Fact, FieldSpec
from xihu.contract.paths import XmlPath, parse_json_path, parse_xml_path
from xihu.contract.problems import Problem, suggest
from xihu.contract.source import Path_, Source
from xihu.standards import uscc
from xihu.standards.codes import CodeList
from xihu.standards.dates import FormError, compile_form

# Columns that every silver table and every fact has; expressions and mappings may name them.
SILVER_SYSTEM = (
    "_delivery_id _file _row _line _known_from _known_to _loaded_from _loaded_to _valid_to _row_hash _contract_version _repairs".split()  # noqa: SIM905
)
# What a check can see beside the fields: a record has no history yet, but it has been received.
CHECK_SYSTEM = ("_delivery_id", "_file", "_row", "_line", "_received_at")
VALIDITY = ("valid_from", "valid_to")

_LAW = re.compile(r"(《[^》]+》|法|条例|规定|办法|细则|决定)")
_ARTICLE = re.compile(r"(第\s*[\d一二三四五六七八九十百零〇]+\s*条|〔\d{4}〕\s*\d+\s*号|令\s*(第\s*)?\d+\s*号?)")
_BARE = re.compile(r"[A-Za-z_]\w*")


def cites_law(text: str | None) -> bool:
    """Whether a text cites a law or rule and its article or number."""
    return bool(text and _LAW.search(text) and _ARTICLE.search(text))


def contract(c: Contract, source: Source, facts: Mapping[str, Fact], codes: Mapping[str, CodeList]) -> None:
    """Judge one contract; problems are added to `source`."""
    _entry(c, source)
    _delivery(c, source)
    titles: dict[str, str] = {}
    for name, spec in c.fields.items():
        _field(c, name, spec, source, codes)
        for title in (spec.title, *spec.titles):
            if title in titles:
                message = f"标题重复：{title} 也是 {titles[title]} 的 / title used twice, also by {titles[title]}"
                source.problem(("fields", name, "title"), message, "每个标题只属于一个字段 / give each title to one field")
            titles[title] = name
    _names(c, source, ("key",), c.key)
    if c.delivery.format == "fixed":
        _widths(c, source)
    for name, check in c.checks.items():
        _expression(source, ("checks", name, "sql"), check.sql, c.fields, CHECK_SYSTEM)
    for word, roles in (("persons", c.persons), ("entities", c.entities)):
        for role, attributes in roles.items():
            for attribute, expression in attributes.items():
                _expression(source, (word, role, attribute), expression, c.fields)
            anchor = {"persons": ("id", "name"), "entities": ("uscc", "name")}[word]
            if not set(anchor) & set(attributes):
                message = f"没有说明是谁 / says nothing about who it is: neither {anchor[0]} nor {anchor[1]}"
                source.problem((word, role), message, f"补上 {anchor[0]}: <字段> / add {anchor[0]}: <field>")
    places.judge(c, source)
    grades.judge(c, source)
    _feeds(c, source, facts)


def _entry(c: Contract, source: Source) -> None:
    if c.share.type == "conditional" and not c.share.basis:
        source.problem(
            ("share",), "有条件共享须写明依据 / conditional sharing needs its basis", "补上 basis: 法规或职责 / add basis: the law or duty"
        )
    if c.share.type == "closed" and not cites_law(c.share.basis):
        message = "不予共享须引用法律条文（国发〔2016〕51号） / closed sharing needs the citation of a law"
        source.problem(("share",), message, "补上 basis: 《某法》第某条 / add basis: the law and its article")
    if c.provider.uscc is not None and not isinstance(uscc.parse(c.provider.uscc), uscc.Uscc):
        message = f"统一社会信用代码校验不通过 / not a valid unified social credit code: {c.provider.uscc}"
        source.problem(("provider", "uscc"), message, "核对18位代码，或删去 / check the 18 characters, or leave it out")
    try:
        ZoneInfo(c.tz)
    except Exception:
        source.problem(("tz",), f"未知时区 / unknown time zone: {c.tz}", "如 / such as Asia/Shanghai, Europe/London")
    rows = c.expect.rows
    if rows and rows.min is not None and rows.max is not None and rows.min > rows.max:
        source.problem(("expect", "rows"), "min 大于 max / min is greater than max", "对调 / exchange them")


def _delivery(c: Contract, source: Source) -> None:
    d = c.delivery
    at: Path_ = ("delivery",)
    if d.format in ("csv", "fixed", "delimited") and not d.encoding:
        source.problem((*at, "encoding"), f"{d.format} 须写明编码 / {d.format} needs its encoding", "如 encoding: gb18030 / such as")
    elif d.encoding:
        try:
            codecs.lookup(d.encoding)
        except LookupError:
            cure = suggest(d.encoding, ["gb18030", "gbk", "gb2312", "utf-8", "big5", "cp1252", "latin-1"])
            source.problem((*at, "encoding"), f"未知编码 / unknown encoding: {d.encoding}", cure)
    for word, formats in (
        ("encoding", ("csv", "fixed", "xml", "json", "accounting", "delimited", "dbf", "hj212", *places.GIS)),
        ("delimiter", ("csv", "delimited")),
        ("quote", ("csv", "delimited")),
        ("dump", ("delimited",)),
        ("telegram", ("hj212",)),
        ("attachment", ("attachment",)),
        ("layout", ("xlsx", "xls", "csv")),
        ("message", ("xml", "accounting")),
        ("api", ("json",)),
        ("record", ("fixed",)),
    ):
        if getattr(d, word) is not None and d.format not in formats:
            source.problem((*at, word), f"{word} 不适用于 {d.format} / {word} has no meaning for {d.format}", f"删去 / remove {word}")
    if d.format == "fixed" and d.record is None:
        source.problem(at, "fixed 须有 record / fixed needs record", "补上 record: {length: …} / add it")
    if d.format == "delimited":
        _dump(d, source)
    if d.format == "attachment":
        _attachment(c, source)
    for i, pattern in enumerate(d.companion):
        unknown = [w for w in re.findall(r"\{(\w*)\}", pattern) if w not in ("stem", "name")]
        if unknown or "/" in pattern:
            message = f"不可用的对照文件名 / not a usable name of a companion: {pattern}"
            source.problem((*at, "companion", i), message, '如 / such as "{stem}.ctl", "{name}.ok"')
    if d.format in ("xml", "accounting") and d.message is None:
        source.problem(at, f"{d.format} 须有 message / {d.format} needs message", "补上 message: {record: 元素名} / add it")
    if d.message and d.message.total:
        _names(c, source, (*at, "message", "total", "field"), [d.message.total.field])
    _paths(c, source)
    if d.layout and d.format == "csv" and d.layout.model_fields_set - {"title_rows", "totals", "footers"}:
        message = "csv 的 layout 只有 title_rows、totals、footers / of layout only these have a meaning for csv"
        source.problem((*at, "layout"), message, "删去其余各项 / remove the others")
    if d.layout and d.layout.sheet_field:
        _names(c, source, (*at, "layout", "sheet_field"), [d.layout.sheet_field])
    if d.record and d.record.trailer_total:
        _names(c, source, (*at, "record", "trailer_total", "field"), [d.record.trailer_total.field])
    if d.record and (d.record.trailer_count or d.record.trailer_total) and not d.record.trailer:
        source.problem((*at, "record"), "有控制总数而无 trailer / control totals without a trailer", "补上 trailer: T / add trailer")
    _names(c, source, (*at, "scope"), d.scope)
    _names(c, source, (*at, "version"), [d.version] if d.version else [])
    _names(c, source, (*at, "operation"), [d.operation] if d.operation else [])
    if d.mode == "snapshot":
        if not d.scope:
            message = "snapshot 须有 scope / snapshot mode needs a scope"
            source.problem(
                at, message, "补上 scope: [month, …]：一个文件整体替换的范围 / add scope: the fields that name what one file replaces"
            )
        if d.absence is None:
            cure = "absence: ended（登记簿：到期） 或 retracted（更正：作废） / ended for a register, retracted for a corrected list"
            source.problem((*at, "absence"), "snapshot 须说明缺行的含义 / snapshot mode must say what absence means", cure)
    else:
        for word, given in (("scope", d.scope), ("absence", d.absence)):
            if given:
                source.problem(
                    (*at, word), f"{word} 只用于 snapshot / {word} is for snapshot mode only", f"删去 / remove {word}, or mode: snapshot"
                )
    if d.operation and d.mode != "corrections":
        source.problem(
            (*at, "operation"), "operation 只用于 corrections / is for corrections only", "删去，或 mode: corrections / remove it"
        )
    if d.mode in ("snapshot", "corrections") and not c.key:
        source.problem((), f"{d.mode} 须有 key / {d.mode} mode needs a key", "补上 key: [字段…] / add key: the fields that name one record")


def _attachment(c: Contract, source: Source) -> None:
    """Every field must come from the file itself or from a named group of its name."""
    at: Path_ = ("delivery", "attachment")
    options = c.delivery.attachment
    if options is None:
        source.problem(
            ("delivery",), "attachment 须有 attachment / attachment needs attachment", "补上 attachment: {name: 文件名样式} / add it"
        )
        return
    try:
        groups = re.compile(options.name).groupindex
    except re.error as error:
        source.problem((*at, "name"), f"看不懂的文件名样式 / not a pattern: {error}", r"如 / such as (?P<doc_no>[^_]+)\.pdf")
        return
    own = ("file_name", "size", "media_type", "sha256")
    for name in c.fields:
        if name not in groups and name not in own:
            message = f"字段既不是文件名中的组，也不是 {'、'.join(own)} / neither a group of the name nor a property of the file"
            source.problem(("fields", name), message, suggest(name, [*groups, *own]))


def _dump(d: Delivery, source: Source) -> None:
    at: Path_ = ("delivery",)
    if not d.delimiter:
        source.problem((*at, "delimiter"), "delimited 须写明分隔符 / delimited needs its delimiter", '如 / such as delimiter: "|@|"')
    if not d.dump:
        return
    if d.dump.escape and d.quote:
        message = "escape 与 quote 只能约定一种 / escape and quote exclude each other"
        source.problem((*at, "dump", "escape"), message, "删去一个 / remove one of them")
    end = d.dump.terminator
    if end and d.quote:
        message = "terminator 与 quote 只能约定一种 / terminator and quote exclude each other"
        source.problem((*at, "dump", "terminator"), message, "删去一个 / remove one of them")
    if end and not end.endswith("\n") and end[0] >= "0":
        # Such a byte may be the second half of a Chinese character.
        message = "terminator 须以换行结尾，或以控制字符开头 / must end with a line end or begin with a control character"
        source.problem((*at, "dump", "terminator"), message, '如 / such as "|\\n", "\\x02\\n"')


def _field(c: Contract, name: str, spec: FieldSpec, source: Source, codes: Mapping[str, CodeList]) -> None:
    at: Path_ = ("fields", name)
    if spec.type == "code" and not spec.codes:
        source.problem(at, "code 须有代码表 / a code field needs codes", f"补上 codes: … / add it; {suggest(name, codes)}")
    if spec.codes and spec.type != "code":
        source.problem(
            (*at, "codes"), f"codes 只用于 code 类型 / is for type code, not {spec.type}", "改 type: code，或删去 / change or remove"
        )
    if spec.codes and spec.codes not in codes:
        source.problem((*at, "codes"), f"没有代码表 / no such code list: {spec.codes}", suggest(spec.codes, codes))
    operation = name == c.delivery.operation
    if spec.map and spec.type not in ("code", "boolean", "division") and not (operation and spec.type == "text"):
        source.problem(
            (*at, "map"),
            f"map 不适用于 {spec.type} / has no meaning for {spec.type}",
            "用于 code、boolean、division / for code, boolean, division",
        )
    elif spec.map and operation and spec.type == "text":
        for key, value in spec.map.items():
            if value not in ("I", "U", "D"):
                source.problem((*at, "map", key), f"应为 I、U 或 D / must be I, U or D: {value}", '如 注销: "D" / such as')
    elif spec.map and spec.type == "boolean":
        for key, value in spec.map.items():
            if value not in ("true", "false"):
                source.problem((*at, "map", key), f"应为 true 或 false / must be true or false: {value}", '如 是: "true" / such as')
    elif spec.map and spec.codes and spec.codes in codes:
        for key, value in spec.map.items():
            if value not in codes[spec.codes]:
                message = f"代码表 {spec.codes} 中没有 / not in the code list {spec.codes}: {value}"
                source.problem((*at, "map", key), message, suggest(value, codes[spec.codes].by_code))
    if spec.type == "money":
        if spec.unit is None and c.currency == "CNY":
            source.problem(at, "金额须写明单位 / money needs its unit", f"补上 unit: 元 / add unit, one of {', '.join(MONEY_UNITS)}")
        elif spec.unit is not None and spec.unit not in MONEY_UNITS:
            source.problem((*at, "unit"), f"未知金额单位 / unknown unit of money: {spec.unit}", suggest(spec.unit, MONEY_UNITS))
    elif spec.unit is not None and spec.type not in NUMERIC:
        source.problem((*at, "unit"), f"unit 不适用于 {spec.type} / has no meaning for {spec.type}", "删去 / remove unit")
    if spec.negative and spec.type not in NUMERIC:
        source.problem((*at, "negative"), f"negative 不适用于 {spec.type} / has no meaning for it", "删去 / remove negative")
    if spec.outside and spec.type != "division":
        source.problem((*at, "outside"), f"outside 不适用于 {spec.type} / has no meaning for it", "删去 / remove outside")
    for word in ("min", "max"):
        limit = getattr(spec, word)
        if limit is None:
            continue
        if spec.type not in NUMERIC | {"date", "month", "year", "datetime"}:
            source.problem((*at, word), f"{word} 不适用于 {spec.type} / has no meaning for {spec.type}", f"删去 / remove {word}")
        elif (spec.type in ("date", "month", "datetime")) != isinstance(limit, date):
            kind = "日期，如 2016-01-01 / a date" if spec.type in ("date", "month", "datetime") else "数 / a number"
            source.problem((*at, word), f"{word} 应为{kind}: {limit}", f"改写 / rewrite {word}")
    if spec.min is not None and spec.max is not None and type(spec.min) is type(spec.max) and spec.min > spec.max:  # type: ignore[operator]
        source.problem((*at, "min"), "min 大于 max / min is greater than max", "对调 / exchange them")
    if spec.forms is not None:
        if spec.type not in DATED:
            source.problem((*at, "forms"), f"forms 不适用于 {spec.type} / has no meaning for {spec.type}", "删去 / remove forms")
        for i, form in enumerate(spec.forms):
            try:
                compile_form(form)
            except FormError as error:
                source.problem((*at, "forms", i), f"看不懂的日期形式 / not a date form: {form}", str(error))
    positioned = [w for w in ("start", "width") if getattr(spec, w) is not None]
    if c.delivery.format == "fixed" and len(positioned) < 2:
        source.problem(
            at, "定长文件的字段须有 start 和 width / a field of a fixed file needs start and width", "补上（字节） / add them, in bytes"
        )
    elif c.delivery.format != "fixed" and (positioned or spec.align):
        source.problem(at, "start、width、align 只用于定长文件 / are for fixed files only", "删去 / remove them")


def _paths(c: Contract, source: Source) -> None:
    """Paths of messages and API pages must be ones that their reader understands."""
    d = c.delivery
    known = d.format in ("xml", "json", "accounting", "geojson")
    parse = parse_json_path if d.format in ("json", "geojson") else parse_xml_path
    told: list[tuple[Path_, str | None]] = [(("fields", n, "path"), s.path) for n, s in c.fields.items()]
    for word, options in (("message", d.message), ("api", d.api)):
        for key in ("record", "body", "count", "records", "code", "message", "total", "page", "pages"):
            value = getattr(options, key, None) if options else None
            told.append((("delivery", word, key), value if isinstance(value, str) else getattr(value, "path", None)))
    for place, path in told:
        if path is None:
            continue
        if not known:
            source.problem(place, f"path 不适用于 {d.format} / path has no meaning for {d.format}", "删去 / remove path")
            continue
        try:
            found = parse(path)
        except ValueError as error:
            source.problem(place, f"看不懂的路径 / not a path: {path}", str(error))
            continue
        # Where records and envelopes are looked for, one goes by names alone.
        outside = place[0] == "delivery" or found.rooted
        if isinstance(found, XmlPath) and outside and not (found.plain and (found.steps or place[-1] not in ("record", "body"))):
            source.problem(place, f"此处只能是元素名 / only names of elements here: {path}", "如 / such as 体/人员, /消息/头/@id")


def _widths(c: Contract, source: Source) -> None:
    record = c.delivery.record
    if record is None:
        return
    placed = sorted((s.start, s.start + s.width, n) for n, s in c.fields.items() if s.start and s.width)
    head = (
        len(record.detail.encode(c.delivery.encoding or "utf-8", "replace"))
        if record.detail and c.delivery.encoding in _known_codecs(c)
        else 0
    )
    reached, owner = 1 + head, f"标识 / mark {record.detail!r}"
    for start, end, name in placed:
        if start < reached:
            message = f"与 {owner} 重叠 / overlaps {owner}: bytes {start}–{end - 1}"
            source.problem(("fields", name, "start"), message, f"start 至少为 / start is {reached} or more")
        if end - 1 > record.length:
            message = f"超出记录长度 {record.length} / reaches byte {end - 1}, beyond the record's length {record.length}"
            source.problem(("fields", name, "width"), message, "改 width 或 record.length / correct width or record.length")
        if end > reached:
            reached, owner = end, name


def _known_codecs(c: Contract) -> Collection[str]:
    try:
        codecs.lookup(c.delivery.encoding or "")
    except LookupError:
        return ()
    return (c.delivery.encoding,) if c.delivery.encoding else ()


def _names(c: Contract, source: Source, path: Path_, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for i, name in enumerate(names):
        here = (*path, i) if (*path, i) in source.lines else path
        if name not in c.fields:
            source.problem(here, f"没有这个字段 / no such field: {name}", suggest(name, c.fields))
        if name in seen:
            source.problem(here, f"字段重复 / field named twice: {name}", "删去一个 / remove one")
        seen.add(name)


def _expression(
    source: Source, path: Path_, expression: str, fields: Mapping[str, FieldSpec], system: Collection[str] = SILVER_SYSTEM
) -> None:
    for message, name in sql.faults(expression, [*fields, *system]):
        cure = suggest(name, fields) if name else "改正表达式；文字常量加单引号 / correct the expression; literals stand in single quotes"
        source.problem(path, message, cure)


def _feeds(c: Contract, source: Source, facts: Mapping[str, Fact]) -> None:
    for fact_name, given in c.feeds.items():
        at: Path_ = ("feeds", fact_name)
        fact = facts.get(fact_name)
        if fact is None:
            source.problem(at, f"没有这个事实表 / no such fact: {fact_name}", suggest(fact_name, facts))
            continue
        for i, mapping in enumerate(given if isinstance(given, list) else [given]):
            here: Path_ = (*at, i) if isinstance(given, list) else at
            for column, expression in mapping.items():
                if column not in fact.columns and column not in VALIDITY:
                    message = f"事实表 {fact_name} 没有这一列 / the fact {fact_name} has no column {column}"
                    source.problem((*here, column), message, suggest(column, [*fact.columns, *VALIDITY]))
                    continue
                _expression(source, (*here, column), expression, c.fields)
                if column in fact.columns:
                    _kind(source, (*here, column), expression, fact.columns[column].type, c.fields)
            for column, spec in fact.columns.items():
                if spec.required and column not in mapping:
                    message = f"事实表 {fact_name} 必须有 {column}（{spec.title}） / the fact {fact_name} requires {column}"
                    source.problem(here, message, f"补上 {column}: <字段或表达式> / add {column}: <field or expression>")


def _kind(source: Source, path: Path_, expression: str, wanted: str, fields: Mapping[str, FieldSpec]) -> None:
    """A plain field that cannot be what the column is: an amount where a person is wanted."""
    if not _BARE.fullmatch(expression.strip()) or expression.strip() not in fields:
        return
    given = fields[expression.strip()].type
    fits = {
        "person": {"citizen_id", "text"},
        "entity": {"uscc", "text"},
        "division": {"division", "text", "code"},
        "money": NUMERIC,
        "number": NUMERIC,
        "integer": {"integer", "number", "year"},
        "date": {"date", "month", "datetime"},
        "month": {"month", "date"},
    }.get(wanted)
    if fits and given not in fits:
        message = f"类型不符：需要 {wanted}，字段是 {given} / needs {wanted}, the field is {given}"
        source.problem(path, message, "改用别的字段，或写出转换的表达式 / map another field, or write the conversion")


def facts(all_facts: Mapping[str, Fact], codes: Mapping[str, CodeList], sources: Mapping[str, Source]) -> list[Problem]:
    """Judge the facts: keys are columns, code lists exist."""
    found: list[Problem] = []
    for name, fact in all_facts.items():
        source = Source(f"facts/{name}.yaml", lines=sources[f"facts/{name}.yaml"].lines)
        for i, column in enumerate(fact.key):
            if column not in fact.columns and column not in VALIDITY:
                source.problem(("key", i), f"没有这一列 / no such column: {column}", suggest(column, [*fact.columns, *VALIDITY]))
        for i, column in enumerate(fact.only_with):
            if column not in fact.columns:
                source.problem(("only_with", i), f"没有这一列 / no such column: {column}", suggest(column, [*fact.columns]))
        for column, spec in fact.columns.items():
            if column in VALIDITY or column in ("resource", "known_from", "known_to", "loaded_from", "loaded_to"):
                source.problem(("columns", column), f"系统列名 / name of a system column: {column}", "改名 / rename it")
            if spec.codes and spec.codes not in codes:
                source.problem(("columns", column, "codes"), f"没有代码表 / no such code list: {spec.codes}", suggest(spec.codes, codes))
        found += source.problems
    return found


def together(contracts: Mapping[str, Contract], sources: Mapping[str, Source]) -> list[Problem]:
    """Judge contracts against each other: one file, one contract; one 信息资源代码, one resource."""
    found: list[Problem] = []
    done: list[tuple[str, Contract]] = []
    for resource, one in contracts.items():
        source = Source(sources[resource].name, lines=sources[resource].lines)
        for other_name, other in done:
            shared = one.delivery.shared and other.delivery.shared
            if one.delivery.folder == other.delivery.folder and not shared and overlap(one.delivery.glob, other.delivery.glob):
                message = f"文件名模式与 {other_name} 重叠：{other.delivery.files} / one file name can match this and {other_name}"
                cure = "把模式写得更确切；同一文件有意共用的，各写 shared: true / more specific globs, or shared: true in both"
                source.problem(("delivery", "files"), message, cure)
            if one.code == other.code:
                message = f"信息资源代码与 {other_name} 相同 / the code is also that of {other_name}: {one.code}"
                source.problem(("code",), message, "改顺序码 / give it another serial after the slash")
        done.append((resource, one))
        found += source.problems
    return found


def base(
    bases: Mapping[str, Base], contracts: Mapping[str, Contract], codes: Mapping[str, CodeList], sources: Mapping[str, Source]
) -> list[Problem]:
    """Judge the base tables: each ranked source names a role of a contract that gives that attribute."""
    found: list[Problem] = []
    roles = {f"{r}.{role}": set(m) for r, c in contracts.items() for role, m in [*c.persons.items(), *c.entities.items()]}
    for name, one in bases.items():
        source = Source(f"base/{name}.yaml", lines=sources[f"base/{name}.yaml"].lines)
        for attribute, spec in one.attributes.items():
            at: Path_ = ("attributes", attribute)
            if spec.codes and spec.codes not in codes:
                source.problem((*at, "codes"), f"没有代码表 / no such code list: {spec.codes}", suggest(spec.codes, codes))
            for i, place in enumerate(spec.sources):
                if place not in roles:
                    source.problem((*at, "sources", i), f"没有这个来源 / no such source: {place}", suggest(place, roles))
                elif attribute not in roles[place]:
                    message = f"来源 {place} 不提供 {attribute} / the source {place} does not give {attribute}"
                    source.problem(
                        (*at, "sources", i),
                        message,
                        f"在合同中补上，或删去 / add it to the contract's role; {suggest(attribute, roles[place])}",
                    )
        found += source.problems
    return found
