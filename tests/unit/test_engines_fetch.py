"""Fetching against a repository that misbehaves: breaks off, ignores ranges, hands over other bytes. No network beyond loopback."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from xihu.engines import archive, download, fetch, maven, parts
from xihu.engines.errors import EngineError
from xihu.engines.parts import Part
from xihu.engines.progress import Plain, Silent
from xihu.settings import settings

PLUGINS = ("delta-lake", "memory")


class Repository(ThreadingHTTPServer):
    """Serves `files` by path; `breaks[path]` is a list of byte counts after which successive answers are cut off."""

    daemon_threads = True

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.breaks: dict[str, list[int]] = {}
        self.ranges = True
        self.asked: list[tuple[str, str | None]] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/repo/"


class Handler(BaseHTTPRequestHandler):
    server: Repository

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        path = self.path.removeprefix("/repo/")
        given = self.headers.get("Range")
        self.server.asked.append((path, given))
        body = self.server.files.get(path)
        if body is None:
            self.send_error(404)
            return
        start = int(given.removeprefix("bytes=").rstrip("-")) if given and self.server.ranges else 0
        if start >= len(body) and start:
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        cuts = self.server.breaks.get(path)
        if cuts:
            self.wfile.write(body[start : start + cuts.pop(0)])
            self.wfile.flush()
            self.connection.close()
            return
        self.wfile.write(body[start:])


def server_archive() -> bytes:
    """A tiny Trino: two plugins that stay, one that goes and holds the original of a hard link."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:

        def add(name: str, data: bytes) -> None:
            info = tarfile.TarInfo(f"trino-server-476/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))

        def link(name: str, to: str) -> None:
            info = tarfile.TarInfo(f"trino-server-476/{name}")
            info.type, info.linkname = tarfile.LNKTYPE, f"trino-server-476/{to}"
            tar.addfile(info)

        add("lib/core.jar", b"core" * 1000)
        add("plugin/bigquery/shared.jar", b"shared" * 5000)
        link("plugin/delta-lake/shared.jar", "plugin/bigquery/shared.jar")
        add("plugin/memory/memory.jar", b"memory" * 99)
    return out.getvalue()


def pinned(name: str, body: bytes, ext: str = "jar", into: str = "delta", version: str = "1.0") -> Part:
    return Part("org.example", name, version, ext, into, len(body), hashlib.sha256(body).hexdigest())


@pytest.fixture
def repository() -> Iterator[Repository]:
    server = Repository()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def pins(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Two jars and a server archive, served and pinned; a private cache."""
    bodies = {"one": b"1" * 300_000, "two": b"2" * 70_000, "trino-server": server_archive()}
    given = (
        pinned("one", bodies["one"]),
        pinned("two", bodies["two"]),
        pinned("trino-server", bodies["trino-server"], "tar.gz", "downloads", "476"),
    )
    for part in given:
        repository.files[part.path] = bodies[part.artifact]
    monkeypatch.setattr(parts, "_pins", lambda: (given, PLUGINS))
    monkeypatch.setattr(archive, "ROOM", 10_000_000)
    monkeypatch.setenv("XIHU_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XIHU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XIHU_MAVEN_URL", repository.url)
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return bodies


def test_fetch_then_nothing_to_do(repository: Repository, pins: dict[str, bytes]) -> None:
    assert fetch.fetch(Silent()) == ["one-1.0.jar", "two-1.0.jar", "trino-server-476.tar.gz"]
    java = settings().java
    assert (java / "delta" / "one-1.0.jar").read_bytes() == pins["one"]
    home = parts.trino_home(settings())
    assert sorted(str(p.relative_to(home)) for p in home.rglob("*.jar")) == [
        "lib/core.jar",
        "plugin/delta-lake/shared.jar",
        "plugin/memory/memory.jar",
    ]
    # The link's original lay in a plugin that was removed.
    assert (home / "plugin/delta-lake/shared.jar").read_bytes() == b"shared" * 5000
    assert not list((java / "downloads").iterdir())
    asked = len(repository.asked)
    assert fetch.fetch(Silent()) == []
    assert fetch.fetch(Silent(), deep=True) == []
    assert len(repository.asked) == asked


def test_a_broken_line_goes_on_where_it_stopped(repository: Repository, pins: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download.time, "sleep", lambda _: None)
    path = parts.jars()[0].path
    repository.breaks[path] = [6 * download.PIECE + 7, 3 * download.PIECE]
    fetch.fetch(Silent())
    assert (settings().java / "delta" / "one-1.0.jar").read_bytes() == pins["one"]
    assert [r for p, r in repository.asked if p == path] == [None, "bytes=98304-", "bytes=147456-"]


def test_a_killed_fetch_is_resumed_by_the_next(repository: Repository, pins: dict[str, bytes]) -> None:
    half = settings().java / "delta" / "one-1.0.jar.part"
    half.parent.mkdir(parents=True)
    half.write_bytes(pins["one"][:123_456])
    fetch.fetch(Silent())
    assert repository.asked[0][1] == "bytes=123456-"
    assert not half.exists()


def test_a_half_file_with_other_bytes_is_begun_anew(repository: Repository, pins: dict[str, bytes]) -> None:
    half = settings().java / "delta" / "one-1.0.jar.part"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"x" * 1000)
    fetch.fetch(Silent())
    assert (settings().java / "delta" / "one-1.0.jar").read_bytes() == pins["one"]


@pytest.mark.parametrize("have", [1000, 400_000])
def test_a_server_without_ranges_and_a_half_file_that_is_too_long(repository: Repository, pins: dict[str, bytes], have: int) -> None:
    repository.ranges = False
    half = settings().java / "delta" / "one-1.0.jar.part"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"1" * have)
    fetch.fetch(Silent())
    assert (settings().java / "delta" / "one-1.0.jar").read_bytes() == pins["one"]


def test_other_bytes_are_refused_and_never_get_the_name(repository: Repository, pins: dict[str, bytes]) -> None:
    repository.files[parts.jars()[1].path] = b"3" * 70_000
    with pytest.raises(EngineError, match=r"two-1\.0\.jar is not the pinned file") as caught:
        fetch.fetch(Silent())
    assert "XIHU_MAVEN_URL" in caught.value.cure
    assert not (settings().java / "delta" / "two-1.0.jar").exists()


def test_a_missing_file_and_a_dead_server(repository: Repository, pins: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download.time, "sleep", lambda _: None)
    del repository.files[parts.jars()[0].path]
    with pytest.raises(EngineError, match="404"):
        fetch.fetch(Silent())
    monkeypatch.setenv("XIHU_MAVEN_URL", "http://127.0.0.1:9/")
    with pytest.raises(EngineError, match="goes on where it stopped"):
        fetch.fetch(Silent())


def test_a_corrupted_jar_is_fetched_again(pins: dict[str, bytes]) -> None:
    fetch.fetch(Silent())
    jar = settings().java / "delta" / "one-1.0.jar"
    jar.write_bytes(b"9" + pins["one"][1:])
    assert fetch.fetch(Silent()) == ["one-1.0.jar"]
    assert jar.read_bytes() == pins["one"]


def test_damage_that_keeps_size_and_time_is_found_by_a_deep_look(pins: dict[str, bytes]) -> None:
    import os

    fetch.fetch(Silent())
    jar = settings().java / "delta" / "one-1.0.jar"
    before = jar.stat()
    jar.write_bytes(b"9" + pins["one"][1:])
    os.utime(jar, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert fetch.fetch(Silent()) == []
    assert fetch.fetch(Silent(), deep=True) == ["one-1.0.jar"]


def test_a_jar_nobody_pinned_does_not_stay(pins: dict[str, bytes]) -> None:
    fetch.fetch(Silent())
    stranger = settings().java / "delta" / "stranger.jar"
    stranger.write_bytes(b"x")
    fetch.fetch(Silent())
    assert not stranger.exists()


@pytest.mark.parametrize("harm", ["manifest", "missing", "shorter", "altered", "extra", "gone"])
def test_half_an_archive_is_extracted_again(pins: dict[str, bytes], harm: str) -> None:
    fetch.fetch(Silent())
    s = settings()
    home = parts.trino_home(s)
    victim = home / "lib" / "core.jar"
    if harm == "manifest":
        (home / archive.MANIFEST).unlink()
    elif harm == "missing":
        victim.unlink()
    elif harm == "shorter":
        victim.write_bytes(b"core")
    elif harm == "altered":
        victim.write_bytes(b"c0re" * 1000)
    elif harm == "extra":
        (home / "lib" / "evil.jar").write_bytes(b"x")
    else:
        home.rename(home.with_name("elsewhere"))
    assert archive.damage(s, deep=True)
    assert bool(archive.damage(s, deep=False)) == (harm != "altered")
    assert fetch.fetch(Silent(), deep=True) == ["trino-server-476.tar.gz"]
    assert archive.damage(s, deep=True) == []
    assert not (home / "lib" / "evil.jar").exists()


def test_an_interrupted_extraction_leaves_nothing(pins: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as m:
        m.setattr(archive, "_unpack", broken)
        with pytest.raises(EngineError, match="No space left"):
            fetch.fetch(Silent())
    s = settings()
    assert not parts.trino_home(s).exists()
    assert not list(s.java.glob(".extract-*"))
    # The archive itself is whole and need not come again.
    assert (s.java / "downloads" / "trino-server-476.tar.gz").exists()
    assert fetch.fetch(Silent()) == ["trino-server-476.tar.gz"]


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside"])
def test_an_archive_that_writes_outside_is_refused(
    repository: Repository, pins: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo(name), io.BytesIO())
    evil = pinned("trino-server", out.getvalue(), "tar.gz", "downloads", "476")
    repository.files[evil.path] = out.getvalue()
    given = (*parts.jars(), evil)
    monkeypatch.setattr(parts, "_pins", lambda: (given, PLUGINS))
    with pytest.raises(EngineError, match="unexpected entry"):
        fetch.fetch(Silent())


def test_two_clones_fetch_once(repository: Repository, pins: dict[str, bytes], tmp_path: Path) -> None:
    code = (
        "import json,sys;from xihu.engines import archive,fetch,parts;from xihu.engines.progress import Silent;"
        "archive.ROOM=0;given=tuple(parts.Part(**p) for p in json.loads(sys.argv[1]));"
        f"parts._pins=lambda:(given,{PLUGINS!r});print(len(fetch.fetch(Silent())))"
    )
    given = json.dumps([vars(p) for p in parts.parts()])
    running = [subprocess.Popen([sys.executable, "-c", code, given], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    counts = sorted(int(p.communicate(timeout=60)[0]) for p in running)
    assert counts == [0, 3]
    assert len(repository.asked) == 3


def test_a_cache_that_cannot_be_written(pins: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a_file"
    file.write_text("x")
    monkeypatch.setenv("XIHU_CACHE", str(file))
    with pytest.raises(EngineError, match="cannot write"):
        fetch.fetch(Silent())


def test_a_whole_cache_needs_no_right_to_write(pins: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    fetch.fetch(Silent())

    def forbidden(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(fetch, "FileLock", forbidden)
    assert fetch.fetch(Silent()) == []
    with pytest.raises(EngineError, match="cannot write"):
        fetch.fetch(Silent(), deep=True)


def test_too_little_room_is_said_before_extracting(pins: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "ROOM", 10**15)
    with pytest.raises(EngineError, match="GB free"):
        fetch.fetch(Silent())


def test_the_address_comes_from_the_environment_a_mirror_or_ivy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XIHU_MAVEN_URL", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    plain = maven.base_url()
    assert plain.startswith("https://")
    assert plain.endswith("/maven2/")
    (tmp_path / ".m2").mkdir()
    file = tmp_path / ".m2" / "settings.xml"
    mirror = '<settings xmlns="urn:x"><mirrors><mirror><mirrorOf>{}</mirrorOf><url>http://127.0.0.1/m</url></mirror></mirrors></settings>'
    for of, used in {"central": True, "*": True, "external:*,!local": True, "jcenter": False, "*,!central": False}.items():
        file.write_text(mirror.format(of))
        assert (maven.base_url() == "http://127.0.0.1/m/") == used, of
    file.write_text("<settings>")
    assert maven.base_url() == plain
    monkeypatch.setenv("XIHU_MAVEN_URL", "http://127.0.0.1/given")
    assert maven.base_url() == "http://127.0.0.1/given/"


def test_certificate_authorities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    bundle = tmp_path / "ca.pem"
    bundle.write_text("x")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "gone.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    assert maven.ca_bundle() == str(bundle)
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setattr(maven, "_BUNDLES", ())
    monkeypatch.setattr(maven.ssl, "get_default_verify_paths", lambda: type("P", (), {"cafile": None})())
    assert maven.ca_bundle() is True


def test_progress_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show = Plain(every=0)
    for done in (10, 50, 100, 100):
        show.amount("x", done * 10**6, 100 * 10**6)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].strip() == "x: 100 / 100 MB (100 %)"
    assert len(lines) == 3
