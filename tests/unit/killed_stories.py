"""What the parts without a JVM do with files, as stories that can be broken off anywhere and told again."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from reader_helpers import PEOPLE, contract

from xihu.bronze import gate
from xihu.bronze.deliver import deliver, deliveries, withdraw
from xihu.bronze.schema import Inspection
from xihu.settings import settings

Files = dict[str, Any]
BEFORE, AT = datetime(2016, 11, 30, tzinfo=UTC), datetime(2016, 12, 5, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Story:
    """`prepare` lays out a folder with `home` in it; `act` does the work there and may be called again; `look` is what must be the same in
    the end however often it was broken off; `glance` is what holds at any time, also right after a death.
    """

    name: str
    prepare: Callable[[Path], None]
    act: Callable[[Path], object]
    look: Callable[[Path], Files]
    glance: Callable[[Path], None]


def tree(folder: Path, but: str = r"\.lock$") -> Files:
    """Every file and empty folder below, by path; files by digest."""
    found: Files = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and not re.search(but, name):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        elif path.is_dir() and not any(path.iterdir()):
            found[name + "/"] = ""
    return found


# Deliveries


def table(n: int, seed: int = 0) -> bytes:
    rows = "".join(f"王五,33010619500101001X,{i + seed},北山路{i}号\r\n" for i in range(n))
    return f"姓名,身份证号,金额,地址\r\n{rows}".encode("gb18030")


def packed(names: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in names.items():
            z.writestr(zipfile.ZipInfo(name, (2016, 12, 1, 0, 0, 0)), data)
    return out.getvalue()


def tarred(names: dict[str, bytes], mode: str = "w:gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as t:  # type: ignore[call-overload]
        for name, data in names.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


# More than one block of the copy, so that a file can be half there.
BIG = table(60_000)


def sent(root: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        path = root / "sent" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (1_480_000_000, 1_480_000_000))


def standing(root: Path, files: dict[str, bytes]) -> None:
    """A delivery of last month is there, and these files wait outside."""
    sent(root, {"mz/旧.csv": table(3, 7)})
    deliver([root / "sent" / "mz" / "旧.csv"], BEFORE, "mz")
    (root / "sent" / "mz" / "旧.csv").unlink()
    sent(root, files)


def landed(root: Path) -> Files:
    """Landing byte for byte; of the sequence numbers only their order, for one may be left out."""
    seqs = sorted(d.seq for d in deliveries())
    assert len(set(seqs)) == len(seqs)
    found = tree(root / "home" / "landing", r"(^|/)\.lock$|^\.sequence$|\.delivery\.json$|\.withdrawn\.json$")
    for d in deliveries():
        body = json.loads((d.folder / ".delivery.json").read_text("utf-8"))
        found[f"{d.delivery_id} side"] = body | {"seq": seqs.index(d.seq)}
        found[f"{d.delivery_id} back"] = d.withdrawal and (d.withdrawal.by, d.withdrawal.reason)
    found["order"] = [d.delivery_id for d in sorted(deliveries(), key=lambda d: d.seq)]
    return found


def whole_deliveries(root: Path) -> None:
    """What readers of landing see is whole: every file and member of every delivery, its bytes and its digest."""
    for d in deliveries():
        for entry in d.entries():
            data = (d.folder / entry.path).read_bytes()
            assert (len(data), hashlib.sha256(data).hexdigest()) == (entry.file.size, entry.file.sha256), entry.path
        assert {f.name for f in d.files} <= {p.name for p in d.folder.iterdir()}


def delivering(name: str, files: dict[str, bytes], check: Callable[[Path], None] = lambda root: None) -> Story:
    def glance(root: Path) -> None:
        whole_deliveries(root)

    def look(root: Path) -> Files:
        check(root)
        return landed(root)

    return Story(name, lambda root: standing(root, files), lambda root: deliver([root / "sent"], AT), look, glance)


CTL = contract(PEOPLE, "csv", files="sy/表_*.csv", companion=["{stem}.ctl"])


def companions_found(root: Path) -> None:
    (item,) = [i for i in gate.items(deliveries(), [CTL]) if i.contract is CTL]
    verdict, count = gate.examine_file(item.path, CTL, item.file.sha256, item.companions)
    assert len(item.companions) == 1 and isinstance(verdict, Inspection) and count is not None and count.records == 5


def again(root: Path) -> None:
    """The same thing once more, and the same bytes at another time."""
    deliver([root / "sent"], BEFORE)
    deliver([root / "sent"], AT)


def taken_back(root: Path) -> None:
    standing(root, {"mz/甲.csv": table(2), "sy/乙.csv": table(2)})
    deliver([root / "sent"], AT)


def take_back(root: Path) -> None:
    withdraw([d.delivery_id for d in deliveries()][1:], "误报", "engineer")


DELIVERIES = [
    delivering("one file", {"mz/甲.csv": table(4)}),
    delivering("a large file", {"mz/甲.csv": BIG}),
    delivering("three departments", {f"{n}.csv": table(3, i) for i, n in enumerate(["mz/甲", "mz/乙", "sy/甲", "tj/丙"])}),
    delivering("zip", {"mz/批.zip": packed({"一/甲.csv": table(3), "一/二/乙.csv": table(2), "丙.csv": table(70_000)})}),
    delivering("tar.gz", {"mz/批.tar.gz": tarred({"a/甲.csv": table(3), "b/乙.csv": table(2)}), "mz/注.csv": table(1)}),
    delivering("tar", {"mz/批.tar": tarred({"a/甲.csv": table(3), "b/乙.csv": table(2)}, "w")}),
    delivering("unsafe zip", {"mz/坏.zip": packed({"a.csv": table(3), "b.zip": packed({"c.csv": b"x"})}), "mz/甲.csv": table(2)}),
    delivering("damaged tar.gz", {"mz/坏.tar.gz": tarred({"a/甲.csv": table(3), "b/乙.csv": BIG})[:-400]}),
    delivering("companions", {"sy/表_1.csv": table(5), "sy/表_1.ctl": b"rows=5\n"}, companions_found),
    Story("twice", lambda root: standing(root, {"mz/甲.csv": table(4)}), again, landed, whole_deliveries),
    Story("withdrawal", taken_back, take_back, landed, whole_deliveries),
]


# Runs


class _Books:
    """Stands for Delta: takes the rows of a run once, in one step."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "home" / "books"

    def load(self, _df: Any, table: str, run: int, _spec: Any = None) -> None:
        (self.folder / f"{table}-{run}").mkdir(parents=True, exist_ok=True)


