/* Ornstein-Uhlenbeck noise in integrate-and-fire cells, dv/dt = (mu - v)/tau + sigma*sqrt(2/tau)*xi, Euler-Maruyama. */
#include "normals.h"

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    const size_t cells = strtoull(argv[1], 0, 10), padded = (cells + BLOCK - 1) / BLOCK * BLOCK;
    const long steps = strtol(argv[2], 0, 10);
    const real dt_tau = (real)(1e-4 / 10e-3), mu = (real)0.5, noise = (real)(0.25 * sqrt(2 * 1e-4 / 10e-3));
    real *restrict v = array_of(padded, sizeof(real));
    real z[NORMALS] __attribute__((aligned(64)));
    unsigned long long count = 0;

    double start = cpu_seconds();
    for (long step = 0; step < steps; step++) {
        for (size_t from = 0; from < padded; from += BLOCK) {
            real *restrict vb = v + from;
            uint32_t spiking = 0;
            normals(z, (uint32_t)step, (uint32_t)(from / BLOCK * CALLS), 42);
            for (size_t k = 0; k < BLOCK; k++) {
                real next = vb[k] + dt_tau * (mu - vb[k]) + noise * z[k];
                int spike = next > (real)1;
                vb[k] = spike ? (real)0 : next;
                spiking += (uint32_t)spike;
            }
            count += spiking;
        }
    }
    double cpu = cpu_seconds() - start, sum = 0;
    for (size_t i = 0; i < cells; i++) sum += v[i];
    report(cpu, steps, count, sum / (double)cells);
    return 0;
}
