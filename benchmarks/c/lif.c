/* Leaky integrate-and-fire cells, dv/dt = (I - v)/tau frozen while refractory, exact solution, one fused sweep. */
#include "limit.h"

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    const size_t cells = strtoull(argv[1], 0, 10), padded = (cells + BLOCK - 1) / BLOCK * BLOCK;
    const long steps = strtol(argv[2], 0, 10);
    const real decay = (real)exp(-1e-4 / 20e-3);
    const int32_t refractory_steps = 50;
    real *restrict v = array_of(padded, sizeof(real)), *restrict I = array_of(padded, sizeof(real));
    int32_t *restrict free_at = array_of(padded, sizeof(int32_t)); /* the first step that integrates again */
    uint32_t *restrict spikes = array_of(padded, sizeof(uint32_t));
    uint8_t mask[BLOCK] __attribute__((aligned(64)));
    unsigned long long count = 0;
    for (size_t i = 0; i < cells; i++) I[i] = (real)(0.8 + 0.6 * (double)i / (double)cells);

    double start = cpu_seconds();
    for (long step = 0; step < steps; step++) {
        size_t spiking = 0;
        for (size_t from = 0; from < padded; from += BLOCK) {
            real *restrict vb = v + from, *restrict Ib = I + from;
            int32_t *restrict fb = free_at + from;
            int32_t now = (int32_t)step;
            uint32_t any = 0;
            for (size_t k = 0; k < BLOCK; k++) {
                real next = Ib[k] + (vb[k] - Ib[k]) * decay;
                int is_free = now >= fb[k];
                next = is_free ? next : vb[k];
                uint8_t spike = (uint8_t)(is_free & (next > (real)1));
                vb[k] = next;
                mask[k] = spike;
                any |= spike;
            }
            if (any) spiking = append_set(mask, BLOCK, (uint32_t)from, spikes, spiking);
        }
        for (size_t k = 0; k < spiking; k++) {
            v[spikes[k]] = 0;
            free_at[spikes[k]] = (int32_t)step + refractory_steps;
        }
        count += spiking;
    }
    double cpu = cpu_seconds() - start, sum = 0;
    for (size_t i = 0; i < cells; i++) sum += v[i];
    report(cpu, steps, count, sum / (double)cells);
    return 0;
}
