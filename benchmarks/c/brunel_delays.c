/* Brunel's network with delays that are uniform between 0.5 and 3 ms: 5 to 30 steps. Rows of 16-bit targets in the
 * order of delays, so that a synapse takes two bytes. A spike writes its 26 parts of a row into the lists of the
 * steps to come; a step goes through its list, asks for parts 12 ahead, and counts. (A ring of counts, with the
 * spikes of a step going delay by delay, took 1.35 times as long.) */
#include "brunel.h"

enum { SHORTEST = 5, LONGEST = 30, DELAYS = LONGEST - SHORTEST + 1, SLOTS = 32, AHEAD = 12 };

typedef struct {
    Rows rows;
    uint16_t *restrict offset; /* of each delay in a row, DELAYS + 1 a row */
} Delayed;

/* Draws delays, and puts each row in their order. */
static Delayed delayed(Rows rows, size_t cells) {
    double start = cpu_seconds();
    Delayed made = {rows, array_of(cells * (DELAYS + 1), sizeof(uint16_t))};
    Target *row = array_of(cells, sizeof(Target));
    uint8_t *delay = array_of(cells, 1);
    for (size_t cell = 0; cell < cells; cell++) {
        uint16_t *offset = made.offset + cell * (DELAYS + 1), place[DELAYS];
        Target *target = rows.target + rows.first[cell];
        size_t count = rows.first[cell + 1] - rows.first[cell];
        for (size_t k = 0; k < count; k++) {
            delay[k] = (uint8_t)(25 * uniform() + 5.5 - SHORTEST);
            offset[delay[k] + 1]++;
        }
        for (size_t d = 0; d < DELAYS; d++) place[d] = offset[d], offset[d + 1] = (uint16_t)(offset[d + 1] + offset[d]);
        memcpy(row, target, count * sizeof(Target));
        for (size_t k = 0; k < count; k++) target[place[delay[k]]++] = row[k];
    }
    free(row);
    free(delay);
    connect_cpu += cpu_seconds() - start;
    dump("target", rows.target, rows.first[cells] * sizeof(Target));
    dump("offset", made.offset, cells * (DELAYS + 1) * sizeof(uint16_t));
    return made;
}

/* The synapses of a cell with one delay: where they are, how many, and what arrives. */
typedef struct {
    uint32_t first;
    uint16_t count;
    int16_t what;
} Part;

/* Counts a part of some 38 synapses; the end without a loop, whose length could not be foreseen. */
static inline void count_part(int16_t *restrict arrived, const Target *target, size_t count, int16_t what) {
#define COUNT(z) arrived[target[z]] = (int16_t)(arrived[target[z]] + what)
    for (; count >= 8; count -= 8, target += 8)
        for (size_t z = 0; z < 8; z++) COUNT(z);
    switch (count) {
        case 7: COUNT(6); /* fall through */
        case 6: COUNT(5); /* fall through */
        case 5: COUNT(4); /* fall through */
        case 4: COUNT(3); /* fall through */
        case 3: COUNT(2); /* fall through */
        case 2: COUNT(1); /* fall through */
        case 1: COUNT(0);
    }
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    const Cells cells = cells_of(strtoull(argv[1], 0, 10));
    const long steps = strtol(argv[2], 0, 10);
    int16_t *restrict arrived = array_of(cells.padded, sizeof(int16_t));
    uint32_t *restrict spikes = array_of(cells.padded, sizeof(uint32_t));
    Part *due[SLOTS];
    size_t lengths[SLOTS] = {0};
    for (size_t k = 0; k < SLOTS; k++) { /* far more than is ever touched */
        due[k] = malloc((cells.padded * DELAYS + AHEAD) * sizeof(Part));
        if (!due[k]) return 1;
    }
    unsigned long long count = 0;
    const Delayed made = delayed(connected(cells.count, 0.1), cells.count);

    double start = cpu_seconds();
    for (long step = 0; step < steps; step++) {
        size_t now = (size_t)step % SLOTS, spiking = step_cells(&cells, step, arrived, spikes);
        for (size_t k = 0; k < spiking; k++) {
            const uint16_t *offset = made.offset + spikes[k] * (DELAYS + 1);
            const uint32_t first = made.rows.first[spikes[k]];
            const int16_t what = spikes[k] < cells.border ? 1 : INHIBITION;
            for (size_t d = 0; d < DELAYS; d++) {
                size_t slot = (now + SHORTEST + d) % SLOTS;
                due[slot][lengths[slot]++] = (Part){first + offset[d], (uint16_t)(offset[d + 1] - offset[d]), what};
            }
        }
        memset(due[now] + lengths[now], 0, AHEAD * sizeof(Part));
        for (size_t k = 0; k < lengths[now]; k++) {
            const Part part = due[now][k];
            const Target *target = made.rows.target + part.first, *ahead = made.rows.target + due[now][k + AHEAD].first;
            __builtin_prefetch(ahead);
            __builtin_prefetch(ahead + 32);
            count_part(arrived, target, part.count, part.what);
        }
        lengths[now] = 0;
        count += spiking;
    }
    report(cpu_seconds() - start, steps, count, mean_volts(&cells));
    return 0;
}
