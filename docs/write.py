"""Writes what pages take from elsewhere: the tables of recorded benchmarks and the picture of the first page.

    python docs/write.py

`benchmarks/recorded` has the numbers; tests compare the pages with them.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from book.written import write_picture, write_pieces

if __name__ == "__main__":
    write_pieces()
    write_picture()
