"""What is numbered: persons and legal entities, the tables that say so, and their shapes."""

from __future__ import annotations

from dataclasses import dataclass

from xihu.gold.schema import KNOWN, LOADED, RECORD, VALID, Shape


@dataclass(frozen=True)
class Kind:
    """Persons or legal entities: name of the number, tables, type of the identifier as SQL over `id`."""

    key: str
    registry: str
    title: str
    id_type: str
    identifier: str
    record: str


PERSON = Kind(
    key="person_id",
    registry="gold.person_registry",
    title="人员编号登记簿（只增不改）",
    # GB 11643-1999; 81/82/83 are residence permits of Hong Kong, Macao, Taiwan, 9 that of foreigners: the same 18 characters.
    id_type=r"case when id rlike '^[0-9]{17}[0-9X]$' then 'citizen_id' else 'document' end",
    identifier="gold.person_identifier",
    record="gold.person_record",
)
ENTITY = Kind(
    key="legal_entity_id",
    registry="gold.legal_entity_registry",
    title="法人编号登记簿（只增不改）",
    id_type="'uscc'",
    identifier="gold.legal_entity_identifier",
    record="gold.legal_entity_record",
)

_EVENTS = (
    ("seq", "BIGINT", "同一运行中的次序；空为首次编号的成批登记"),
    ("other_id", "BIGINT", "另一编号：merged 的接替者、split 和 attached 的来处、undone 的原接替者"),
    ("reason", "STRING", "理由"),
    ("evidence", "STRING", "依据（JSON）"),
    ("decided_by", "STRING", "作出决定的两个登录名，空为按规则自动得出"),
)


def registry_shape(kind: Kind) -> Shape:
    """The append-only registry; that of persons also tells merges and splits."""
    events = "事件：created 新编，attached 归入，merged 并入，split 拆出，undone 恢复" if kind is PERSON else "事件：created 新编"
    columns = (
        (kind.key, "BIGINT", "编号（顺序号，永不重用）"),
        ("event", "STRING", events),
        ("id_type", "STRING", "标识类型" + ("；mention 为没有号码的记录" if kind is PERSON else "")),
        ("id_value", "STRING", "标识号码" + ("；mention 的为指纹" if kind is PERSON else "")),
        ("known_from", "TIMESTAMP", "首次获知时刻"),
        ("run_id", "BIGINT", "登记的运行编号"),
        *(_EVENTS if kind is PERSON else ()),
    )
    return Shape(kind.registry, kind.title, columns)


def identifier_shape(kind: Kind) -> Shape:
    """Which identifiers lead to whom."""
    columns = (
        (kind.key, "BIGINT", "编号"),
        ("id_type", "STRING", "标识类型：citizen_id 公民身份号码，uscc 统一社会信用代码，其余见代码表 id_type"),
        ("id_value", "STRING", "标识号码"),
        *VALID,
        *KNOWN,
        ("source", "STRING", "最早给出该号码的资源"),
        *LOADED,
    )
    return Shape(kind.identifier, "标识对照", columns)


def record_shape(kind: Kind) -> Shape:
    """Which records speak of whom."""
    columns = ((kind.key, "BIGINT", "编号"), ("role", "STRING", "记录中的角色"), *RECORD, *LOADED)
    return Shape(kind.record, "记录对照：每条记录说的是谁", columns)


# What the numbers as sent do not say: whose record it is all the same, and where a number leads that was merged, parted or respelt.
INSTEAD = Shape(
    "gold.person_instead",
    "人员对照的例外：不按所带号码归人的记录，以及改归他人的号码",
    (
        ("person_id", "BIGINT", "人员编号"),
        ("id", "STRING", "号码（如来源所报），或代替号码的标识"),
        ("role", "STRING", "记录中的角色；空为号码本身"),
        *RECORD,
        *LOADED,
    ),
)
