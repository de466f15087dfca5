"""The contract of one extract, as pydantic models of `conf/catalogue/<dept>/<resource>.yaml`.

Fields follow the national catalogue guideline (政务信息资源目录编制指南, 发改高技〔2017〕1272号), then the delivery, then the fields.
What one model can judge alone is judged here; what needs the whole catalogue is judged in `xihu.contract.load`.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, StrictBool, StrictInt, StrictStr, StringConstraints

from xihu.contract.coordinates import Coordinates
from xihu.contract.further import Attachment, Companion, Dump, Telegram

NAME = r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$"
CODE = r"^[123]\d{2}\d{3}[0-9A-Z]*/\d+$"

Name = Annotated[str, StringConstraints(strict=True, pattern=NAME)]
Text = Annotated[str, StringConstraints(strict=True, min_length=1)]
Sql = Annotated[str, StringConstraints(strict=True, min_length=1)]

FieldType = Literal[
    "text",
    "integer",
    "number",
    "money",
    "date",
    "month",
    "year",
    "datetime",
    "boolean",
    "citizen_id",
    "uscc",
    "licence_id",
    "person_name",
    "phone",
    "division",
    "code",
    "geometry",
]
FIELD_TYPES: tuple[str, ...] = FieldType.__args__  # type: ignore[attr-defined]
MONEY_UNITS: dict[str, Decimal] = {
    "分": Decimal("0.01"),
    "元": Decimal(1),
    "千元": Decimal(1_000),
    "万元": Decimal(10_000),
    "亿元": Decimal(100_000_000),
}
PII_BY_TYPE = {"citizen_id": "direct", "person_name": "direct", "phone": "direct"}
Grade = Literal["L1", "L2", "L3", "L4"]
NUMERIC = frozenset({"integer", "number", "money"})
DATED = frozenset({"date", "month", "year", "datetime"})


class Model(BaseModel):
    """Base of all models: unknown words are errors, objects are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, ignored_types=(cached_property,))


class Provider(Model):
    """Who hands the extract over (提供方)."""

    name: Text
    uscc: Annotated[StrictStr | None, Field(description="unified social credit code of the provider, in quotes")] = None


class Share(Model):
    """Sharing between departments (共享属性, 政务数据共享条例 2025)."""

    type: Literal["unconditional", "conditional", "closed"]
    basis: Annotated[
        Text | None, Field(description="conditional: the duty or law it rests on; closed: the citation of a law (国发〔2016〕51号)")
    ] = None
    terms: Text | None = None
    method: Annotated[Text | None, Field(description="共享方式; default: 共享平台")] = None


class Open(Model):
    """Opening to the public (开放属性)."""

    type: Literal["open", "conditional", "closed"]
    basis: Text | None = None
    terms: Text | None = None


class Retention(Model):
    """How long the records are kept (保存期限)."""

    years: Annotated[StrictInt | None, Field(ge=0, description="whole years after the record's end; none: for ever")] = None
    basis: Annotated[Text | None, Field(description="the rule that says so")] = None


class Sla(Model):
    """What the provider promises to who applies for the data; working days."""

    answer_days: Annotated[StrictInt, Field(ge=0, description="answer to an application")] = 10
    supply_days: Annotated[StrictInt, Field(ge=0, description="supply after a granted application")] = 20
    correct_days: Annotated[StrictInt, Field(ge=0, description="correction of a record that was returned or disputed")] = 10


class Layout(Model):
    """How a sheet is laid out around its data (xlsx)."""

    title_rows: Annotated[StrictInt, Field(ge=0, description="lines above the header: title, unit, 填报日期")] = 0
    header_rows: Annotated[StrictInt, Field(ge=1, le=4, description="merged header cells are joined with '/'")] = 1
    sheet_field: Annotated[Name | None, Field(description="the field that takes the sheet's name")] = None
    totals: Annotated[list[Text], Field(description="a row whose first non-empty cell is one of these is structural")] = []
    footers: Annotated[list[Text], Field(description="a row whose first non-empty cell starts with one of these is structural")] = []


