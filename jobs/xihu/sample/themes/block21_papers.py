"""(21) 档案: decisions as scanned papers, of which only the metadata is taken. The names carry number and date."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from xihu.sample.forms.papers import pdf
from xihu.sample.themes.days import workday
from xihu.sample.themes.extract import Fault, File, World

TITLE = "审批决定书扫描件"


def files(world: World) -> Iterator[File]:
    """Eight papers a month; one under a day that does not exist, one that the scanner saved as a picture and somebody renamed."""
    for k, month in enumerate(world.months):
        rng = world.rng("sg__decision_paper", month)
        for n in range(8):
            day = workday(month + timedelta(days=3 * n + rng.randrange(3)))
            number, stamp = f"杭审〔{day.year}〕{k * 8 + n + 1}号", f"{day:%Y%m%d}"
            content, arrival = pdf(f"Decision {k * 8 + n + 1}/{day.year}"), workday(day + timedelta(days=1))
            if k == 1 and n == 5:
                name = f"决定书_{number}_{day.year}1131.pdf"
                fault = Fault(1, "day_that_does_not_exist", "bad_date", "decided_on")
                yield File("sg__decision_paper", name, arrival, content, 1, clock=f"1{n}0000", faults=[fault])
                continue
            if k == 2 and n == 2:
                picture = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + rng.randbytes(400) + b"\xff\xd9"
                name = f"决定书_{number}_{stamp}.pdf"
                note = "a JPEG under the name of a PDF; sent right on the next day"
                yield File("sg__decision_paper", name, arrival, picture, 1, clock=f"1{n}0000", refused="wrong_format", note=note)
                arrival = workday(arrival + timedelta(days=1))
            faults = [Fault(1, "full_width_brackets", "accepted", "doc_no")] if n == 0 else []
            name = f"决定书_{number}_{stamp}.pdf"
            yield File("sg__decision_paper", name, arrival, content, 1, clock=f"1{n}0000", faults=faults)
