"""Random scripts of `random_scripts.py`, the first hundred but those that Brian refuses."""

from brian.random_scripts import random_script
from brian.replay import Case

REFUSED = (3, 9, 16, 22, 23, 37, 77, 79, 83, 92)
"""Seeds of scripts that Brian stumbles over, in its simplification of constant expressions mostly."""

CASES = tuple(Case(f"script_{seed}", random_script(seed), rtol=1e-7) for seed in range(1, 101) if seed not in REFUSED)
