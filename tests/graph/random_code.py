"""Random arithmetic for the regions of programs that tests write."""

import numpy as np


class RandomCode:
    """Writes lines of arithmetic with names %r0, %r1, ...; the program has %c, %one_ and %minus."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.lines: list[str] = []

    def value(self, known: list[str], *, steps: int = 3) -> str:
        """Adds some arithmetic with known values; its result stays between -1 and 1."""
        known = list(known)
        for _ in range(self.rng.integers(1, steps + 1)):
            left, right = self.rng.choice(known, 2)
            known.append(self.add(f"arith.{self.rng.choice(['addf', 'subf', 'mulf', 'maximumf'])} {left}, {right}"))
        if self.rng.random() < 0.6:
            known.append(self.add(f"arith.divf {known[-1]}, %c"))
        low = self.add(f"arith.minimumf {known[-1]}, %one_")
        return self.add(f"arith.maximumf {low}, %minus")

    def add(self, text: str) -> str:
        """Adds an op of f64 values; returns the name of its result."""
        name = f"%r{len(self.lines)}"
        self.lines.append(f"      {name} = {text} : f64")
        return name