def run_all(root: Path) -> None:
    """What every command does: hold the lake, finish what was broken off, then take what is new in a run of its own."""
    from xihu.lake import runs, tables

    books = _Books(root)
    tables.load, tables.local, tables.ddl = books.load, lambda *a: None, lambda c: None  # type: ignore[assignment, return-value]

    def work(run: Any) -> None:
        for step in run.steps:
            if not run.is_done(step):
                books.load(None, f"{step}-{'-'.join(run.deliveries)}", run.no)
                run.done(step)
        run.finish(None)

    with runs.exclusive("test"):
        for old in runs.unfinished():
            work(runs.resume(old))
        names = {d for n in runs._manifests() for d in json.loads(n.read_text("utf-8"))["deliveries"]}
        for one in ("d1", "d2", "d3"):
            if one not in names:
                work(runs.begin(None, "ingest", ["ingest", "gold", "publish"], [one], AT))  # type: ignore[arg-type]


def first_run(root: Path) -> None:
    from xihu.lake import durable
    from xihu.lake.runs import manifest_path

    old = {"no": 1, "command": "ingest", "started": AT.isoformat(), "steps": ["ingest"], "deliveries": ["d0"], "as_of": None}
    durable.write_json(manifest_path(1), old | {"contracts": {}, "steps_done": ["ingest"], "status": "done", "detail": ""})


