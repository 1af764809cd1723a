/* What the hand-written networks share: random numbers, and random connections as rows of targets. */
#ifndef NETWORK_H
#define NETWORK_H

#include "limit.h"

static uint64_t network_seed = 88172645463325252ull;

static inline double uniform(void) {
    network_seed ^= network_seed << 13;
    network_seed ^= network_seed >> 7;
    network_seed ^= network_seed << 17;
    return ((double)(network_seed >> 11) + 0.5) * 0x1p-53;
}

/* Row e of the synapses: target[first[e]] to target[first[e + 1] - 1]. */
typedef struct {
    uint32_t *restrict first;
    int32_t *restrict target;
} Rows;

/* Connects each pair with probability p, by geometric distances. */
static Rows connected(size_t cells, double p) {
    double mean = (double)cells * (double)cells * p, scale = 1 / log1p(-p);
    size_t most = (size_t)(mean + 8 * sqrt(mean)) + 64, count = 0, row = 0;
    Rows rows = {array_of(cells + 1, sizeof(uint32_t)), array_of(most, sizeof(int32_t))};
    uint64_t all = (uint64_t)cells * cells, place = (uint64_t)(log(uniform()) * scale);
    for (; place < all && count < most; place += 1 + (uint64_t)(log(uniform()) * scale)) {
        while (row < place / cells) rows.first[++row] = (uint32_t)count;
        rows.target[count++] = (int32_t)(place % cells);
    }
    while (row < cells) rows.first[++row] = (uint32_t)count;
    return rows;
}

/* Adds a constant to the cells that a row names. */
static inline void add_to_row(const Rows *rows, size_t row, real *restrict sum, real what) {
    const int32_t *restrict target = rows->target;
    for (uint32_t k = rows->first[row], end = rows->first[row + 1]; k < end; k++) sum[target[k]] += what;
}

#endif