class TrailerCount(Model):
    """Where the trailer states the number of detail records; bytes, 1-based."""

    start: Annotated[StrictInt, Field(ge=1)]
    width: Annotated[StrictInt, Field(ge=1)]


class TrailerTotal(Model):
    """Where the trailer states the sum of a field; the sign may be the last character."""

    start: Annotated[StrictInt, Field(ge=1)]
    width: Annotated[StrictInt, Field(ge=1)]
    field: Name
    scale: Annotated[StrictInt, Field(ge=0, le=8, description="decimals implied in the digits: 2 for 分")] = 0


class Record(Model):
    """Records of a fixed-width file; widths are bytes of the agreed encoding."""

    header: Annotated[Text | None, Field(description="a line that starts with this is the header line")] = None
    detail: Annotated[Text | None, Field(description="a line that starts with this is a data record; none: every other line is")] = None
    trailer: Text | None = None
    length: Annotated[StrictInt, Field(ge=1, description="bytes of a detail record without line end")]
    trailer_count: TrailerCount | None = None
    trailer_total: TrailerTotal | None = None


class MessageTotal(Model):
    """Where a message states the sum of a field."""

    path: Text
    field: Name


class Message(Model):
    """Records inside XML messages. Paths go by local names: prefixes and namespaces drift between senders.

    A path is `a/b/@attr`; `//b` at any depth; `.` the element itself; `b[2]`, `b[@attr='v']`, `b[c/@code='v']` choose among equals.
    """

    record: Annotated[Text, Field(description="element of one record: 人员 (at any depth), 人员列表/人员, or /消息/体/人员 from the root")]
    body: Annotated[Text | None, Field(description="element whose BASE64 text (perhaps gzip) is the XML document with the records")] = None
    namespace: Annotated[Text | None, Field(description="only record elements of this namespace URI; default: any")] = None
    count: Annotated[Text | None, Field(description="path from the root to where the message states its number of records")] = None
    total: Annotated[MessageTotal | None, Field(description="path from the root to a stated sum of a field")] = None
    absent: Annotated[
        Literal["accept", "quarantine", "refuse"],
        Field(description="an optional element that stands in no record: senders leave out what is empty"),
    ] = "accept"


class Api(Model):
    """Records inside pages of a JSON interface. Paths are keys joined by dots; a string on the way is decoded as JSON again."""

    records: Annotated[Text | None, Field(description="the list of records in a page: data.list; none: each object is a record")] = None
    code: Annotated[Text | None, Field(description="the page's return code; another than `ok` refuses the file")] = None
    ok: Annotated[list[StrictStr], Field(description="return codes of success")] = ["0", "00", "000", "0000", "200", "success", "true"]
    message: Annotated[Text | None, Field(description="the page's text beside the code")] = None
    total: Annotated[Text | None, Field(description="the number of records of all pages, as each page states it")] = None
    page: Annotated[Text | None, Field(description="the page's number, from 0 or 1")] = None
    pages: Annotated[Text | None, Field(description="the number of pages")] = None
    absent: Annotated[Literal["accept", "quarantine", "refuse"], Field(description="an optional key that stands in no record")] = "accept"


class Columns(Model):
    """What happens when the columns of a file differ from the contract.

    `quarantine` keeps every record of the file in quarantine until the contract says what the change means; then the whole file is taken
    in again. A column under a title that no field lists is added, and its field dropped: nothing guesses that it was renamed.
    """

    added: Literal["refuse", "quarantine", "warn"] = "refuse"
    dropped: Annotated[
        Literal["refuse", "quarantine", "warn"], Field(description="optional columns only; a missing required column is always refused")
    ] = "refuse"
    renamed: Annotated[Literal["accept", "warn", "refuse"], Field(description="a former title that the field lists in `titles`")] = "accept"
    reordered: Literal["accept", "warn", "refuse"] = "accept"
    retyped: Annotated[
        Literal["quarantine", "refuse"],
        Field(
            description="hardly a value of a column looks like its type: the records with such values go to quarantine, or the file back"
        ),
    ] = "quarantine"


