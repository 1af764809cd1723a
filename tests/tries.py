"""How much the long comparisons try: a share of the seeds by default, all of them with RANVIER_TRIES=all.

The share finds again what random programs have found so far; all of them are for nights, and for whoever changes what
they test. CONTRIBUTING.md has the command.
"""

import os

VARIABLE = "RANVIER_TRIES"


def tries(share: int, whole: int) -> int:
    """Returns how many seeds, or numbers, a long test tries.

    Args:
        share: By default.
        whole: With RANVIER_TRIES=all.

    Raises:
        ValueError: The variable says something else.
    """
    match os.environ.get(VARIABLE, ""):
        case "":
            return share
        case "all":
            return whole
        case other:
            raise ValueError(f"{VARIABLE} is 'all' or not set, not {other!r}")