def runs_seen(root: Path) -> Files:
    from xihu.lake import runs

    found = tree(root / "home", r"\.lock$|manifests/\d+\.json$")
    for path in runs._manifests():
        found[path.name] = json.loads(path.read_text("utf-8")) | {"started": ""}
    assert not runs.unfinished()
    return found


def runs_readable(root: Path) -> None:
    from xihu.lake import runs

    assert len(runs.unfinished()) <= 1
    with runs.exclusive("glance"):
        pass


# Receipts


def _receipts(root: Path, run: int) -> None:
    from xihu.contract.load import Catalogue
    from xihu.lake.ledger import LedgerRow
    from xihu.share import receipt

    files = []
    for n, (name, c) in enumerate((("甲.csv", CTL), ("乙.csv", CTL), ("丙.xlsx", contract(PEOPLE, "xlsx")))):
        counts = {"records_in": 5, "accepted": 2, "quarantined": 3, "duplicate": 0, "superseded": 0, "structural": 1, "closed": 0}
        landing = f"landing/sy/20161205T120000Z-1/{name}"
        row = LedgerRow("20161205T120000Z-1", "sy__shiyan", landing, AT, "accepted_with_quarantine", None, dept="sy", run_id=run, **counts)  # type: ignore[arg-type]
        made = receipt.FileReceipt(row, c)
        # The second run returns less: a list that is no longer due must go.
        if run == 1 or n != 1:
            cells = ("王五", "1", "=2", "x" * 3000)
            made.returned = [receipt.Returned(i, f"第{i}行", cells, ("id_no",), "bad_id_length", f"run {run}", "raw") for i in range(8)]
        files.append(made)
    receipt._write(files, run, Catalogue(settings().conf, {CTL.resource: CTL}))


def receipt_due(root: Path) -> None:
    """As write_receipts does: only where what stands is older than the ledger."""
    from xihu.share import receipt

    folder = root / "home" / "receipts" / "sy" / "20161205T120000Z-1"
    if receipt._made(folder) < 2:
        _receipts(root, 2)


def receipt_readable(root: Path) -> None:
    """Whoever opens the folder finds whole files only, of the old receipt or the new one."""
    from openpyxl import load_workbook

    for path in (root / "home" / "receipts").rglob("*"):
        if path.is_dir() or path.name.startswith("."):
            continue
        assert path.stat().st_mode & 0o077 == 0, path
        if path.suffix == ".html":
            assert path.read_text("utf-8").rstrip().endswith("</html>"), path
        elif path.suffix == ".csv":
            assert path.read_bytes().decode("gb18030").count("\r\n") == 9, path
        elif path.suffix == ".xlsx":
            assert load_workbook(path).active.max_row == 9, path
        else:
            json.loads(path.read_text("utf-8"))
    assert (root / "home" / "receipts/sy/20161205T120000Z-1/index.html").exists(), "the old receipt stands until the new one does"


def receipts_seen(root: Path) -> Files:
    # A workbook notes the second in which it was made.
    return {n: d if not n.endswith(".xlsx") else "" for n, d in tree(root / "home" / "receipts").items()}


# What the engines keep


def keep(root: Path) -> None:
    from xihu.engines import keys, limits, tls
    from xihu.lake.durable import write_text
    from xihu.share.passwords import passwords

    s = settings()
    limits.change_limits(s, metastore_heap_mb=600)
    keys.key(s, "cookie")
    passwords(s)
    tls.ensure(s)
    for name, text in (("a.properties", "a=1\n"), ("b.properties", "b=2\n" * 5000)):
        write_text(s.home / "trino" / "etc" / name, text)


