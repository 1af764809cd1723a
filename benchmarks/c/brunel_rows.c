/* Brunel's network with one delay of 1.5 ms: rows of 16-bit targets, counted as they arrive. */
#include "brunel.h"

enum { DELAY = 15, KEPT = DELAY + 2, AHEAD = 2 }; /* what arrives in a step is added in the next one's sweep */

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    const Cells cells = cells_of(strtoull(argv[1], 0, 10));
    const long steps = strtol(argv[2], 0, 10);
    int16_t *restrict arrived = array_of(cells.padded, sizeof(int16_t));
    uint32_t *lists[KEPT];
    size_t lengths[KEPT] = {0};
    for (size_t k = 0; k < KEPT; k++) lists[k] = array_of(cells.padded, sizeof(uint32_t));
    unsigned long long count = 0;
    const Rows rows = connected(cells.count, 0.1);

    double start = cpu_seconds();
    for (long step = 0; step < steps; step++) {
        size_t now = (size_t)step % KEPT, due = (size_t)(step + 1) % KEPT;
        for (size_t k = 0; k < lengths[due]; k++) {
            const uint32_t cell = lists[due][k];
            const int16_t what = cell < cells.border ? 1 : INHIBITION;
            const Target *target = rows.target + rows.first[cell], *end = rows.target + rows.first[cell + 1];
            const Target *ahead = rows.target + rows.first[lists[due][k + AHEAD < lengths[due] ? k + AHEAD : k]];
            for (; target < end; target += 32, ahead += 32) {
                __builtin_prefetch(ahead);
                size_t some = end - target < 32 ? (size_t)(end - target) : 32;
                for (size_t s = 0; s < some; s++) arrived[target[s]] = (int16_t)(arrived[target[s]] + what);
            }
        }
        lengths[now] = step_cells(&cells, step, arrived, lists[now]);
        count += lengths[now];
    }
    report(cpu_seconds() - start, steps, count, mean_volts(&cells));
    return 0;
}
