"""Independent count of dBase tables: the file's arithmetic over the mapped bytes, from the end mark backwards."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

from xihu.contract.models import Contract

_FILL = b"\x1a\x00 \r\n"


def records(path: Path, contract: Contract) -> Iterator[bytes | None]:
    """Raw bytes of every record, flag included; a last one that is cut too.

    Raises:
        ValueError: not a table.
    """
    if path.stat().st_size < 32:
        raise ValueError("no head")
    with path.open("rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as data:
        claimed = data[4] | data[5] << 8 | data[6] << 16 | data[7] << 24
        begin, width = data[8] | data[9] << 8, data[10] | data[11] << 8
        if width == 0 or begin < 32:
            raise ValueError("no record length")
        # The last byte that is no filling, looked for from the end.
        last = len(data)
        while last > begin and not data[max(begin, last - 65536) : last].strip(_FILL):
            last = max(begin, last - 65536)
        tail = data[max(begin, last - 65536) : last]
        filled = begin + max(0, (last - begin) - (len(tail) - len(tail.rstrip(_FILL))))
        if last <= begin:
            filled = begin
        whole = (len(data) - begin) // width
        # Records that hold something; blank ones count as far as the head claims them and their flag is a blank.
        used = -(-(filled - begin) // width)
        while used < min(whole, claimed) and data[begin + used * width] in b" *":
            used += 1
        at = begin + claimed * width
        if at < len(data) and data[at] == 0x1A:
            used = claimed
        for i in range(used):
            yield data[begin + i * width : min(begin + (i + 1) * width, len(data))]
