/* The cells of Brunel's network: one fused sweep. What arrives is counted for each cell, in units of an excitatory
 * pulse: an inhibitory one is -5. Pulses into refractory cells are lost. */
#ifndef BRUNEL_H
#define BRUNEL_H

#define TARGET uint16_t
#include "lanes.h"
#include "network.h"

enum { INHIBITION = -5 };

typedef struct {
    size_t count, padded, border;
    real *restrict v;
    int32_t *restrict free_at;
} Cells;

static Cells cells_of(size_t count) {
    size_t padded = (count + 511) / 512 * 512;
    Cells cells = {count, padded, 4 * count / 5, array_of(padded, sizeof(real)), array_of(padded, sizeof(int32_t))};
    for (size_t i = 0; i < count; i++) cells.v[i] = (real)(20e-3 * (double)i / (double)count);
    for (size_t i = count; i < padded; i++) cells.free_at[i] = INT32_MAX;
    return cells;
}

/* What arrived after the last step's thresholds, then this step; clears the counts and lists the cells that spike. */
static inline size_t step_cells(const Cells *cells, long step, int16_t *restrict arrived, uint32_t *restrict spikes) {
    const real decay = (real)exp(-0.1 / 20), drive = (real)50e-3, threshold = (real)20e-3, jump = (real)0.1e-3;
    const int32_t now = (int32_t)step;
    size_t spiking = 0;
    for (size_t from = 0; from < cells->padded; from += 64) {
        real *restrict v = cells->v + from;
        const int32_t *restrict free_at = cells->free_at + from;
        int16_t *restrict counts = arrived + from;
        _Pragma("omp simd")
        for (size_t k = 0; k < 64; k++) {
            real was = v[k], moved = was + jump * (real)counts[k];
            moved = now > free_at[k] ? moved : was;
            real next = drive + (moved - drive) * decay;
            v[k] = now >= free_at[k] ? next : moved;
        }
        memset(counts, 0, 64 * sizeof *counts);
        for (uint64_t bits = bits_above(v, threshold); bits; bits &= bits - 1)
            spikes[spiking++] = (uint32_t)from + (uint32_t)__builtin_ctzll(bits);
    }
    for (size_t k = 0; k < spiking; k++) {
        cells->v[spikes[k]] = (real)10e-3;
        cells->free_at[spikes[k]] = now + 20;
    }
    return spiking;
}

static double mean_volts(const Cells *cells) {
    double sum = 0;
    for (size_t i = 0; i < cells->count; i++) sum += cells->v[i];
    return sum / (double)cells->count;
}

#endif
