"""A headless Chromium that is asked through its pipe: pages as readers see them, without a driver or a network."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PATIENCE = 60.0
"""Seconds that the browser may take for an answer."""
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
"""What the program is called, by system."""


def found_browser() -> str | None:
    """Returns the path of a Chromium; None if there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class BrowserError(Exception):
    """The browser does not do what it is asked for."""


def does_start(program: str) -> bool:
    """Tells whether a browser can be started here: some need what a machine does not have.

    Args:
        program: The path of the program.
    """
    try:
        with Browser(program) as browser:
            return browser.value("1 + 1") == 2
    except (BrowserError, OSError):
        return False


class Browser:
    """A browser with one page. Use it in a `with` statement.

    Args:
        program: The path of the program.

    Raises:
        BrowserError: If it ends, or gives no answer; also of every method.
    """

    def __init__(self, program: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="browser", ignore_cleanup_errors=True)
        ask_read, self._ask = os.pipe()
        self._answers, answer_write = os.pipe()
        self._process = subprocess.Popen(
            self._command(program, ask_read, answer_write),
            pass_fds=(ask_read, answer_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(ask_read)
        os.close(answer_write)
        self._pending, self._number, self._session = b"", 0, ""
        target = self._tell("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._tell("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._tell("Page.enable")

    def _command(self, program: str, ask: int, answer: int) -> list[str]:
        """Returns the command: a shell gives the browser the pipe as its descriptors 3 and 4."""
        flags = "--headless=new --no-sandbox --disable-gpu --hide-scrollbars --no-first-run --disable-extensions"
        call = f'exec 5<&{ask} 6>&{answer}; exec 3<&5 4>&6 5<&- 6>&-; exec "$0" "$@"'
        profile = f"--user-data-dir={self._folder.name}"
        return ["bash", "-c", call, program, *flags.split(), "--remote-debugging-pipe", profile]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(30)
        os.close(self._ask)
        os.close(self._answers)
        self._folder.cleanup()

    def _tell(self, method: str, **values: object) -> dict[str, Any]:
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": values}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._ask, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._answer()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def _answer(self) -> dict[str, Any]:
        while b"\0" not in self._pending:
            if not select.select([self._answers], [], [], PATIENCE)[0]:
                raise BrowserError(f"the browser gave no answer for {PATIENCE:g} s")
            read = os.read(self._answers, 1 << 16)
            if not read:
                raise BrowserError("the browser has ended")
            self._pending += read
        text, _, self._pending = self._pending.partition(b"\0")
        return json.loads(text)

    def shape(self, width: int, height: int, *, dark: bool = False) -> None:
        """Chooses the window: a phone if it is narrow.

        Args:
            width: Its width in pixels.
            height: Its height in pixels.
            dark: Whether the reader prefers dark pages.
        """
        phone = width < 600
        self._tell("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._tell("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, address: str) -> None:
        """Opens a page and waits until it is there.

        Args:
            address: Its address.
        """
        self._tell("Page.navigate", url=address)
        self.until(f"document.readyState == 'complete' && location.href.startsWith({json.dumps(address[:60])})")

    def value(self, script: str) -> Any:
        """Returns the value of an expression of JavaScript on the page.

        Args:
            script: The expression.
        """
        result = self._tell("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise BrowserError(f"{script}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def until(self, script: str, seconds: float = 30) -> bool:
        """Waits until an expression holds on the page, and returns whether it does.

        Args:
            script: The expression.
            seconds: How long to wait.
        """
        return _wait(lambda: self._holds(script), seconds)

    def _holds(self, script: str) -> bool:
        try:
            return bool(self.value(script))
        except BrowserError as error:  # the page that was asked has gone
            if "navigated" in str(error):
                return False
            raise

    def press(self, key: str) -> None:
        """Presses a key.

        Args:
            key: "Tab" or "Enter".
        """
        code = KEYS[key]
        text: Mapping[str, str] = {"text": "\r"} if key == "Enter" else {}
        self._tell("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, windowsVirtualKeyCode=code, **text)
        self._tell("Input.dispatchKeyEvent", type="keyUp", key=key, code=key, windowsVirtualKeyCode=code)

    def click(self, x: float, y: float) -> None:
        """Clicks with the mouse.

        Args:
            x: The place in the window, in pixels from the left.
            y: In pixels from the top.
        """
        for kind in ("mousePressed", "mouseReleased"):
            self._tell("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def picture(self, path: Path) -> None:
        """Writes what the window shows.

        Args:
            path: The file, PNG.
        """
        path.write_bytes(base64.b64decode(self._tell("Page.captureScreenshot", format="png")["data"]))


KEYS: Mapping[str, int] = {"Tab": 9, "Enter": 13}
"""The keys that can be pressed, with their numbers."""


def _wait(holds: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return False
