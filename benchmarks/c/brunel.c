/* Brunel's network with one delay of 1.5 ms: one fused sweep, rows of targets delivered when they arrive. */
#include "network.h"

enum { DELAY = 15 };

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    const size_t cells = strtoull(argv[1], 0, 10), padded = (cells + BLOCK - 1) / BLOCK * BLOCK, border = 4 * cells / 5;
    const long steps = strtol(argv[2], 0, 10);
    const real decay = (real)exp(-0.1 / 20), drive = (real)50e-3, threshold = (real)20e-3, reset = (real)10e-3;
    const real jump = (real)0.1e-3, fall = (real)-0.5e-3;
    real *restrict v = array_of(padded, sizeof(real));
    int32_t *restrict free_at = array_of(padded, sizeof(int32_t));
    uint32_t *lists[DELAY + 1];
    size_t lengths[DELAY + 1] = {0};
    for (size_t k = 0; k <= DELAY; k++) lists[k] = array_of(padded, sizeof(uint32_t));
    uint8_t mask[BLOCK] __attribute__((aligned(64)));
    unsigned long long count = 0;
    for (size_t i = 0; i < cells; i++) v[i] = (real)(20e-3 * (double)i / (double)cells);
    for (size_t i = cells; i < padded; i++) free_at[i] = INT32_MAX;
    const Rows rows = connected(cells, 0.1);

    double start = cpu_seconds();
    for (long step = 0; step < steps; step++) {
        size_t spiking = 0;
        uint32_t *spikes = lists[step % (DELAY + 1)];
        for (size_t from = 0; from < padded; from += BLOCK) {
            real *restrict vb = v + from;
            int32_t *restrict fb = free_at + from;
            int32_t now = (int32_t)step;
            uint32_t any = 0;
            for (size_t k = 0; k < BLOCK; k++) {
                real next = drive + (vb[k] - drive) * decay;
                int is_free = now >= fb[k];
                next = is_free ? next : vb[k];
                uint8_t spike = (uint8_t)(is_free & (next > threshold));
                vb[k] = next;
                mask[k] = spike;
                any |= spike;
            }
            if (any) spiking = append_set(mask, BLOCK, (uint32_t)from, spikes, spiking);
        }
        lengths[step % (DELAY + 1)] = spiking;
        const uint32_t *due = lists[(step + 1) % (DELAY + 1)];
        size_t arriving = lengths[(step + 1) % (DELAY + 1)];
        for (size_t k = 0; k < arriving; k++) add_to_row(&rows, due[k], v, due[k] < border ? jump : fall);
        for (size_t k = 0; k < spiking; k++) {
            v[spikes[k]] = reset;
            free_at[spikes[k]] = (int32_t)step + 20;
        }
        count += spiking;
    }
    double cpu = cpu_seconds() - start, sum = 0;
    for (size_t i = 0; i < cells; i++) sum += v[i];
    report(cpu, steps, count, sum / (double)cells);
    return 0;
}
