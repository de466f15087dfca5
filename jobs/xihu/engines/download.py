"""One file over HTTP: resumed where it stopped, checked against its pin before it gets its name."""

from __future__ import annotations

import time
from pathlib import Path

import requests

from xihu.engines.errors import EngineError
from xihu.engines.maven import ca_bundle
from xihu.engines.parts import BLOCK, Part, sha256
from xihu.engines.progress import Reporter
from xihu.lake import durable

ATTEMPTS = 6
PATIENCE = 60  # seconds without a byte
PIECE = 16_384  # bytes; what a broken connection loses at most


def _pull(session: requests.Session, url: str, part: Part, half: Path, show: Reporter) -> None:
    """Append to `half` what is missing of it.

    Raises:
        requests.RequestException: the connection failed or the server refused; what has arrived stays.
    """
    have = half.stat().st_size if half.exists() else 0
    if have > part.size:
        half.unlink()
        have = 0
    if have == part.size:
        return
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with session.get(url, headers=headers, stream=True, timeout=(20, PATIENCE), verify=ca_bundle()) as answer:
        if answer.status_code == 416:
            half.unlink()
            raise requests.ConnectionError(f"{url}: the server does not continue at byte {have}")
        answer.raise_for_status()
        resumed = answer.status_code == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        if have and not resumed:
            have = 0
        with half.open("ab" if resumed else "wb") as f:
            shown = have
            for block in answer.iter_content(PIECE):
                f.write(block)
                have += len(block)
                if have - shown >= BLOCK or have >= part.size:
                    shown = have
                    show.amount(part.name, have, part.size)
                if have > part.size:
                    break
    if have < part.size:
        raise requests.ConnectionError(f"{url}: ended after {have} of {part.size} bytes")


def _explain(error: Exception, url: str) -> EngineError:
    if isinstance(error, requests.exceptions.SSLError):
        return EngineError(
            f"TLS check failed for {url}: {error}",
            "behind a proxy that re-signs TLS, set SSL_CERT_FILE to a bundle that holds the organisation's certificate authority",
        )
    if isinstance(error, requests.exceptions.ProxyError):
        return EngineError(f"the proxy refused {url}: {error}", "check HTTPS_PROXY, or set XIHU_MAVEN_URL to a mirror inside the network")
    return EngineError(
        f"cannot fetch {url}: {error}",
        "check the network (HTTPS_PROXY, or XIHU_MAVEN_URL for a mirror) and call it again: it goes on where it stopped",
    )


def download(part: Part, base: str, target: Path, show: Reporter, pause: float = 2.0) -> None:
    """Fetch `part` below `base` to `target`; bytes so far stay in `<target>.part` and are used by the next call.

    Args:
        pause: seconds before the second attempt; doubled each time, at most 30.

    Raises:
        EngineError: it did not come, or what came is not what was pinned.
    """
    url = base + part.path
    half = target.with_name(target.name + ".part")
    half.parent.mkdir(parents=True, exist_ok=True)
    wrong = 0
    failures = 0
    with requests.Session() as session:
        while True:
            before = half.stat().st_size if half.exists() else 0
            try:
                _pull(session, url, part, half, show)
            except requests.HTTPError as error:
                status = error.response.status_code if error.response is not None else 0
                if status < 500 and status != 429:
                    raise _explain(error, url) from error
                failures += 1
                problem: Exception = error
            except requests.exceptions.SSLError as error:
                raise _explain(error, url) from error
            except requests.RequestException as error:
                # Bytes arrived: the line is bad but alive, so patience starts anew.
                grown = half.exists() and half.stat().st_size > before
                failures = 1 if grown else failures + 1
                problem = error
            except OSError as error:
                raise EngineError(f"cannot write {half}: {error}", "free space or give write permission, then call it again") from error
            else:
                if half.stat().st_size == part.size and sha256(half) == part.sha256:
                    # The bytes before the name: Spark loads whatever has one.
                    durable.sync(half)
                    half.replace(target)
                    durable.sync(target.parent)
                    return
                # A resumed file can hold old bytes of something else: once more, from nothing.
                half.unlink()
                wrong += 1
                if wrong > 1:
                    raise EngineError(
                        f"{url} is not the pinned file (SHA-256 or size differ)",
                        "a mirror or a proxy alters it: set XIHU_MAVEN_URL to another repository",
                    )
                show.step(f"{part.name}: 校验不符，重新下载 / checksum differs, fetching it again")
                continue
            if failures >= ATTEMPTS:
                raise _explain(problem, url) from problem
            show.step(f"{part.name}: 连接中断，继续 / connection lost, going on ({failures})")
            time.sleep(min(30.0, pause * 2 ** (failures - 1)))
