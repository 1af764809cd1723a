/* COBAHH (Brette et al. 2007): Hodgkin-Huxley cells with conductances; rows of 16-bit targets, 80 each. */
#define TARGET uint16_t
#include "hodgkin_huxley.h"
#include "network.h"

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    const Cells cells = cells_of(strtoull(argv[1], 0, 10));
    const size_t border = 4 * cells.count / 5, bytes = cells.count * sizeof(real);
    const long steps = strtol(argv[2], 0, 10);
    const real we = PER_MS(6e-9), wi = PER_MS(67e-9);
    uint32_t *restrict spikes = array_of(cells.padded, sizeof(uint32_t));
    unsigned long long count = 0;
    for (size_t i = 0; i < cells.count; i++) {
        cells.v[i] = (real)(-60 + (normal() * 5 - 5));
        cells.ge[i] = PER_MS((normal() * 1.5 + 4) * 1e-8);
        cells.gi[i] = PER_MS((normal() * 12 + 20) * 1e-8);
    }
    dump("v", cells.v, bytes);
    dump("ge", cells.ge, bytes);
    dump("gi", cells.gi, bytes);
    const Rows rows = connected(cells.count, 80.0 / (double)cells.count);

    double start = cpu_seconds();
    for (long step = 0; step < steps; step++) {
        size_t spiking = step_cells(&cells, step, spikes);
        for (size_t k = 0; k < spiking; k++) {
            if (spikes[k] < border) add_to_row(&rows, spikes[k], cells.ge, we);
            else add_to_row(&rows, spikes[k], cells.gi, wi);
        }
        count += spiking;
    }
    report(cpu_seconds() - start, steps, count, mean_volts(&cells));
    return 0;
}
