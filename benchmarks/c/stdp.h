/* The cells of the network that learns: noise, and what arrived after the last step's thresholds, in one fused sweep.
 * Pulses into refractory cells are lost. All traces belong to cells: a synapse's apre is its source's (all its synapses
 * see the same spikes, after the same delay), its apost its target's. */
#ifndef STDP_H
#define STDP_H

#define TARGET uint16_t
#include "network.h"
#include "normals.h"

enum { DELAY = 15, KEPT = DELAY + 1 };
static const double TAU_STEPS = 200; /* 20 ms */
static const real UP = (real)0.01, DOWN = (real)0.0105, WMAX = 1;

typedef struct {
    size_t count, padded;
    real *restrict v, *restrict arrived;
    int32_t *restrict free_at;
} Cells;

static Cells cells_of(size_t count) {
    size_t padded = (count + BLOCK - 1) / BLOCK * BLOCK, bytes = sizeof(real);
    Cells cells = {count, padded, array_of(padded, bytes), array_of(padded, bytes), array_of(padded, sizeof(int32_t))};
    for (size_t i = 0; i < count; i++) cells.v[i] = (real)(20e-3 * (double)i / (double)count);
    for (size_t i = count; i < padded; i++) cells.free_at[i] = INT32_MAX;
    return cells;
}

/* One step; clears what arrived, and lists the cells that spike. */
static size_t step_cells(const Cells *cells, long step, uint32_t *restrict spikes) {
    const real rate = (real)(0.1 / 20), mu = (real)22e-3, threshold = (real)20e-3, reset = (real)10e-3;
    const real noise = (real)(3e-3 * sqrt(2 * 0.1 / 20)), jump = (real)0.01e-3;
    const int32_t now = (int32_t)step;
    real z[NORMALS] __attribute__((aligned(64)));
    size_t spiking = 0;
    for (size_t from = 0; from < cells->padded; from += BLOCK) {
        real *restrict v = cells->v + from, *restrict arrived = cells->arrived + from;
        const int32_t *restrict free_at = cells->free_at + from;
        real highest = reset;
        normals(z, (uint32_t)step, (uint32_t)(from / BLOCK * CALLS), 42);
        _Pragma("omp simd reduction(max:highest)")
        for (size_t k = 0; k < BLOCK; k++) {
            real moved = now > free_at[k] ? v[k] + jump * arrived[k] : v[k];
            real next = now >= free_at[k] ? moved + rate * (mu - moved) + noise * z[k] : moved;
            arrived[k] = 0;
            v[k] = next;
            highest = next > highest ? next : highest;
        }
        if (highest <= threshold) continue;
        for (size_t part = 0; part < BLOCK; part += CHUNK)
            spiking = append_above(v + part, CHUNK, threshold, (uint32_t)(from + part), spikes, spiking);
    }
    for (size_t k = 0; k < spiking; k++) {
        cells->v[spikes[k]] = reset;
        cells->free_at[spikes[k]] = now + 20;
    }
    return spiking;
}

static real *initial_weights(const Rows *rows, size_t cells) {
    double start = cpu_seconds();
    size_t count = rows->first[cells];
    real *w = array_of(count, sizeof(real));
    for (size_t k = 0; k < count; k++) w[k] = (real)uniform();
    connect_cpu += cpu_seconds() - start;
    return w;
}

static inline double mean_of(const real *w, size_t count) {
    double sum = 0;
    for (size_t k = 0; k < count; k++) sum += w[k];
    return count ? sum / (double)count : 0;
}

#endif