class Delivery(Model):
    """How the files come."""

    files: Annotated[Text, Field(pattern=r"^[^/]+/[^/]+$", description="<dept folder>/<glob on the original file name>")]
    format: Literal[
        "csv", "xlsx", "fixed", "xls", "xml", "json", "accounting", "delimited", "dbf", "hj212", "geojson", "shapefile", "attachment"
    ]
    encoding: Annotated[Text | None, Field(description="csv, fixed: gb18030 | gbk | utf-8 | cp1252 …")] = None
    delimiter: Annotated[StrictStr | None, Field(min_length=1, description="csv; default ','")] = None
    quote: Annotated[StrictStr | None, Field(max_length=1, description="csv; default '\"'; empty for no quoting")] = None
    layout: Layout | None = None
    record: Record | None = None
    dump: Dump | None = None
    telegram: Telegram | None = None
    attachment: Attachment | None = None
    companion: Annotated[
        list[Companion], Field(description="control files promised beside every data file: '{stem}.ctl', '{name}.ok'")
    ] = []
    message: Message | None = None
    api: Api | None = None
    shared: Annotated[StrictBool, Field(description="the same file belongs to other contracts too, which say so as well")] = False
    mode: Literal["append", "corrections", "snapshot"]
    scope: Annotated[list[Name], Field(description="snapshot: fields whose values name the scope that one file replaces")] = []
    version: Annotated[Name | None, Field(description="field that orders versions; default: the time of receipt")] = None
    operation: Annotated[Name | None, Field(description="corrections: field with I/U/D")] = None
    absence: Annotated[
        Literal["ended", "retracted"] | None, Field(description="snapshot: what a row's absence from a newer file of its scope means")
    ] = None
    max_vanish: Annotated[float, Field(ge=0, le=1, description="snapshot: a file that takes more of its scope away is refused")] = 0.3
    columns: Columns = Columns()

    @property
    def folder(self) -> str:
        """Folder of the department under landing."""
        return self.files.split("/", 1)[0]

    @property
    def glob(self) -> str:
        return self.files.split("/", 1)[1]


class FieldSpec(Model):
    """One field (信息项)."""

    title: Annotated[Text, Field(description="the column's title in the header; merged cells joined with '/'")]
    titles: Annotated[list[Text], Field(description="other titles it has had")] = []
    type: FieldType
    required: StrictBool = False
    pii: Annotated[
        Literal["direct", "quasi", "sensitive"] | None, Field(description="default by type: citizen_id, person_name, phone = direct")
    ] = None
    unit: Annotated[Text | None, Field(description="money: 元 | 万元 | 亿元 | 分 | 千元; other numbers: a word to strip and show")] = None
    codes: Annotated[Name | None, Field(description="code: a list conf/codes/<name>.csv")] = None
    map: Annotated[dict[StrictStr, StrictStr] | None, Field(description="value as sent → code (boolean: true/false), both in quotes")] = (
        None
    )
    min: Annotated[Decimal | date | None, Field(description="least value, in the unit as sent")] = None
    max: Annotated[Decimal | date | None, Field(description="greatest value, in the unit as sent")] = None
    forms: Annotated[list[Text] | None, Field(description="date forms accepted, and only these; default: all unambiguous ones")] = None
    nulls: Annotated[list[StrictStr], Field(description="texts that mean 'no value'")] = []
    start: Annotated[StrictInt | None, Field(ge=1, description="fixed: first byte, 1-based")] = None
    width: Annotated[StrictInt | None, Field(ge=1, description="fixed: bytes")] = None
    align: Annotated[
        Literal["left", "right"] | None, Field(description="fixed: which side is padded opposite; both sides are stripped")
    ] = None
    path: Annotated[Text | None, Field(description="xml, json: where the value stands in the record; default: by title or name")] = None
    negative: Annotated[Literal["parentheses"] | None, Field(description="numbers in parentheses are negative")] = None
    scale: Annotated[
        StrictInt | None, Field(ge=1, le=12, description="number: sent as an integer of 10^scale parts (6: degrees × 1e6)")
    ] = None
    angle: Annotated[
        Literal["dms", "dm"] | None,
        Field(description="longitude, latitude packed as ddd.mmssss (dms) or dddmm.mmmm (dm, NMEA); 120°09'18\" is always read"),
    ] = None
    outside: Annotated[StrictBool, Field(description="division: codes of other cities are accepted as well")] = False
    length: Annotated[StrictInt | None, Field(ge=1, description="数据长度 in the catalogue, in characters")] = None
    grade: Annotated[Grade | None, Field(description="分级; default by pii: none L1, quasi L2, direct L3, sensitive L4")] = None
    grade_reason: Annotated[Text | None, Field(description="why the grade is below the default")] = None

    @property
    def pii_class(self) -> str | None:
        """direct | quasi | sensitive | None, by the contract or else by type."""
        return self.pii or PII_BY_TYPE.get(self.type)

    @property
    def factor(self) -> Decimal:
        """What one unit as sent is in the main unit of the currency (元)."""
        return MONEY_UNITS.get(self.unit or "元", Decimal(1)) if self.type == "money" else Decimal(1)


