"""Why a program was found in the cache, or was not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ranvier.codegen import LoadedProgram
from ranvier.codegen.cache import SUFFIX, CacheInfo, ProgramCache
from ranvier.codegen.fingerprint import compiler_fingerprint
from ranvier.codegen.target import host
from ranvier.pipeline.options import Options
from ranvier.plan.plan import Plan

MEMORY, DISK, COMPILED = "found in memory", "found on disk", "compiled"
"""Where a program comes from."""

SHOWN = 6
"""How many lines of two plans are shown in which they differ."""


class Earlier(NamedTuple):
    """What is compared with the programs that come later.

    Attributes:
        name: The name of a program of the script.
        signature: That of its plan.
        spec: Its pipeline.
    """

    name: str
    signature: str
    spec: str


def outcome(before: CacheInfo, after: CacheInfo, options: Options) -> str:
    """Returns where a program came from, by the counts of the cache before and after it was asked for."""
    if options.sources is None or after.misses > before.misses:
        return COMPILED
    return DISK if after.hits > before.hits else MEMORY


def parts_of_key(plan: Plan, options: Options) -> dict[str, str]:
    """Returns what the key of a program is made of."""
    machine = host()
    sources = options.sources
    return {
        "plan": plan.key,
        "pipeline": options.key,
        "sources of passes": "not known" if sources is None else sources or "Ranvier's own only",
        "code generation": str(options.code),
        "compiler": compiler_fingerprint(),
        "machine": f"{machine.triple}, {machine.cpu}",
    }


def reasons(
    found: str, plan: Plan, options: Options, program: LoadedProgram, cache: ProgramCache, earlier: Sequence[Earlier]
) -> list[str]:
    """Returns, in sentences, why a program came from where it came from.

    Args:
        found: Where it came from.
        plan: The plan.
        options: How it was compiled.
        program: The program.
        cache: The cache.
        earlier: The programs before it in this script.
    """
    key = program.artifact.key
    if found == MEMORY:
        return ["This process has used a program with the same key before."]
    if found == DISK:
        return [f"{_file(cache, key)} has the same key."]
    return [*_not_kept(options, cache), *_differences(plan, options, earlier), *_not_there(options, cache, key)]


def _not_kept(options: Options, cache: ProgramCache) -> list[str]:
    if options.sources is None:
        return ["The source of one of its passes is not known, so the program is not kept and is compiled each time."]
    if cache.directory is None:
        return ["The cache on disk is off (RANVIER_CACHE), so each process compiles its programs."]
    return []


def _differences(plan: Plan, options: Options, earlier: Sequence[Earlier]) -> list[str]:
    signature = plan.signature()
    for other in earlier:
        if other.signature == signature:
            return [f"{other.name} has the same plan, but another pipeline: {_changed(other.spec, options.spec, ',')}."]
    if not earlier:
        return []
    lines = signature.splitlines()
    near = max(earlier, key=lambda one: len(set(one.signature.splitlines()) & set(lines)))
    return [f"The plan is not that of {near.name}: {_changed(near.signature, signature, chr(10))}."]


def _changed(old: str, new: str, separator: str) -> str:
    """Returns what is in one text and not in the other, shortened."""
    before, after = old.split(separator), new.split(separator)
    gone = [f"- {line}" for line in before if line not in after]
    more = [f"+ {line}" for line in after if line not in before]
    shown = [line if len(line) < 160 else f"{line[:157]}..." for line in (*gone, *more)]
    rest = f", and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    return ("; ".join(shown[:SHOWN]) or "the order differs") + rest


def _not_there(options: Options, cache: ProgramCache, key: str) -> list[str]:
    if options.sources is None or cache.directory is None:
        return []
    return [
        f"There was no {_file(cache, key)}: this compiler has not compiled this program on this machine before, or the "
        f"program was removed to keep the cache below {cache.limit >> 20} MiB."
    ]


def _file(cache: ProgramCache, key: str) -> str:
    name = f"{key[:12]}…{SUFFIX}"
    return name if cache.directory is None else f"{name} in {cache.directory}"


def as_data(found: str, why: Sequence[str], parts: dict[str, str]) -> dict[str, Any]:
    """Returns all this as plain data."""
    return {"outcome": found, "why": list(why), "parts": parts}
