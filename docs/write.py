"""Writes what pages take from elsewhere: tables of benchmarks and of what differs from Brian, the first page's picture.

    python docs/write.py

`benchmarks/recorded` has the numbers, `docs/book/differences.py` what differs; tests compare the pages with them.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from book.written import write_picture, write_pieces

if __name__ == "__main__":
    write_pieces()
    write_picture()