class Check(Model):
    """A named condition on a typed record; `error` quarantines with check_failed."""

    sql: Sql
    severity: Literal["error", "warning"]
    message: Text | None = None


class RowRange(Model):
    min: Annotated[StrictInt | None, Field(ge=0)] = None
    max: Annotated[StrictInt | None, Field(ge=0)] = None


class Expect(Model):
    """What a usual delivery looks like; a breach is a warning."""

    rows: RowRange | None = None
    arrival_days: Annotated[StrictInt | None, Field(ge=0, description="days after the period's end by which the file comes")] = None


Mapping = dict[Name, Sql]

# Words about the resource that cannot change how a record is read, judged or fed; a new wording does not load every file again.
_PROSE = {
    "code", "title", "provider", "summary", "grain", "share", "open", "update", "expect", "published", "related", "origin", "system",
    "owner", "steward", "legal_basis", "retention", "sla", "grade", "grade_reason",
}  # fmt: skip
_FIELD_PROSE = {"length", "grade", "grade_reason"}


class Contract(Model):
    """One extract. `dept`, `name` and `path` come from the file's place."""

    code: Annotated[StrictStr, Field(pattern=CODE, description="信息资源代码")]
    title: Text
    provider: Provider
    summary: Text
    grain: Text
    share: Share
    open: Open
    update: Literal["realtime", "daily", "weekly", "monthly", "quarterly", "yearly", "irregular"]
    tz: Text = "Asia/Shanghai"
    currency: Annotated[StrictStr, Field(pattern=r"^[A-Z]{3}$")] = "CNY"
    delivery: Delivery
    key: list[Name] = []
    dedupe: StrictBool = False
    fields: Annotated[dict[Name, FieldSpec], Field(min_length=1)]
    checks: dict[Name, Check] = {}
    persons: Annotated[dict[Name, Mapping], Field(description="role → attribute: field name or one Spark SQL expression")] = {}
    entities: dict[Name, Mapping] = {}
    feeds: Annotated[
        dict[Name, Mapping | list[Mapping]],
        Field(description="fact → target column: field name or one Spark SQL expression; a list where fed twice"),
    ] = {}
    expect: Expect = Expect()
    coordinates: Annotated[
        Coordinates | list[Coordinates], Field(description="fields that hold a place, and the system in which it is sent")
    ] = []

    published: Annotated[date | None, Field(description="发布日期 of the entry")] = None
    related: Annotated[list[Annotated[StrictStr, Field(pattern=CODE)]], Field(description="关联资源代码")] = []
    origin: Annotated[
        Text | None, Field(description="the public data set it is taken from; such a resource is no class of the city's own")
    ] = None
    system: Annotated[Text | None, Field(description="the provider's system that the extract comes from")] = None
    owner: Annotated[Text | None, Field(description="post that answers for the content (数据责任岗位), never a person's name")] = None
    steward: Annotated[Text | None, Field(description="post that looks after delivery and quality (数据管理岗位)")] = None
    legal_basis: Annotated[Text | None, Field(description="职责依据; default: the basis of sharing")] = None
    retention: Annotated[Retention | None, Field(description="保存期限")] = None
    sla: Sla = Sla()
    grade: Annotated[Grade | None, Field(description="分级; default: the highest of its fields, sharing and opening")] = None
    grade_reason: Annotated[Text | None, Field(description="why the grade is below the default")] = None

    _dept: str = PrivateAttr("")
    _name: str = PrivateAttr("")

    def placed(self, dept: str, name: str) -> Contract:
        """This contract with its department and resource name set."""
        self._dept, self._name = dept, name
        return self

    @property
    def dept(self) -> str:
        return self._dept

    @property
    def name(self) -> str:
        """The resource's name without the department."""
        return self._name

    @property
    def resource(self) -> str:
        """`<dept>__<resource>`, the table's name in bronze, silver and quarantine."""
        return f"{self._dept}__{self._name}"

    @cached_property
    def version(self) -> str:
        """12 hex of the SHA-256 of the normalised contract.

        Normalised: defaults left out, order of words inside a mapping as modelled, order of fields kept (it is the order of cells). Titles
        of the resource, sharing, grades and expectations do not count: they change no row.
        """
        prose: Any = {**dict.fromkeys(_PROSE, True), "fields": {"__all__": _FIELD_PROSE}}
        body = {"resource": self.resource, **self.model_dump(mode="json", exclude=prose, exclude_defaults=True)}
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def match(self, dept: str, filename: str) -> bool:
        """Whether an original file name of a department's folder belongs to this resource."""
        nfc = unicodedata.normalize
        return nfc("NFC", dept) == nfc("NFC", self.delivery.folder) and fnmatchcase(nfc("NFC", filename), nfc("NFC", self.delivery.glob))

    @property
    def places(self) -> list[Coordinates]:
        """Every place of a record, in order."""
        return self.coordinates if isinstance(self.coordinates, list) else [self.coordinates]

    def feed_maps(self) -> list[tuple[str, dict[str, str]]]:
        """Every (fact, mapping), lists flattened, in order."""
        return [(fact, m) for fact, given in self.feeds.items() for m in (given if isinstance(given, list) else [given])]


