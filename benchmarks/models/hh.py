"""Hodgkin-Huxley cells: the neuron of the well-known COBAHH benchmark (Brette et al. 2007), without synapses."""

from types import ModuleType

from protocol import Model, serve

EQUATIONS = """
dv/dt = (gl*(El - v) + ge*(Ee - v) + gi*(Ei - v)
         - g_na*(m*m*m)*h*(v - ENa) - g_kd*(n*n*n*n)*(v - EK))/Cm : volt
dm/dt = alpha_m*(1 - m) - beta_m*m : 1
dn/dt = alpha_n*(1 - n) - beta_n*n : 1
dh/dt = alpha_h*(1 - h) - beta_h*h : 1
dge/dt = -ge*(1./taue) : siemens
dgi/dt = -gi*(1./taui) : siemens
alpha_m = 0.32*(mV**-1)*4*mV/exprel((13*mV - v + VT)/(4*mV))/ms : Hz
beta_m = 0.28*(mV**-1)*5*mV/exprel((v - VT - 40*mV)/(5*mV))/ms : Hz
alpha_h = 0.128*exp((17*mV - v + VT)/(18*mV))/ms : Hz
beta_h = 4./(1 + exp((40*mV - v + VT)/(5*mV)))/ms : Hz
alpha_n = 0.032*(mV**-1)*5*mV/exprel((15*mV - v + VT)/(5*mV))/ms : Hz
beta_n = .5*exp((10*mV - v + VT)/(40*mV))/ms : Hz
"""


def build(sim: ModuleType, cells: int) -> Model:
    """Return the cells, which start between rest and threshold, with conductances that decay."""
    ms, area = sim.ms, 20000 * sim.umetre**2
    constants = {
        "Cm": 1 * sim.ufarad * sim.cm**-2 * area,
        "gl": 5e-5 * sim.siemens * sim.cm**-2 * area,
        "g_na": 100 * sim.msiemens * sim.cm**-2 * area,
        "g_kd": 30 * sim.msiemens * sim.cm**-2 * area,
        "El": -60 * sim.mV,
        "EK": -90 * sim.mV,
        "ENa": 50 * sim.mV,
        "VT": -63 * sim.mV,
        "Ee": 0 * sim.mV,
        "Ei": -80 * sim.mV,
        "taue": 5 * ms,
        "taui": 10 * ms,
    }
    group = sim.NeuronGroup(
        cells,
        EQUATIONS,
        threshold="v > -20*mV",
        refractory=3 * ms,
        method="exponential_euler",
        namespace=constants,
    )

    def start() -> None:
        group.v = "El + 10*mV*i/N"
        group.m = group.n = group.h = 0
        group.ge = "60*nS*(1 + i/N)"
        group.gi = "50*nS*(1 - i/N)"
        group.lastspike = -1e4 * sim.second

    return Model(group, start)


if __name__ == "__main__":
    serve(build)
