/* The cells of COBAHH (Brette et al. 2007) by the exponential Euler method, one fused sweep of two exponentials and one
 * division a cell: most of the rates' exponentials are powers of one, the denominators are inverted together, and
 * the steps need no division (exprel_of_negative).
 *
 * In mV and ms, conductances relative to the capacity (per ms). The bounds that the steps rely on: v stays between
 * the reversal potentials (-90 and 50 mV) and m, n, h in [0, 1], so that the rates of m stay below 36 per ms, those
 * of n and h below 6, and that of v below 130 plus the synapses' conductances, which 120 synapses that fire every 3
 * ms hold below 180. */
#ifndef HODGKIN_HUXLEY_H
#define HODGKIN_HUXLEY_H

#include "limit.h"

static const double CAPACITY = 1e-2 * 20000e-12; /* 1 uF/cm2 on 20000 um2 */
#define PER_MS(siemens) ((real)((siemens) / CAPACITY * 1e-3))

typedef struct {
    real *restrict v, *restrict m, *restrict n, *restrict h, *restrict ge, *restrict gi;
    int32_t *restrict free_at;
    size_t count, padded;
} Cells;

static Cells cells_of(size_t count) {
    size_t padded = (count + CHUNK - 1) / CHUNK * CHUNK;
    Cells cells = {.count = count, .padded = padded, .free_at = array_of(padded, sizeof(int32_t))};
    real **arrays[] = {(real **)&cells.v,  (real **)&cells.m, (real **)&cells.n, (real **)&cells.h, (real **)&cells.ge,
                       (real **)&cells.gi};
    for (size_t k = 0; k < 6; k++) *arrays[k] = array_of(padded, sizeof(real));
    for (size_t i = count; i < padded; i++) cells.v[i] = -60, cells.free_at[i] = INT32_MAX;
    return cells;
}

/* x/(exp(x) - 1) around 0, where the quotient would lose digits. */
static const real NEAR = SINGLE ? (real)0.5 : (real)0.05;
static inline real bernoulli(real x) {
    real q = x * x;
    return ((real)1 - (real)0.5 * x) +
           q * ((real)(1.0 / 12) + q * ((real)(-1.0 / 720) + q * ((real)(1.0 / 30240) + q * (real)(-1.0 / 1209600))));
}
static inline real size_of(real x) { return SINGLE ? (real)fabsf((float)x) : (real)fabs((double)x); }

/* One step of all cells; appends those that spike, and makes them refractory for 3 ms. */
static size_t step_cells(const Cells *cells, long step, uint32_t *spikes) {
    const real gl = PER_MS(1e-8), g_na = PER_MS(2e-5), g_kd = PER_MS(6e-6), dt = (real)0.1;
    const real El = -60, EK = -90, ENa = 50, Ei = -80, VT = -63, threshold = -20; /* Ee = 0 */
    const real decay_e = (real)exp(-0.1 / 5), decay_i = (real)exp(-0.1 / 10);
    const real to_5 = (real)exp(6), to_n = (real)exp(1), to_m = (real)exp(0.75);
    const int32_t now = (int32_t)step;
    size_t spiking = 0;
    for (size_t from = 0; from < cells->padded; from += CHUNK) {
        real *restrict vb = cells->v + from, *restrict mb = cells->m + from, *restrict nb = cells->n + from;
        real *restrict hb = cells->h + from, *restrict eb = cells->ge + from, *restrict ib = cells->gi + from;
        int32_t *restrict fb = cells->free_at + from;
        real highest = El;
        _Pragma("omp simd reduction(max:highest)")
        for (size_t k = 0; k < CHUNK; k++) {
            real V = vb[k], M = mb[k], N = nb[k], H = hb[k], E = eb[k], I = ib[k], u = V - VT;
            real e40 = real_exp(((real)10 - u) * (real)0.025), e20 = e40 * e40, e10 = e20 * e20, e8 = e10 * e10;
            real x_m = ((real)13 - u) * (real)0.25, x_b = (u - (real)40) * (real)0.2, x_n = ((real)15 - u) * (real)0.2;
            real e5 = e8 * to_5, d_m = e8 * e20 * to_m - (real)1, d_b = (real)1 - e5, d_n = e8 * to_n - (real)1;
            int near_m = size_of(x_m) < NEAR, near_b = size_of(x_b) < NEAR, near_n = size_of(x_n) < NEAR;
            real over_m = near_m ? bernoulli(x_m) : x_m, over_b = near_b ? bernoulli(x_b) : x_b * e5;
            real over_n = near_n ? bernoulli(x_n) : x_n, d_h = (real)1 + e5;
            d_m = near_m ? (real)1 : d_m;
            d_b = near_b ? (real)1 : d_b;
            d_n = near_n ? (real)1 : d_n;
            real left = d_m * d_b, right = d_n * d_h, inverse = (real)1 / (left * right);
            real of_left = inverse * right, of_right = inverse * left;
            real alpha_m = (real)1.28 * over_m * (of_left * d_b), beta_m = (real)1.4 * over_b * (of_left * d_m);
            real alpha_n = (real)0.16 * over_n * (of_right * d_h), beta_n = (real)0.5 * e40;
            real alpha_h = (real)0.128 * real_exp(((real)17 - u) * (real)(1.0 / 18));
            real beta_h = (real)4 * (of_right * d_n);
            real na = g_na * (M * M * M) * H, kd = g_kd * (N * N) * (N * N), total = gl + E + I + na + kd;
            real sm = alpha_m + beta_m, sn = alpha_n + beta_n, sh = alpha_h + beta_h;
            real slope = gl * El + I * Ei + na * ENa + kd * EK - total * V;
            real next = V + slope * dt * exprel_of_negative(-dt * total, 5);
            mb[k] = M + (alpha_m - sm * M) * dt * exprel_of_negative(-dt * sm, 2);
            nb[k] = N + (alpha_n - sn * N) * dt * exprel_of_negative(-dt * sn, 0);
            hb[k] = H + (alpha_h - sh * H) * dt * exprel_of_negative(-dt * sh, 0);
            eb[k] = E * decay_e;
            ib[k] = I * decay_i;
            vb[k] = next;
            next = now >= fb[k] ? next : El;
            highest = next > highest ? next : highest;
        }
        if (highest <= threshold) continue;
        uint8_t mask[CHUNK] __attribute__((aligned(64)));
        for (size_t k = 0; k < CHUNK; k++) mask[k] = (vb[k] > threshold) & (now >= fb[k]);
        size_t before = spiking;
        spiking = append_set(mask, CHUNK, (uint32_t)from, spikes, spiking);
        for (; before < spiking; before++) cells->free_at[spikes[before]] = now + 30;
    }
    return spiking;
}

static double mean_volts(const Cells *cells) {
    double sum = 0;
    for (size_t i = 0; i < cells->count; i++) sum += cells->v[i];
    return sum / (double)cells->count * 1e-3;
}

#endif