class Column(Model):
    """One column of a fact; type `person` takes a citizen id, `entity` a USCC in `feeds:`."""

    title: Text
    type: FieldType | Literal["person", "entity"]
    unit: Text | None = None
    codes: Name | None = None
    required: StrictBool = False
    pii: Literal["direct", "quasi", "sensitive"] | None = None
    grade: Annotated[Grade | None, Field(description="分级; default: the highest of its pii and of the fields that feed it")] = None
    grade_reason: Annotated[Text | None, Field(description="why the grade is below the default")] = None


class Fact(Model):
    """A fact table of gold, declared once in `conf/facts/<fact>.yaml`."""

    fact: Name
    title: Text
    grain: Text
    key: Annotated[list[Name], Field(min_length=1)]
    columns: Annotated[dict[Name, Column], Field(min_length=1)]
    only_with: Annotated[
        list[Name],
        Field(description="columns without which a record does not state this fact (a birth without a known father, no fatherhood)"),
    ] = []


class Attribute(Model):
    """One attribute of a base table and its ranked sources, best first: `<resource>.<role>`."""

    title: Text
    type: FieldType
    codes: Name | None = None
    pii: Literal["direct", "quasi", "sensitive"] | None = None
    sources: list[Annotated[StrictStr, StringConstraints(pattern=r"^[a-z0-9_]+\.[a-z0-9_]+$")]] = []
    valid_from: date | None = None
    grade: Annotated[Grade | None, Field(description="分级; default: the highest of its pii and of its sources' fields")] = None
    grade_reason: Annotated[Text | None, Field(description="why the grade is below the default")] = None


class Base(Model):
    """Survivorship of one base table: `conf/base/<table>.yaml`."""

    base: Name
    title: Text
    attributes: Annotated[dict[Name, Attribute], Field(min_length=1)]


def jsonable(value: Any) -> Any:
    """A model as plain JSON data without defaults."""
    return value.model_dump(mode="json", exclude_defaults=True)
