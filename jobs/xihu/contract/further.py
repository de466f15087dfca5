"""Options of the formats beside csv, xlsx and fixed: dumps, dBase tables, HJ 212 telegrams. One small model a format."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictStr

_Word = Annotated[StrictStr, Field(min_length=1)]


class _Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Dump(_Options):
    """A headerless dump of a database (delimited); its columns are the contract's fields, in their order.

    With neither `escape`, `quote` nor `terminator`, line ends inside values stand raw: physical lines are joined up to the number of
    columns where only one reading is possible.
    """

    terminator: Annotated[
        StrictStr | None, Field(min_length=1, description="end of every record, such as '|\\n' or '\\x02\\n'; default: the line end")
    ] = None
    escape: Annotated[
        StrictStr | None, Field(min_length=1, max_length=1, description="character before a delimiter or line end inside a value: \\")
    ] = None
    nulls: Annotated[list[StrictStr], Field(description="cells that mean NULL in the database, beside the empty cell")] = ["\\N"]


class Telegram(_Options):
    """HJ 212 telegrams: a field takes the element that its title, or one of its titles, names (QN, MN, DataTime, factor, Rtd, Flag …)."""

    explode: Annotated[
        Literal["factor"] | None, Field(description="factor: one record per factor of a telegram; none: one record per telegram")
    ] = None


class Attachment(_Options):
    """Scanned or written documents of which only the metadata is taken: one record a file.

    Fields `file_name`, `size`, `media_type`, `sha256` are of the file; every other one is a named group of `name`.
    """

    name: Annotated[_Word, Field(description="pattern of the whole file name (Python re): (?P<doc_no>[^_]+)_(?P<signed_on>\\d{8})\\.pdf")]
    kinds: Annotated[list[Literal["pdf", "doc", "docx", "ofd", "jpeg", "png", "tiff"]], Field(min_length=1)] = [
        "pdf",
        "doc",
        "docx",
        "ofd",
        "jpeg",
        "png",
        "tiff",
    ]


Companion = Annotated[_Word, Field(description="{stem} is the data file's name without its last extension, {name} all of it")]
