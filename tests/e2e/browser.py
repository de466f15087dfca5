"""A real browser on Superset: logs in as a person, waits until every chart has drawn, gives the page's text or its picture.

Needs the system's Chromium and, for Chinese, a CJK font (Debian: chromium, fonts-noto-cjk).
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOADED = """(n) => document.querySelectorAll('.loading, [data-test="loading-indicator"]').length === 0 &&
  document.querySelectorAll('[data-test="slice-container"], .slice_container').length >= n"""


def chromium() -> str | None:
    """Path of the system's Chromium, or None."""
    return next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)


@contextlib.contextmanager
def signed_in(base: str, user: str, password: str, width: int = 1440, height: int = 1000) -> Iterator[Any]:
    """A page logged in as `user`. Requests to other hosts and console errors are collected in `page.foreign` and `page.errors`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p, tempfile.TemporaryDirectory() as profile:
        context = p.chromium.launch_persistent_context(
            profile,
            executable_path=chromium(),
            headless=True,
            args=FLAGS,
            viewport={"width": width, "height": height},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
        )
        page = context.new_page()
        page.foreign, page.errors = [], []
        page.on("request", lambda r: None if r.url.startswith((base, "data:", "blob:")) else page.foreign.append(r.url))
        page.on("console", lambda m: page.errors.append(m.text) if m.type == "error" else None)
        page.goto(base + "/login/")
        page.fill('input[name="username"], #username', user)
        page.fill('input[name="password"], #password', password)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/login" not in url, timeout=60_000)
        yield page
        context.close()


def open_dashboard(page: Any, base: str, slug: str, charts: int, query: str = "standalone=0") -> None:
    """Opens a dashboard, scrolls through it (charts draw when seen) and waits until at least `charts` have drawn."""
    page.goto(f"{base}/superset/dashboard/{slug}/?{query}")
    page.wait_for_selector(".dashboard-grid, [data-test='grid-content']", timeout=90_000)
    page.wait_for_timeout(1500)
    for _ in range(3):
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        page.wait_for_timeout(700)
    page.evaluate("window.scrollTo(0, 0)")
    page.wait_for_function(LOADED, arg=charts, timeout=120_000)
    page.wait_for_timeout(2500)


def picture(page: Any, out: Path) -> None:
    """The whole page as PNG at the page's width, however long it is."""
    size = page.viewport_size
    height = page.evaluate(
        "Math.max(document.body.scrollHeight, ...[...document.querySelectorAll('.dashboard-content, .dashboard, .grid-container')]"
        ".map(e => e.getBoundingClientRect().bottom + window.scrollY))"
    )
    page.set_viewport_size({"width": size["width"], "height": int(min(6000, max(size["height"], height)))})
    page.wait_for_timeout(2500)
    page.screenshot(path=str(out), full_page=True)
    page.set_viewport_size(size)
