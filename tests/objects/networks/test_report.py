"""The progress bar ends its line when a run ends, complete or stopped."""

import io

from ranvier.objects.networks.report import Progress, ProgressBar, TextReport


def drawn(end: float | None) -> str:
    stream = io.StringIO()
    progress = Progress(ProgressBar(stream, width=4), period=1.0, start=0.0, duration=2.0)
    progress.begin()
    progress.update(1.0, 0.5)
    progress.end(1.5, end)
    return stream.getvalue()


def test_complete_run() -> None:
    lines = drawn(None).split("\r")
    assert [line[:13] for line in lines[1:]] == ["  0 % [    ] ", " 25 % [#   ] ", "100 % [####] "]
    assert drawn(None).endswith("\n") and drawn(None).count("\n") == 1


def test_stopped_run() -> None:
    assert " 50 % [##  ]" in drawn(1.0)
    assert drawn(1.0).endswith("\n") and drawn(1.0).count("\n") == 1


def told(end: float | None, last: float) -> list[str]:
    stream = io.StringIO()
    progress = Progress(TextReport(stream), 1.0, start=0.0, duration=2.0)
    progress.begin()
    progress.update(1.0, last)
    progress.end(1.5, end)
    return stream.getvalue().splitlines()[1:]


def test_where_a_run_was_stopped_is_told_once() -> None:
    assert len(told(1.0, last=1.0)) == 1 and len(told(1.0, last=0.5)) == 2
    assert told(None, last=2.0)[-1].startswith("2. s (100%)")
