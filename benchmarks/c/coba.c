/* COBA (Brette et al. 2007), exponential Euler without division, one fused sweep; rows of 16-bit targets, 80 each. */
#define TARGET uint16_t
#include "network.h"

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    const size_t cells = strtoull(argv[1], 0, 10), padded = (cells + CHUNK - 1) / CHUNK * CHUNK, border = 4 * cells / 5;
    const long steps = strtol(argv[2], 0, 10);
    const real rate = (real)(0.1 / 20), de = (real)exp(-0.1 / 5), di = (real)exp(-0.1 / 10);
    const real El = (real)-60e-3, Ei = (real)-80e-3, threshold = (real)-50e-3, reset = (real)-60e-3; /* Ee = 0 */
    real *restrict v = array_of(padded, sizeof(real));
    real *restrict ge = array_of(padded, sizeof(real)), *restrict gi = array_of(padded, sizeof(real));
    int32_t *restrict free_at = array_of(padded, sizeof(int32_t));
    uint32_t *restrict spikes = array_of(padded, sizeof(uint32_t));
    unsigned long long count = 0;
    for (size_t i = 0; i < cells; i++) {
        v[i] = (real)(-60e-3 + (normal() * 5 - 5) * 1e-3);
        ge[i] = (real)(normal() * 1.5 + 4);
        gi[i] = (real)(normal() * 12 + 20);
    }
    for (size_t i = cells; i < padded; i++) v[i] = reset, free_at[i] = INT32_MAX;
    dump("v", v, cells * sizeof(real));
    dump("ge", ge, cells * sizeof(real));
    dump("gi", gi, cells * sizeof(real));
    const Rows rows = connected(cells, 80.0 / (double)cells);

    double start = cpu_seconds();
    for (long step = 0; step < steps; step++) {
        size_t spiking = 0;
        const int32_t now = (int32_t)step;
        for (size_t from = 0; from < padded; from += CHUNK) {
            real *restrict vb = v + from, *restrict geb = ge + from, *restrict gib = gi + from;
            const int32_t *restrict fb = free_at + from;
            real highest = reset;
            for (size_t k = 0; k < CHUNK; k++) {
                real V = vb[k], E = geb[k], I = gib[k], total = (real)1 + E + I;
                /* total*dt/taum stays below 4: some 16 inhibiting synapses a cell, which fire once in 5 ms at most */
                real slope = (El + I * Ei - total * V) * rate;
                real next = V + slope * exprel_of_negative(-rate * total, 2);
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
            if (cell < border) add_to_row(&rows, cell, ge, (real)0.6);
            else add_to_row(&rows, cell, gi, (real)6.7);
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
