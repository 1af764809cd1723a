/* CUBA (Brette et al. 2007), exact solution, one fused sweep and rows of targets; 80 synapses per cell. */
#include "network.h"

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    const size_t cells = strtoull(argv[1], 0, 10), padded = (cells + BLOCK - 1) / BLOCK * BLOCK, border = 4 * cells / 5;
    const long steps = strtol(argv[2], 0, 10);
    const double dt = 0.1, taum = 20, taue = 5, taui = 10;
    const real dm = (real)exp(-dt / taum), de = (real)exp(-dt / taue), di = (real)exp(-dt / taui);
    const real fe = (real)(taue / (taue - taum) * (exp(-dt / taue) - exp(-dt / taum)));
    const real fi = (real)(taui / (taui - taum) * (exp(-dt / taui) - exp(-dt / taum)));
    const real rest = (real)-49e-3, threshold = (real)-50e-3, reset = (real)-60e-3;
    real *restrict v = array_of(padded, sizeof(real));
    real *restrict ge = array_of(padded, sizeof(real)), *restrict gi = array_of(padded, sizeof(real));
    int32_t *restrict free_at = array_of(padded, sizeof(int32_t));
    uint32_t *restrict spikes = array_of(padded, sizeof(uint32_t));
    uint8_t mask[BLOCK] __attribute__((aligned(64)));
    unsigned long long count = 0;
    for (size_t i = 0; i < padded; i++) v[i] = (real)(-60e-3 + 10e-3 * uniform());
    for (size_t i = cells; i < padded; i++) free_at[i] = INT32_MAX;
    const Rows rows = connected(cells, 80.0 / (double)cells);

    double start = cpu_seconds();
    for (long step = 0; step < steps; step++) {
        size_t spiking = 0;
        for (size_t from = 0; from < padded; from += BLOCK) {
            real *restrict vb = v + from, *restrict geb = ge + from, *restrict gib = gi + from;
            int32_t *restrict fb = free_at + from;
            int32_t now = (int32_t)step;
            uint32_t any = 0;
            for (size_t k = 0; k < BLOCK; k++) {
                real next = rest + (vb[k] - rest) * dm + geb[k] * fe + gib[k] * fi;
                int is_free = now >= fb[k];
                next = is_free ? next : vb[k];
                uint8_t spike = (uint8_t)(is_free & (next > threshold));
                vb[k] = next;
                geb[k] *= de;
                gib[k] *= di;
                mask[k] = spike;
                any |= spike;
            }
            if (any) spiking = append_set(mask, BLOCK, (uint32_t)from, spikes, spiking);
        }
        for (size_t k = 0; k < spiking; k++) {
            size_t cell = spikes[k];
            if (cell < border) add_to_row(&rows, cell, ge, (real)1.62e-3);
            else add_to_row(&rows, cell, gi, (real)-9e-3);
        }
        for (size_t k = 0; k < spiking; k++) {
            v[spikes[k]] = reset;
            free_at[spikes[k]] = (int32_t)step + 50;
        }
        count += spiking;
    }
    double cpu = cpu_seconds() - start, sum = 0;
    for (size_t i = 0; i < cells; i++) sum += v[i];
    report(cpu, steps, count, sum / (double)cells);
    return 0;
}
