"""A reader with a browser, who complains about everything that the console says."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page

from tests.server import PATIENCE

AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text()
LOOKS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}},
    "phone-dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
    "chinese": {"locale": "zh-CN"},
}


@contextmanager
def reader(browser: Browser, url: str, name: str, password: str, *, allowed: tuple[int, ...] = (), **look: Any) -> Iterator[Page]:
    """Log somebody in; at the end nothing may have been complained about, but for answers of the statuses `allowed`."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "timezone_id": "Asia/Shanghai"} | look)
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        expected = any(re.search(rf"\bstatus (of|error code) {status}\b", message.text, re.IGNORECASE) for status in allowed)
        if message.type in {"error", "warning"} and not expected:
            complaints.append(message.text)

    def refuse(dialog: Dialog) -> None:
        complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error.stack or error}"))
    page.on("dialog", refuse)
    try:
        page.goto(f"{url}/admin/")
        page.fill("#id_username", name)
        page.fill("#id_password", password)
        page.press("#id_password", "Enter")
        page.wait_for_url(f"{url}/admin/")
        yield page
        assert complaints == [], complaints
    finally:
        context.close()


def faults(page: Page) -> list[str]:
    """Let axe-core look; the site's own policy forbids to put it into the page, so it goes in as a debugger's command."""
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": f"{AXE};0"})
    found = page.evaluate("axe.run({preload: false})")  # loading Django's imported styles anew, axe breaks the policy itself
    return [
        f"{one['impact']}: {one['help']}: {node['html'][:200]}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


def wider_than_the_window(page: Page) -> list[str]:
    """Must one scroll sideways? Returns what ends beyond the window, with how far."""
    if not page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        return []
    wide = "[...document.querySelectorAll('*')].map(each => [each.getBoundingClientRect().right, each]).filter(([end]) => end > innerWidth)"
    return [
        str(each)
        for each in page.evaluate(f"{wide}.map(([end, each]) => `${{Math.round(end)}} ${{each.outerHTML.slice(0, 150)}}`)")
    ]
