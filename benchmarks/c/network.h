/* What the hand-written networks share: random numbers, and random connections as rows of targets.
 *
 * With the variable WITHOUT_SYNAPSES in the environment nothing is connected, to compare memory. With LIMIT_DUMP, the
 * name of a folder, connections and initial values are written there, for another simulator to use (check.py).
 * LIMIT_SEED is a number for another network of the kind. */
#ifndef NETWORK_H
#define NETWORK_H

#include "limit.h"

/* The type of a target's index; 16 bits do up to 65,536 cells. */
#ifndef TARGET
#define TARGET uint32_t
#endif
typedef TARGET Target;

static uint64_t network_seed = 88172645463325252ull;

__attribute__((constructor)) static void read_seed(void) {
    const char *seed = getenv("LIMIT_SEED");
    if (seed) network_seed ^= (strtoull(seed, 0, 10) + 1) * 0x9E3779B97F4A7C15ull;
}

static inline double uniform(void) {
    network_seed ^= network_seed << 13;
    network_seed ^= network_seed >> 7;
    network_seed ^= network_seed << 17;
    return ((double)(network_seed >> 11) + 0.5) * 0x1p-53;
}

static inline double normal(void) { return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform()); }

static inline void dump(const char *name, const void *values, size_t bytes) {
    const char *folder = getenv("LIMIT_DUMP");
    if (!folder) return;
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(values, 1, bytes, file) != bytes) exit(3);
    fclose(file);
}

/* Row e of the synapses: target[first[e]] to target[first[e + 1] - 1]. */
typedef struct {
    uint32_t *restrict first;
    Target *restrict target;
} Rows;

/* Connects each pair with probability p, by geometric distances. */
static inline Rows connected(size_t cells, double p) {
    double start = cpu_seconds();
    if (getenv("WITHOUT_SYNAPSES")) p = 0;
    double mean = (double)cells * (double)cells * p, scale = 1 / log1p(-p);
    size_t most = (size_t)(mean + 8 * sqrt(mean)) + 64, count = 0, row = 0, place = 0;
    Rows rows = {array_of(cells + 1, sizeof(uint32_t)), array_of(most, sizeof(Target))};
    while (p > 0 && count < most) {
        for (place += (size_t)(log(uniform()) * scale); place >= cells && row < cells; place -= cells)
            rows.first[++row] = (uint32_t)count;
        if (row == cells) break;
        rows.target[count++] = (Target)place++;
    }
    while (row < cells) rows.first[++row] = (uint32_t)count;
    synapses = count;
    connect_cpu = cpu_seconds() - start;
    dump("first", rows.first, (cells + 1) * sizeof(uint32_t));
    dump("target", rows.target, count * sizeof(Target));
    return rows;
}

/* Adds a constant to the cells that a row names. */
static inline void add_to_row(const Rows *rows, size_t row, real *restrict sum, real what) {
    const Target *restrict target = rows->target;
    for (uint32_t k = rows->first[row], end = rows->first[row + 1]; k < end; k++) sum[target[k]] += what;
}


#endif
