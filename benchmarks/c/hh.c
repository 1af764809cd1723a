/* Hodgkin-Huxley cells (the neuron of the COBAHH benchmark) by the exponential Euler method, one fused sweep: ten
 * exponentials and eight divisions a cell and step. */
#include "limit.h"

/* SI units, as in benchmarks/models/hh.py. */
static const double DT = 1e-4, AREA = 20000e-12;

/* x/(exp(x) - 1), with its series around 0: exact to the last digits, no branch. */
static inline real inverse_exprel(real x) {
    real small = (real)1 + x * ((real)0.5 + x * ((real)(1.0 / 6) + x * ((real)(1.0 / 24) + x * (real)(1.0 / 120))));
    int near = fabs((double)x) < 5e-3;
    real numerator = near ? (real)1 : x, denominator = near ? small : real_exp(x) - (real)1;
    return numerator / denominator;
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    const size_t cells = strtoull(argv[1], 0, 10), padded = (cells + BLOCK - 1) / BLOCK * BLOCK;
    const long steps = strtol(argv[2], 0, 10);
    /* In mV, nS, ms and pF-like units: v in mV, conductances relative to the capacity, per ms. */
    const double capacity = 1e-2 * AREA;
    const real gl = (real)(0.5 * AREA / capacity * 1e-3), g_na = (real)(1000 * AREA / capacity * 1e-3),
               g_kd = (real)(300 * AREA / capacity * 1e-3);
    const real El = -60, EK = -90, ENa = 50, Ee = 0, Ei = -80, VT = -63, dt = (real)(DT * 1e3);
    const real decay_e = (real)exp(-DT / 5e-3), decay_i = (real)exp(-DT / 10e-3);
    const int32_t refractory_steps = 30;
    real *restrict v = array_of(padded, sizeof(real)), *restrict m = array_of(padded, sizeof(real));
    real *restrict n = array_of(padded, sizeof(real)), *restrict h = array_of(padded, sizeof(real));
    real *restrict ge = array_of(padded, sizeof(real)), *restrict gi = array_of(padded, sizeof(real));
    int32_t *restrict free_at = array_of(padded, sizeof(int32_t));
    uint32_t *restrict spikes = array_of(padded, sizeof(uint32_t));
    uint8_t mask[BLOCK] __attribute__((aligned(64)));
    unsigned long long count = 0;
    for (size_t i = 0; i < padded; i++) {
        double phase = (double)i / (double)cells;
        v[i] = (real)(-60 + 10 * phase);
        ge[i] = (real)(60e-9 * (1 + phase) / capacity * 1e-3);
        gi[i] = (real)(50e-9 * (1 - phase) / capacity * 1e-3);
    }

    double start = cpu_seconds();
    for (long step = 0; step < steps; step++) {
        size_t spiking = 0;
        for (size_t from = 0; from < padded; from += BLOCK) {
            real *restrict vb = v + from, *restrict mb = m + from, *restrict nb = n + from, *restrict hb = h + from;
            real *restrict eb = ge + from, *restrict ib = gi + from;
            int32_t *restrict fb = free_at + from;
            int32_t now = (int32_t)step;
            uint32_t any = 0;
            _Pragma("omp simd reduction(|:any)")
            for (size_t k = 0; k < BLOCK; k++) {
                real V = vb[k], M = mb[k], N = nb[k], H = hb[k], E = eb[k], I = ib[k], u = V - VT;
                real alpha_m = (real)1.28 * inverse_exprel(((real)13 - u) * (real)0.25);
                real beta_m = (real)1.4 * inverse_exprel((u - (real)40) * (real)0.2);
                real alpha_h = (real)0.128 * real_exp(((real)17 - u) * (real)(1.0 / 18));
                real beta_h = (real)4 / ((real)1 + real_exp(((real)40 - u) * (real)0.2));
                real alpha_n = (real)0.16 * inverse_exprel(((real)15 - u) * (real)0.2);
                real beta_n = (real)0.5 * real_exp(((real)10 - u) * (real)0.025);
                real na = g_na * (M * M * M) * H, kd = g_kd * (N * N) * (N * N);
                real total = gl + E + I + na + kd;
                real goal = (gl * El + E * Ee + I * Ei + na * ENa + kd * EK) / total;
                real sm = alpha_m + beta_m, sn = alpha_n + beta_n, sh = alpha_h + beta_h;
                real gm = alpha_m / sm, gn = alpha_n / sn, gh = alpha_h / sh;
                real next = goal + (V - goal) * real_exp(-dt * total);
                mb[k] = gm + (M - gm) * real_exp(-dt * sm);
                nb[k] = gn + (N - gn) * real_exp(-dt * sn);
                hb[k] = gh + (H - gh) * real_exp(-dt * sh);
                eb[k] = E * decay_e;
                ib[k] = I * decay_i;
                vb[k] = next;
                uint8_t spike = (uint8_t)((now >= fb[k]) & (next > (real)-20));
                mask[k] = spike;
                any |= spike;
            }
            size_t before = spiking;
            if (any) spiking = append_set(mask, BLOCK, (uint32_t)from, spikes, spiking);
            for (; before < spiking; before++) {
                free_at[spikes[before]] = (int32_t)step + refractory_steps;
                count += spikes[before] < cells;
            }
        }
    }
    double cpu = cpu_seconds() - start, sum = 0;
    for (size_t i = 0; i < cells; i++) sum += v[i];
    report(cpu, steps, count, sum / (double)cells * 1e-3);
    return 0;
}
