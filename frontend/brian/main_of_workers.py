"""The main module of worker processes: `multiprocessing` runs it in each one, and it runs the script once more.

`python script.py` does the same with the script itself, under the name "__mp_main__", so that functions of the script
can be sent to workers. Here workers also need Ranvier in the place of `brian2` first.
"""

from __future__ import annotations

import os

from ranvier.brian.drop_in import SCRIPT, as_brian2

if __name__ == "__mp_main__":
    as_brian2()
    __file__ = os.environ[SCRIPT]
    with open(__file__, "rb") as _file:
        exec(compile(_file.read(), __file__, "exec", dont_inherit=True), globals())
