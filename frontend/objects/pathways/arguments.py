"""The arguments of `Synapses` that say which pathways there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from ranvier.session.given import is_text, text_of
from ranvier.session.logger import get_logger
from ranvier.session.names import is_identifier
from ranvier.units import DimensionMismatchError, Quantity, second

logger = get_logger("ranvier.synapses.synapses")


@dataclass(frozen=True)
class PathwayArgument:
    """One pathway; see `SynapticPathway`."""

    name: str
    code: str
    prepost: str
    delay: Quantity | None
    event: str


@dataclass(frozen=True)
class PathwayArguments:
    """All pathways of synapses, and the events of pathways as they were given by name."""

    pathways: tuple[PathwayArgument, ...]
    events: Mapping[str, str]


Texts = Mapping[str, Any]
"""What an argument gives by pathway."""


def pathway_arguments(
    on_pre: object, pre: object, on_post: object, post: object, delay: object, on_event: object
) -> PathwayArguments:
    """Returns the pathways that the arguments of `Synapses` describe.

    Raises:
        TypeError: If statements are no text, or a delay is no single time.
        ValueError: If a name is used twice, or a delay or event belongs to no pathway.
        DimensionMismatchError: If a delay is no time.
    """
    codes: dict[str, tuple[str, str]] = {}
    for prepost, given, old in (("pre", on_pre, pre), ("post", on_post, post)):
        for name, code in _codes(prepost, given, old).items():
            if name in codes:
                raise ValueError(f"The name '{name}' is used for two pathways.")
            codes[name] = (prepost, code)
    delays = _delays(delay, codes)
    events = _events(on_event, codes)
    return PathwayArguments(
        tuple(
            PathwayArgument(name, code, prepost, delays.get(name), events[name])
            for name, (prepost, code) in codes.items()
        ),
        dict(cast(Texts, on_event)) if isinstance(on_event, Mapping) else {},
    )


def _codes(prepost: str, given: Any, old: object) -> dict[str, str]:
    if old is not None:
        if given is not None:
            raise TypeError(f"Cannot specify both '{prepost}' and 'on_{prepost}'.")
        logger.warn(
            f"The '{prepost}' keyword is deprecated, use 'on_{prepost}' instead.", f"deprecated_{prepost}", once=True
        )
        given = old
    if given is None or text_of(given) == "":  # as in Brian, an empty text makes no pathway
        return {}
    texts = cast(Texts, given) if isinstance(given, Mapping) else {prepost: given}
    found: dict[str, str] = {name: text_of(code) for name, code in texts.items()}
    for name, code in found.items():
        if not is_text(name) or not is_identifier(name):
            raise ValueError(f"'{name}' cannot be the name of a pathway: it is no identifier.")
        if not is_text(code):
            raise TypeError(
                f"The statements of the pathway '{name}' have to be text, e.g. 'v_post += w', not {code!r}."
            )
    return found


def _delays(delay: object, codes: Mapping[str, object]) -> dict[str, Quantity]:
    if delay is None:
        return {}
    found: dict[str, Any] = dict(cast(Texts, delay)) if isinstance(delay, Mapping) else {"pre": delay}
    for name, value in found.items():
        if name not in codes:
            raise ValueError(
                f"Cannot set the delay for pathway '{name}': there is none; the pathways are {', '.join(codes) or '-'}."
            )
        if not isinstance(value, Quantity):
            raise TypeError(f"Cannot set the delay for pathway '{name}': expected a time such as 1*ms, got {value!r}.")
        if np.ndim(value):
            raise TypeError(
                f"Cannot set the delay for pathway '{name}': expected a scalar quantity, got a quantity with shape "
                f"{np.shape(value)} instead. For a delay of each synapse, set {name}.delay after connect()."
            )
        if value.dim is not second.dim:
            raise DimensionMismatchError(f"The delay of the pathway '{name}' has to be a time", value.dim)
        if not float(value) >= 0:
            raise ValueError(f"The delay of the pathway '{name}' must not be negative, but is {value}.")
    return found


def _events(on_event: object, codes: Mapping[str, object]) -> dict[str, str]:
    if isinstance(on_event, str):
        return dict.fromkeys(codes, on_event)
    if not isinstance(on_event, Mapping):
        raise TypeError(f"on_event is the name of an event, or maps pathways to events; it cannot be {on_event!r}.")
    given = cast(Texts, on_event)
    unknown = sorted(set(given) - set(codes))
    if unknown:
        raise ValueError(f"There is no pathway '{unknown[0]}' for which on_event gives an event.")
    return {name: given.get(name, "spike") for name in codes}