def kept_before(root: Path) -> None:
    from xihu.engines import limits
    from xihu.share.passwords import passwords

    s = settings()
    passwords(s)
    file = s.secrets / "passwords.yaml"
    text = re.sub(r"(?m)^(\w+): .*", r"\1: set-by-hand", file.read_text("utf-8"), count=1)
    last = text.rstrip("\n").rsplit("\n", 1)[0] + "\n"
    # One user is new since; the first one's password was set by hand.
    file.write_text(last, "utf-8")
    limits.change_limits(s, trino_heap_mb=900)
    (s.home / "ports.yaml").write_text("superset: 18088\n", "utf-8")


def kept(root: Path) -> Files:
    import stat

    from xihu.engines.keys import key
    from xihu.engines.limits import limits
    from xihu.share.passwords import passwords

    s = settings()
    found: Files = dict.fromkeys(tree(root / "home"), "")
    for path in [*s.secrets.rglob("*"), *(s.home / "trino" / "etc" / "secret").rglob("*")]:
        if path.is_file():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert len(key(s, "cookie")) == 64 and all(passwords(s).values())
    found["limits"] = limits(s).model_dump()
    return found


def kept_readable(root: Path) -> None:
    import yaml

    from xihu.engines.limits import limits

    s = settings()
    known = yaml.safe_load((s.secrets / "passwords.yaml").read_text("utf-8"))
    assert known and "set-by-hand" in known.values(), "a password that was set is lost"
    assert limits(s).trino_heap_mb == 900, "a limit that was set is lost"
    cookie = s.secrets / "cookie"
    assert not cookie.exists() or len(cookie.read_text("ascii")) == 64


# Parts fetched over a connection


class _Pins:
    """Two jars and a server archive, served on loopback by the parent and pinned."""

    def __init__(self) -> None:
        import threading

        from test_engines_fetch import PLUGINS, Repository, pinned, server_archive

        from xihu.engines import parts

        bodies = {"one": b"1" * 120_000, "two": b"2" * 70_000, "trino-server": server_archive()}
        given = (
            pinned("one", bodies["one"]),
            pinned("two", bodies["two"]),
            pinned("trino-server", bodies["trino-server"], "tar.gz", "downloads", "476"),
        )
        self.repository = Repository()
        self.repository.files = {p.path: bodies[p.artifact] for p in given}
        threading.Thread(target=self.repository.serve_forever, args=(0.05,), daemon=True).start()
        self.given = given
        self.patches = {(parts, "_pins"): lambda: (given, PLUGINS)}


@cache
def pins() -> _Pins:
    return _Pins()


def fetch_parts(root: Path) -> None:
    from xihu.engines import archive, fetch, parts
    from xihu.engines.progress import Silent

    os.environ["XIHU_MAVEN_URL"] = pins().repository.url
    for (module, name), value in pins().patches.items():
        setattr(module, name, value)
    assert parts.trino().size
    fetch.fetch(Silent())
    assert not archive.damage(settings(), deep=True)


def fetched(root: Path) -> Files:
    return {n: "" if n.endswith("verified.json") else d for n, d in tree(root / "cache").items()}


def parts_readable(root: Path) -> None:
    """A jar with its name is the pinned one, for Spark loads whatever lies there; a server with a manifest is whole."""
    given = {p.file(settings()).name: p for p in pins().given}
    for jar in (root / "cache").rglob("delta/*.jar"):
        assert (jar.stat().st_size, hashlib.sha256(jar.read_bytes()).hexdigest()) == (given[jar.name].size, given[jar.name].sha256)


OTHERS = [
    Story("runs", first_run, run_all, runs_seen, runs_readable),
    Story("receipt", lambda root: _receipts(root, 1), receipt_due, receipts_seen, receipt_readable),
    Story("engine state", kept_before, keep, kept, kept_readable),
    Story("engine parts", lambda root: pins() and None, fetch_parts, fetched, parts_readable),
]
STORIES = [*DELIVERIES, *OTHERS]
