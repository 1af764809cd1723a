/* The same network with the spikes of targets applied at once: an index by target lists the places of the synapses that
 * end there, which are asked for ahead of time. */
#include "stdp.h"

/* The synapses of each target by their places in the rows. */
typedef struct {
    uint32_t *restrict first, *restrict place;
    Target *restrict source;
} Index;

static Index index_of(const Rows *rows, size_t cells) {
    double start = cpu_seconds();
    size_t count = rows->first[cells];
    Index index = {.first = array_of(cells + 2, sizeof(uint32_t))};
    index.place = array_of(count, sizeof(uint32_t));
    index.source = array_of(count, sizeof(Target));
    for (size_t k = 0; k < count; k++) index.first[rows->target[k] + 2]++;
    for (size_t j = 0; j < cells; j++) index.first[j + 2] += index.first[j + 1];
    for (size_t row = 0; row < cells; row++)
        for (uint32_t k = rows->first[row]; k < rows->first[row + 1]; k++) {
            uint32_t place = index.first[rows->target[k] + 1]++;
            index.place[place] = k;
            index.source[place] = (Target)row;
        }
    connect_cpu += cpu_seconds() - start;
    return index;
}

enum { AHEAD = 24 };

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    const Cells cells = cells_of(strtoull(argv[1], 0, 10));
    const long steps = strtol(argv[2], 0, 10);
    uint32_t *lists[KEPT];
    size_t lengths[KEPT] = {0};
    for (size_t k = 0; k < KEPT; k++) lists[k] = array_of(cells.padded, sizeof(uint32_t));
    unsigned long long count = 0;
    const Rows rows = connected(cells.count, 0.1);
    real *restrict w = initial_weights(&rows, cells.count);
    const Index index = index_of(&rows, cells.count);
    real *restrict apre = array_of(cells.padded, sizeof(real)), *restrict apost = array_of(cells.padded, sizeof(real));
    const real decay = (real)exp(-1 / TAU_STEPS);

    double start = cpu_seconds();
    for (long step = 0; step < steps; step++) {
        size_t now = (size_t)step % KEPT, due = (size_t)(step + 1) % KEPT;
        for (size_t i = 0; i < cells.padded; i++) apre[i] *= decay, apost[i] *= decay;
        lengths[now] = step_cells(&cells, step, lists[now]);
        for (size_t s = 0; s < lengths[now]; s++) {
            const size_t cell = lists[now][s];
            const uint32_t *place = index.place + index.first[cell];
            const Target *source = index.source + index.first[cell];
            apost[cell] -= DOWN;
            for (size_t k = 0, end = index.first[cell + 1] - index.first[cell]; k < end; k++) {
                __builtin_prefetch(w + place[k + AHEAD < end ? k + AHEAD : k], 1);
                real next = w[place[k]] + apre[source[k]];
                w[place[k]] = next < WMAX ? next : WMAX;
            }
        }
        for (size_t s = 0; s < lengths[due]; s++) {
            const size_t cell = lists[due][s];
            apre[cell] += UP;
            for (uint32_t k = rows.first[cell]; k < rows.first[cell + 1]; k++) {
                const size_t target = rows.target[k];
                cells.arrived[target] += w[k];
                real next = w[k] + apost[target];
                w[k] = next > 0 ? next : 0;
            }
        }
        count += lengths[now];
    }
    report(cpu_seconds() - start, steps, count, mean_of(w, synapses));
    return 0;
}
