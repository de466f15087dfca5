"""Deliveries: files are copied into landing once, whole, and never changed or overwritten afterwards.

`landing/<dept>/<delivery_id>/<original name>` with `.delivery.json` beside. A delivery's id follows from its department, instant and
contents, so that delivering the same thing again is recognised; the same content at another time is a new delivery. Archives are kept
as sent; their files are unpacked beside them, below `.members`.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from filelock import FileLock

from xihu.bronze.archive import Member, inner_name, unpack
from xihu.bronze.instants import is_instant, parse_instant
from xihu.bronze.schema import Refusal
from xihu.lake import durable
from xihu.settings import settings

SIDECAR = ".delivery.json"
RECEIVED = ".received_at"
WITHDRAWN = ".withdrawn.json"
MEMBERS = ".members"
_INCOMING = ".incoming-"
_BLOCK = 1 << 20


class DeliveryError(RuntimeError):
    """The files cannot be taken over as they are; nothing was delivered."""


@dataclass(frozen=True)
class DeliveredFile:
    """One file of a delivery. `sha256` is of its bytes, `size` in bytes.

    Of an archive, `members` are the files in it, unpacked under `.members/<name>` beside it; `fault` is why it was not unpacked.
    """

    name: str
    size: int
    sha256: str
    members: tuple[Member, ...] = ()
    fault: Refusal | None = None


@dataclass(frozen=True)
class Entry:
    """One file to be judged: a delivered file, or one inside a delivered archive.

    `file.name` is `<archive>!<member>` for a member; `base` is the name without archive and folders, which contracts match; `path` holds
    the bytes to read, below the delivery's folder.
    """

    file: DeliveredFile
    base: str
    path: str


@dataclass(frozen=True)
class Withdrawal:
    """A sender takes a delivery back: when that was said (UTC), by which login it was entered, and why."""

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True)
class Delivered:
    """One delivery in landing. `received_at` is UTC, `seq` the order of landing; `withdrawal` where its sender took it back."""

    delivery_id: str
    dept: str
    received_at: datetime
    seq: int
    files: tuple[DeliveredFile, ...] = field(default=())
    withdrawal: Withdrawal | None = None

    @property
    def folder(self) -> Path:
        return settings().landing / self.dept / self.delivery_id

    @property
    def order(self) -> tuple[datetime, int]:
        return (self.received_at, self.seq)

    def entries(self) -> Iterator[Entry]:
        """The files to be judged, those in archives in the archive's place. A single gzip file is read as what it holds."""
        for file in self.files:
            for member in file.members:
                inner = member.name or inner_name(file.name)
                name = f"{file.name}!{inner}" if inner != file.name else inner
                base = inner.rsplit("/", 1)[-1]
                yield Entry(DeliveredFile(name, member.size, member.sha256), base, f"{MEMBERS}/{file.name}/{inner}")
            if not file.members:
                yield Entry(file, file.name, file.name)


@dataclass(frozen=True)
class _Found:
    path: Path
    dept: str
    received_at: datetime | None


