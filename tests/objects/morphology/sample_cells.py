"""The cell and the model of the tests of morphologies."""

from ranvier import Cylinder, Section, Soma, um

MODEL = """
Im = gl*(El - v) + gn*act*(50*mV - v) : amp/meter**2
dact/dt = (minf - act)/(1*ms) : 1
minf = 1/(1 + exp((-40*mV - v)/(5*mV))) : 1
I : amp (point current)
gl : siemens/meter**2
"""
"""A leak and a current with a gate; `gl` differs from place to place."""


def tree():
    """A soma with an axon, and a dendrite that branches: ten compartments."""
    m = Soma(diameter=30 * um)
    m.axon = Cylinder(length=100 * um, diameter=1 * um, n=4)
    m.dend = Section(diameter=[4, 3, 2] * um, length=[10, 20] * um, n=2)
    m.dend.L = Cylinder(length=50 * um, diameter=1 * um, n=2)
    m.dend.R = Cylinder(length=30 * um, diameter=1 * um, n=1)
    return m
