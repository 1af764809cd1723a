/* CUBA (Brette et al. 2007), exact solution, one fused sweep and rows of targets; 80 synapses per cell. */
#include "network.h"

enum { AHEAD = 4 };

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    const size_t cells = strtoull(argv[1], 0, 10), padded = (cells + CHUNK - 1) / CHUNK * CHUNK, border = 4 * cells / 5;
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
    unsigned long long count = 0;
    for (size_t i = 0; i < padded; i++) v[i] = (real)(-60e-3 + 10e-3 * uniform());
    for (size_t i = cells; i < padded; i++) v[i] = reset, free_at[i] = INT32_MAX;
    dump("v", v, cells * sizeof(real));
    const Rows rows = connected(cells, 80.0 / (double)cells);

    double start = cpu_seconds();
    for (long step = 0; step < steps; step++) {
        size_t spiking = 0;
        const int32_t now = (int32_t)step;
        for (size_t from = 0; from < padded; from += CHUNK) {
            real *restrict vb = v + from, *restrict geb = ge + from, *restrict gib = gi + from;
            const int32_t *restrict fb = free_at + from;
            real highest = reset;
            _Pragma("omp simd reduction(max:highest)")
            for (size_t k = 0; k < CHUNK; k++) {
                real V = vb[k], E = geb[k], I = gib[k];
                real next = rest + (V - rest) * dm + E * fe + I * fi;
                next = now >= fb[k] ? next : V;
                vb[k] = next;
                geb[k] = E * de;
                gib[k] = I * di;
                highest = next > highest ? next : highest;
            }
            if (highest > threshold) spiking = append_above(vb, CHUNK, threshold, (uint32_t)from, spikes, spiking);
        }
        for (size_t k = 0; k < spiking; k++) {
            size_t cell = spikes[k];
            const Target *ahead = rows.target + rows.first[spikes[k + AHEAD < spiking ? k + AHEAD : k]];
            for (size_t line = 0; line < 6; line++) __builtin_prefetch(ahead + 16 * line);
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