def deliver(paths: Iterable[Path | str], received_at: str | datetime | None = None, dept: str | None = None) -> list[str]:
    """Copies files and folders into landing and returns the ids of their deliveries, in the order of receipt.

    A folder holds departments' folders (`<dir>/<dept>/<file>`), possibly under instants (`<dir>/<2016-11-05T…>/<dept>/<file>`), or is one
    department's folder. What is received together by one department is one delivery.

    Args:
        received_at: instant for all of them; else a `<file>.received_at` or `.received_at` beside the file, else the instant that a
            folder above is named after, else the newest modification time of the delivery's files.
        dept: department folder, when the paths do not say it.

    Raises:
        DeliveryError: a path is missing, unreadable, or changes while it is copied.
    """
    instant = parse_instant(received_at) if received_at is not None else None
    found: list[_Found] = []
    for given in paths:
        path = Path(given).absolute()
        if not path.exists():
            raise DeliveryError(f"{path}: 不存在（no such file or folder）")
        found.extend(_expand(path, dept, None))
    batches: dict[tuple[str, datetime | None], list[list[_Found]]] = {}
    for item in found:
        when = instant or _sidecar(item.path) or item.received_at
        groups = batches.setdefault((item.dept, when), [[]])
        # Two files of one name from two folders cannot lie in one delivery.
        home = next((g for g in groups if all(f.path.name != item.path.name for f in g)), None)
        if home is None:
            home = []
            groups.append(home)
        home.append(item)
    made = []
    for (name, when), groups in batches.items():
        for group in groups:
            if group:
                at = when or datetime.fromtimestamp(max(f.path.stat().st_mtime_ns for f in group) // 1000 / 1e6, UTC)
                made.append(_land(name, at, [f.path for f in group]))
    return [d.delivery_id for d in sorted(made, key=lambda d: d.order)]


def _expand(path: Path, dept: str | None, received_at: datetime | None, fallback: str | None = None) -> Iterator[_Found]:
    if not path.is_dir():
        yield _Found(path, dept or path.parent.name, received_at or _folder_instant(path.parent))
        return
    if is_instant(path.name):
        received_at, own = parse_instant(path.name), fallback
    else:
        own = path.name
    for child in sorted(path.iterdir()):
        if child.is_dir():
            if not child.is_symlink():
                # Below a department's folder everything is that department's; an instant's folder names no department.
                yield from _expand(child, dept, received_at, own)
        elif not (child.name == SIDECAR or child.name.endswith(RECEIVED)):
            yield _Found(child, dept or own or path.parent.name, received_at or _folder_instant(path.parent))


def _folder_instant(folder: Path) -> datetime | None:
    for part in (folder.name, folder.parent.name):
        if is_instant(part):
            return parse_instant(part)
    return None


def _sidecar(path: Path) -> datetime | None:
    for file in (path.with_name(path.name + RECEIVED), path.parent / RECEIVED):
        if file.is_file():
            text = file.read_text("utf-8").strip()
            try:
                return parse_instant(text)
            except ValueError as error:
                raise DeliveryError(f"{file}: {error}") from error
    return None


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while block := source.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _copy(source: Path, target: Path) -> DeliveredFile:
    before = source.stat()
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as reader, target.open("xb") as writer:
        while block := reader.read(_BLOCK):
            digest.update(block)
            size += len(block)
            writer.write(block)
        writer.flush()
        os.fsync(writer.fileno())
    after = source.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or size != after.st_size:
        raise DeliveryError(f"{source}: 复制时仍在变化，请等上传完成后再交付（still growing; deliver it when the upload has ended）")
    os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))
    return DeliveredFile(target.name, size, digest.hexdigest())


def _opened(file: DeliveredFile, folder: Path) -> DeliveredFile:
    """An archive with its members unpacked; any other file as it is."""
    found = unpack(folder / file.name, folder / MEMBERS / file.name)
    if isinstance(found, Refusal):
        return replace(file, fault=found)
    return file if found is None else replace(file, members=tuple(found))


def _file(body: dict[str, Any]) -> DeliveredFile:
    members = tuple(Member(**m) for m in body.get("members", ()))
    fault = Refusal(**body["fault"]) if body.get("fault") else None
    return DeliveredFile(body["name"], body.get("size", 0), body["sha256"], members, fault)


def _name(path: Path) -> str:
    """The original name; bytes that are not UTF-8 are read as GB18030."""
    raw = os.fsencode(path.name)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("gb18030", "backslashreplace")


def _land(dept: str, received_at: datetime, files: list[Path]) -> Delivered:
    root = settings().landing / dept
    root.mkdir(parents=True, exist_ok=True)
    with _incoming(root) as part:
        copied = tuple(_opened(_copy(f, part / _name(f)), part) for f in sorted(files, key=lambda p: p.name))
        body = [dept, received_at.isoformat(), [[f.name, f.sha256] for f in copied]]
        digest = hashlib.sha256(json.dumps(body, ensure_ascii=False).encode()).hexdigest()
        delivery_id = f"{received_at:%Y%m%dT%H%M%SZ}-{digest[:12]}"
        target = root / delivery_id
        with FileLock(settings().landing / ".lock"):
            if (target / SIDECAR).exists():
                return read_delivery(target)
            made = Delivered(delivery_id, dept, received_at, _next_seq(), copied)
            durable.write_json(
                part / SIDECAR,
                {
                    "delivery_id": delivery_id,
                    "dept": dept,
                    "received_at": received_at.isoformat(),
                    "seq": made.seq,
                    "files": [{k: v for k, v in asdict(f).items() if v or k == "size"} for f in copied],
                },
            )
            durable.sync_tree(part)
            part.rename(target)
            durable.sync(root)
            durable.sync(root.parent)
            return made


