/* Brunel's network with one delay of 1.5 ms: one bit a pair. The bits of the rows that arrive are added in groups of
 * eight, 512 cells at a time, into six planes of bits (carry-save adders), and these into counts. */
#include "brunel.h"

enum { DELAY = 15, KEPT = DELAY + 2, PLANES = 6, MOST = 56, GROUP = 8 }; /* 56 rows count to less than 2^6 */

typedef struct {
    size_t stride; /* words of 512 bits in a row */
    Bits *restrict row, *zero;
} Matrix;

/* Connects each pair with probability 0.1, by geometric distances. */
static Matrix connected_bits(const Cells *cells) {
    double start = cpu_seconds(), scale = 1 / log1p(-0.1);
    size_t stride = cells->padded / 512, row = 0, place = 0;
    size_t rows = getenv("WITHOUT_SYNAPSES") ? 0 : cells->count;
    Matrix matrix = {stride, array_of((rows + 1) * stride, sizeof(Bits)), 0};
    for (;; place++) {
        place += (size_t)(log(uniform()) * scale);
        for (; place >= cells->count && row < rows; place -= cells->count) row++;
        if (row == rows) break;
        ((uint64_t *)(matrix.row + row * stride))[place / 64] |= 1ull << place % 64;
        synapses++;
    }
    matrix.zero = matrix.row + rows * stride;
    connect_cpu = cpu_seconds() - start;
    return matrix;
}

/* Adds eight rows to the planes; asks for the next eight. */
static void add_group(const Bits *const *row, size_t stride, Bits *restrict planes) {
    for (size_t t = 0; t < stride; t++, planes += PLANES) {
        for (int k = GROUP; k < 2 * GROUP; k++) __builtin_prefetch(row[k] + t);
        Bits one = planes[0], two = planes[1], four = planes[2], carry[4], fours[2];
        for (int half = 0; half < 2; half++) {
            for (int pair = 0; pair < 2; pair++) {
                Bits a = row[4 * half + 2 * pair][t], b = row[4 * half + 2 * pair + 1][t];
                carry[pair] = carry_of(one, a, b);
                one = sum_of(one, a, b);
            }
            fours[half] = carry_of(two, carry[0], carry[1]);
            two = sum_of(two, carry[0], carry[1]);
        }
        Bits eight = carry_of(four, fours[0], fours[1]);
        planes[0] = one, planes[1] = two, planes[2] = sum_of(four, fours[0], fours[1]);
        for (int p = 3; p < PLANES; p++) {
            Bits both = planes[p] & eight;
            planes[p] ^= eight;
            eight = both;
        }
    }
}

/* Counts the rows of some cells, each as `what`. */
static void deliver(const Matrix *matrix, const uint32_t *cell, size_t count, int16_t what, int16_t *restrict arrived) {
    static Bits planes[PLANES * 128];
    if (!synapses) return;
    for (size_t from = 0; from < count; from += MOST) {
        const Bits *rows[MOST + GROUP];
        size_t some = count - from < MOST ? count - from : MOST;
        for (size_t k = 0; k < MOST + GROUP; k++)
            rows[k] = k < some ? matrix->row + cell[from + k] * matrix->stride : matrix->zero;
        memset(planes, 0, matrix->stride * PLANES * sizeof(Bits));
        for (size_t k = 0; k < some; k += GROUP) add_group(rows + k, matrix->stride, planes);
        int highest = 0;
        while (some >> highest) highest++;
        for (size_t t = 0; t < matrix->stride; t++)
            for (int p = 0; p < highest; p++)
                for (int word = 0; word < 8; word++)
                    add_where(arrived + 512 * t + 64 * word, planes[t * PLANES + p][word], (int16_t)(what << p));
    }
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    const Cells cells = cells_of(strtoull(argv[1], 0, 10));
    const long steps = strtol(argv[2], 0, 10);
    int16_t *restrict arrived = array_of(cells.padded, sizeof(int16_t));
    uint32_t *lists[KEPT];
    size_t lengths[KEPT] = {0};
    for (size_t k = 0; k < KEPT; k++) lists[k] = array_of(cells.padded, sizeof(uint32_t));
    unsigned long long count = 0;
    if (cells.padded > 512 * 128) return 4;
    const Matrix matrix = connected_bits(&cells);

    double start = cpu_seconds();
    for (long step = 0; step < steps; step++) {
        size_t now = (size_t)step % KEPT, due = (size_t)(step + 1) % KEPT, exciting = 0;
        const uint32_t *list = lists[due];
        while (exciting < lengths[due] && list[exciting] < cells.border) exciting++;
        deliver(&matrix, list, exciting, 1, arrived);
        deliver(&matrix, list + exciting, lengths[due] - exciting, INHIBITION, arrived);
        lengths[now] = step_cells(&cells, step, arrived, lists[now]);
        count += lengths[now];
    }
    report(cpu_seconds() - start, steps, count, mean_volts(&cells));
    return 0;
}
