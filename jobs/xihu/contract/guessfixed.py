"""Where the fields of a file of fixed width lie: the cut into fields that explains the bytes of all lines best."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from stdnum import luhn

from xihu.contract.guess import SAMPLE_ROWS, Table
from xihu.standards import citizen_id, uscc

_LINES, _LONGEST = 200, 800
_FIELD, _BORDER, _CLASS = 6.0, 15.0, 20.0  # cost of one more field; of a border run over; of a change of kind run over
_BLANK = b" "
_VOID = 35.0  # what a field is worth whose filling for "no value" shows where it begins and ends
_SIGNED = 25.0  # … and what a number is worth that begins with its sign
_FILLED = re.compile(r"([/*?#X])\1{2,}|--{2,}")


def fixed(lines: list[bytes], encoding: str, divisions: frozenset[str] = frozenset()) -> Table | None:
    """A fixed-width table if nearly all lines have one length in bytes and no delimiter keeps step."""
    bare = [line.rstrip(b"\r") for line in lines if line.strip(b"\r\x1a ")][:SAMPLE_ROWS]
    if len(bare) < 3:
        return None
    length, times = Counter(map(len, bare)).most_common(1)[0]
    detail = [line for line in bare if len(line) == length]
    marks: dict[str, str] = {}
    trailer = b""
    if len({line[:1] for line in bare[1:-1]}) == 1 and bare[0][:1] != bare[1][:1]:
        marks = {"header": chr(bare[0][0]), "detail": chr(bare[1][0])}
        if bare[-1][:1] not in (bare[1][:1], bare[0][:1]):
            marks["trailer"], trailer = chr(bare[-1][0]), bare[-1]
        detail = [line for line in bare[1:] if line[:1] == bare[1][:1]]
        length, times = Counter(map(len, detail)).most_common(1)[0]
        detail = [line for line in detail if len(line) == length]
        marks = {k: v for k, v in marks.items() if v.isprintable()}
    stepped = any(all(line.count(d) == detail[0].count(d) > 0 for line in detail) for d in (b",", b"|", b"\t"))
    if length < 20 or times < 0.9 * (len(bare) - 2) or stepped:
        return None
    spans = cut(detail[:_LINES], 1 if marks else 0, encoding, divisions, _voids([line.decode("latin-1") for line in detail]))
    rows: list[list[str | None]] = [
        [line[s - 1 : s - 1 + w].decode(encoding, "replace").strip(" \u3000") for s, w in spans] for line in detail
    ]
    titles = [f"第{s}字节" for s, _ in spans]
    table = Table("fixed", titles, rows, encoding=encoding, spans=spans, length=length, marks=marks, headed=False)
    if trailer:
        table.options = _totals(trailer, rows, spans)
    return table


def _totals(trailer: bytes, rows: list[list[str | None]], spans: list[tuple[int, int]]) -> list[str]:
    """Lines of `record` for the control totals: digits of the trailer that are the number of records, then the sum of a column."""
    text = trailer.decode("latin-1")
    width = next((w for w in range(12, 2, -1) if text[1 : 1 + w].isdigit() and int(text[1 : 1 + w]) == len(rows)), 0)
    if not width:
        return []
    out = [f"    trailer_count: {{start: 2, width: {width}}}   # 高：等于样本的记录数 / as in the sample"]
    rest = re.match(r"\d+[-+]?", text[1 + width :])
    if rest:
        stated = _signed(rest[0])
        for i, (start, _) in enumerate(spans):
            read = [_signed(row[i] or "") for row in rows]
            if stated and None not in read and sum(v for v in read if v is not None) == stated:
                out.append(
                    f"    trailer_total: {{start: {2 + width}, width: {len(rest[0])}, field: @{start}@, scale: 2}}   # 高：等于该列之和"
                )
                break
    return out


def _signed(text: str) -> int | None:
    found = re.fullmatch(r"(\d+)([-+]?)", text)
    return (-1 if found[2] == "-" else 1) * int(found[1]) if found else None


def cut(
    detail: Sequence[bytes], begin: int, encoding: str, divisions: frozenset[str], voids: Mapping[int, int] | None = None
) -> list[tuple[int, int]]:
    """(first byte, bytes) of the likely fields, from `begin` (0-based) on; what is blank in every line is the end of what stands before."""
    kinds, blank = _kinds(detail, encoding)
    end = len(kinds)
    while end > begin and kinds[end - 1] == "B":
        end -= 1
    if end - begin > _LONGEST or end <= begin:
        return [(begin + 1, max(1, len(kinds) - begin))]
    known = _known(detail, divisions, voids or {}, begin)
    # Running sums of the borders and changes of kind that a field covers.
    run = [0.0] * (end + 1)
    for i in range(1, end):
        run[i + 1] = run[i] + _border(kinds, blank, i)
    run[1] = 0.0
    best: list[float] = [float("-inf")] * (end + 1)
    back = [0] * (end + 1)
    best[begin] = 0.0
    for i in range(begin, end):
        if best[i] == float("-inf") or (i > begin and kinds[i] == "B"):
            continue
        for width, score in known(i):
            if i + width <= end and best[i] + score - _FIELD > best[i + width]:
                best[i + width], back[i + width] = best[i] + score - _FIELD, i
        for j in range(i + 1, end + 1):
            score = best[i] - _FIELD - (run[j] - run[i + 1])
            if score > best[j]:
                best[j], back[j] = score, i
    spans: list[tuple[int, int]] = []
    j = end
    while j > begin:
        spans.append((back[j] + 1, j - back[j]))
        j = back[j]
    spans.reverse()
    return spans


def _kinds(detail: Sequence[bytes], encoding: str) -> tuple[list[str], list[float]]:
    """Per byte: D digits, S signs, T of text (several bytes a character), B blank, A other; and the share of lines where it is blank."""
    n = len(detail[0])
    text, blanks = [0] * n, [0] * n
    seen: list[set[int]] = [set() for _ in range(n)]
    for line in detail:
        at = 0
        for char in line.decode(encoding, "replace"):
            size = len(char.encode(encoding, "replace"))
            for i in range(at, min(at + size, n)):
                if char in " \u3000":
                    blanks[i] += 1
                elif size > 1:
                    text[i] += 1
                else:
                    seen[i].add(line[i])
            at += size
    kinds = []
    for i in range(n):
        if blanks[i] == len(detail):
            kinds.append("B")
        elif text[i]:
            kinds.append("T")
        elif all(48 <= b <= 57 for b in seen[i]):
            kinds.append("D")
        else:
            kinds.append("S" if seen[i] <= {43, 45} else "A")
    return kinds, [b / len(detail) for b in blanks]


def _border(kinds: list[str], blank: list[float], i: int) -> float:
    """What it costs to run one field over the place before byte i."""
    cost = 0.0
    if blank[i - 1] >= 0.2 and blank[i] <= 0.02:  # padding ends and something always begins
        cost += _BORDER
    if blank[i - 1] <= 0.02 and blank[i] >= 0.98 and kinds[i] != "B":
        cost += _BORDER
    if {kinds[i - 1], kinds[i]} == {"D", "T"} and blank[i] <= 0.02 and blank[i - 1] <= 0.02:
        cost += _CLASS
    if kinds[i - 1] == "S" and kinds[i] != "S":  # the sign stands last
        cost += _CLASS
    return cost


def _known(
    detail: Sequence[bytes], divisions: frozenset[str], voids: Mapping[int, int], begin: int
) -> Callable[[int], list[tuple[int, float]]]:
    lines = [line.decode("latin-1") for line in detail]
    today = date.today()

    def share(i: int, width: int, test: Callable[[str], object]) -> tuple[float, int]:
        """Share of the lines whose bytes pass, and how many different ones there are; the first lines decide whether to look on."""
        if not sum(bool(test(line[i : i + width])) for line in lines[:5]) * 2 >= min(5, len(lines)):
            return 0.0, 0
        cells = [line[i : i + width] for line in lines]
        return sum(bool(test(c)) for c in cells) / len(cells), len(set(cells))

    def card(cell: str) -> bool:
        bare = cell.rstrip()
        return bare.isdigit() and 16 <= len(bare) <= 19 and luhn.is_valid(bare)

    ends: set[int] = set()  # where a day, a month or an id ends, whose last digit may be a zero too
    zero = [sum(line[i : i + 1] == "0" for line in lines) / len(lines) for i in range(len(lines[0]))]

    def padded(i: int, width: int) -> bool:
        varied = lines[0][i + width - 1] in "+-" or len({line[i : i + width] for line in lines}) > min(2, len(lines) - 1)
        begins = zero[i] >= 0.9 and (i == 0 or zero[i - 1] < 0.6 or i in ends)
        return begins and varied and all(re.fullmatch(r"\d+[-+]?", line[i : i + width]) for line in lines)

    def known(i: int) -> list[tuple[int, float]]:
        out: list[tuple[int, float]] = []
        for width, worth, test in (
            (18, 100.0, lambda c: citizen_id.valid_18(c, today)),
            (18, 100.0, lambda c: isinstance(uscc.parse(c), uscc.Uscc)),
            (14, 70.0, lambda c: _day(c, today) and re.fullmatch(r"([01]\d|2[0-3])[0-5]\d[0-5]\d", c[8:])),
            (12, 51.0, lambda c: _day(c, today) and re.fullmatch(r"([01]\d|2[0-3])[0-5]\d", c[8:])),
            (8, 50.0, lambda c: _day(c, today)),
            (6, 40.0, lambda c: c in divisions),
            (6, 5.0, lambda c: re.fullmatch(r"(19|20)\d\d(0[1-9]|1[0-2])", c)),
            *((w, 45.0, card) for w in (16, 17, 18, 19)),
        ):
            passed, different = share(i, width, test)
            if width in (12, 14) and len(minutes := {line[i + 10 : i + 12] for line in lines}) <= 2 and not minutes <= {"00", "30"}:
                continue  # a day, and digits that happen to be hours
            if passed >= 0.95 or (passed >= 0.8 and width == 18):
                # What is the same in every line may be a number that begins like a day or a division.
                out.append((width, worth if different > 2 else min(worth, 5.0)))
                ends.add(i + width)
        if (void := voids.get(i)) is not None:
            out.append((void, _VOID))
        elif (i in ends or i == begin) and all(line[i] in "+-/*" for line in lines):
            # Behind a whole field a sign begins a number; it ends where the next one is known to begin.
            out += [(w, _SIGNED) for w in range(3, 11) if (i + w in voids or i + w == len(lines[0])) and _number(lines, i, w)]
        for width in range(8, 19):
            if i + width <= len(lines[0]) and padded(i, width):
                signed = all(line[i + width - 1] in "+-" for line in lines)
                zeros = next((n for n in range(6) if zero[i + n] < 0.9), 6)
                out.append((width, (30.0 if signed else 11.0 + width / 10) + zeros))
        return out

    return known


def _number(lines: Sequence[str], i: int, width: int) -> bool:
    """Whether the bytes are a sign and digits in nearly all lines."""
    return sum(line[i + 1 : i + width].isdigit() for line in lines) >= 0.95 * len(lines)


def _voids(lines: Sequence[str]) -> dict[int, int]:
    """First byte → width of fields that are filled with one sign (/ * ? - # X) where there is no value, as instruments send them.

    Of fillings that lie over one another the short ones count: two fields without a value that touch look like a long one.
    """
    found = Counter((m.start(), len(m[0])) for line in lines for m in _FILLED.finditer(line))
    most = max(2, 0.9 * len(lines))
    runs = sorted((r for r, times in found.items() if times <= most), key=lambda r: (r[1], -found[r]))
    out: dict[int, int] = {}
    for start, width in runs:
        if not any(s < start + width and start < s + w for s, w in out.items()):
            out[start] = width
    return out


def _day(raw: str, today: date) -> bool:
    try:
        day = date(int(raw[:4]), int(raw[4:6]), int(raw[6:8]))
    except ValueError:
        return False
    return 1900 <= day.year <= today.year + 30