@contextmanager
def _incoming(root: Path) -> Iterator[Path]:
    """A folder in which a delivery is put together. Held by `flock`, which the kernel lets go of when its holder dies: what nobody holds
    was left by a process that was killed, and is removed.

    Raises:
        DeliveryError: for any OSError inside; nothing was delivered.
    """
    part, held = root / f"{_INCOMING}{os.getpid()}-{threading.get_native_id()}", -1
    try:
        with FileLock(settings().landing / ".lock"):
            for left in root.glob(f"{_INCOMING}*"):
                _clear(left)
            part.mkdir()
            held = os.open(part, os.O_RDONLY)
            fcntl.flock(held, fcntl.LOCK_EX)
        yield part
    except OSError as error:
        raise DeliveryError(f"{root}: {error.strerror or error}；未交付任何文件（nothing was delivered）") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if held >= 0:
            os.close(held)


def _clear(left: Path) -> None:
    handle = os.open(left, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(left, ignore_errors=True)
    except BlockingIOError:
        pass
    finally:
        os.close(handle)


def _next_seq() -> int:
    counter = settings().landing / ".sequence"
    try:
        last = int(counter.read_text("ascii"))
    except (OSError, ValueError):
        last = max((d.seq for d in deliveries()), default=0)
    durable.write_json(counter, last + 1)
    return last + 1


def read_delivery(folder: Path) -> Delivered:
    """The delivery whose folder this is."""
    body = durable.read_json(folder / SIDECAR)
    return Delivered(
        body["delivery_id"],
        body["dept"],
        datetime.fromisoformat(body["received_at"]).astimezone(UTC),
        int(body.get("seq", 0)),
        tuple(_file(f) for f in body["files"]),
        _withdrawal(folder),
    )


def _withdrawal(folder: Path) -> Withdrawal | None:
    file = folder / WITHDRAWN
    if not file.exists():
        return None
    body = durable.read_json(file)
    return Withdrawal(datetime.fromisoformat(body["at"]), body["by"], body["reason"])


def withdraw(delivery_ids: Iterable[str], reason: str, by: str) -> list[Delivered]:
    """Marks deliveries as taken back by their sender; the files stay in landing. A second time changes nothing.

    The mark is an event beside the files; the next ingest derives everything as if the delivery had never come.

    Raises:
        DeliveryError: one of them does not exist, or no reason is given; nothing was marked.
    """
    wanted = list(dict.fromkeys(delivery_ids))
    if not wanted:
        return []
    if not reason.strip():
        raise DeliveryError("撤回须写明理由（--reason）；未改动任何数据（a withdrawal needs its reason）")
    known = {d.delivery_id: d for d in deliveries()}
    for name in wanted:
        if name not in known:
            near = get_close_matches(name, list(known), 1, 0.5)
            hint = f"；是否为 {near[0]}" if near else ""
            raise DeliveryError(f"{name}: 没有这个交付编号{hint}（no such delivery; the ids stand in ops.delivery）")
    for name in wanted:
        if known[name].withdrawal is None:
            body = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "by": by, "reason": reason.strip()}
            durable.write_json(known[name].folder / WITHDRAWN, body)
    return [read_delivery(known[name].folder) for name in wanted]


def deliveries() -> list[Delivered]:
    """All deliveries in landing, in the order of receipt (then of landing)."""
    landing = settings().landing
    if not landing.is_dir():
        return []
    found = [read_delivery(side.parent) for side in landing.glob(f"*/*/{SIDECAR}") if not side.parent.name.startswith(".")]
    return sorted(found, key=lambda d: d.order)


def landing_name(delivery: Delivered, file: DeliveredFile | str) -> str:
    """The file's name in ledger, bronze and silver: `landing/<dept>/<delivery_id>/<original name>`, below `XIHU_HOME`."""
    name = file if isinstance(file, str) else file.name
    return f"landing/{delivery.dept}/{delivery.delivery_id}/{name}"
