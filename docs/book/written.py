"""Pieces of pages that programs write: recorded numbers, what differs from Brian, and the picture of the first page.

In a page they stand between `<!-- NAME: written by docs/write.py -->` and `<!-- end of NAME -->`.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from book.charts import CHARTS, chart_table, slower_table
from book.differences import difference_code, difference_table
from book.pages import ROOT
from book.recorded import Record, read_record, speed_note, speed_table

PICTURE = "docs/pictures/first.png"
"""What the network of the first page draws."""


SHAPE = "figure.figsize: 8, 3\nsavefig.bbox: tight\nsavefig.dpi: 130\n"
"""matplotlib's settings for it."""


def speed(record: Record) -> str:
    """Returns the table of the first page, and what it shows."""
    return f"{speed_table(record)}\n\n{speed_note(record)}"


def machine(record: Record) -> str:
    """Returns where and when the numbers were measured."""
    return (
        f"**{record.machine}; {record.date}; double precision.** It is a virtual machine on a shared host: "
        f"single runs spread, by up to {record.spread:.1f} times. All simulators of a model took turns, "
        "so ratios hold better than seconds. Numbers are the medians of three runs."
    )


PIECES: Mapping[str, Callable[[Record], str]] = {
    "speed": speed,
    "machine": machine,
    "slower": slower_table,
    "differences": lambda _: difference_table(),
    "difference-code": lambda _: difference_code(),
    **{name: partial(chart_table, name=name) for name in CHARTS},
}
"""What is written, by the name that pages use."""

PAGES = ("README.md", "docs/index.md", "docs/benchmarks.md", "docs/brian.md")
"""The pages with such pieces."""


def with_pieces(text: str, record: Record) -> str:
    """Returns a page whose pieces are written anew.

    Args:
        text: The page.
        record: The numbers.
    """

    def anew(found: re.Match[str]) -> str:
        first, name, last = found.groups()
        return f"{first}\n\n{PIECES[name](record)}\n\n{last}"

    piece = r"(<!-- ([\w-]+): written by docs/write\.py -->).*?(<!-- end of \2 -->)"
    return re.sub(piece, anew, text, flags=re.DOTALL)


def write_pieces() -> None:
    """Writes the pieces of all pages anew."""
    record = read_record()
    for page in PAGES:
        path = ROOT / page
        path.write_text(with_pieces(path.read_text(encoding="utf-8"), record), encoding="utf-8")


def first_code(page: str = "README.md") -> str:
    """Returns the first Python code of a page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return text.partition("```python\n")[2].partition("```")[0]


def key_of(code: str) -> bytes:
    """Returns the key of code, which its picture carries."""
    return hashlib.sha256(code.encode()).hexdigest().encode()


def write_picture() -> None:
    """Runs the network of the first page and keeps the picture that it draws, with the key of the code in it."""
    code = first_code()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "matplotlibrc").write_text(SHAPE, encoding="utf-8")
        environment = {**os.environ, "MPLBACKEND": "Agg"}
        subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, check=True)
        (drawn,) = Path(folder).glob("*.png")
        data = drawn.read_bytes()
    (ROOT / PICTURE).write_bytes(with_text(data, b"Source", key_of(code)))


def with_text(picture: bytes, keyword: bytes, text: bytes) -> bytes:
    """Returns a PNG with a text in it, before its end.

    Args:
        picture: The PNG.
        keyword: What the text is called.
        text: The text, in Latin-1.
    """
    from zlib import crc32

    kind, data = b"tEXt", keyword + b"\0" + text
    chunk = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc32(kind + data))
    end = picture.rindex(b"IEND") - 4
    return picture[:end] + chunk + picture[end:]
