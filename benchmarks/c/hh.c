/* Hodgkin-Huxley cells (the neuron of the COBAHH benchmark), without synapses. */
#include "hodgkin_huxley.h"

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    const Cells cells = cells_of(strtoull(argv[1], 0, 10));
    const long steps = strtol(argv[2], 0, 10);
    uint32_t *restrict spikes = array_of(cells.padded, sizeof(uint32_t));
    unsigned long long count = 0;
    for (size_t i = 0; i < cells.count; i++) {
        double phase = (double)i / (double)cells.count;
        cells.v[i] = (real)(-60 + 10 * phase);
        cells.ge[i] = PER_MS(60e-9 * (1 + phase));
        cells.gi[i] = PER_MS(50e-9 * (1 - phase));
    }
    double start = cpu_seconds();
    for (long step = 0; step < steps; step++) count += step_cells(&cells, step, spikes);
    report(cpu_seconds() - start, steps, count, mean_volts(&cells));
    return 0;
}
