"""What simulates, where a device that a script has chosen says so."""

from __future__ import annotations

from typing import ClassVar


class DeviceTarget:
    """The target of the device in use: it holds where the preference `codegen.target` is left at "auto".

    Attributes:
        chosen: "cuda", or None where the device says nothing.
    """

    chosen: ClassVar[str | None] = None
