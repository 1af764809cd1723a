/* A recurrent network whose synapses all learn, pairs of spikes all to all. A spike of a target touches no synapse:
 * what it adds to the weights is caught up with at the source's next spike. Between two spikes of the source the
 * weight only grows, so that one clip after the sum is the clip of each addition:
 *
 *     w(t) = min(w(t0) + apre(t0) sum of exp(-(s - t0)/tau) over the target's spikes s in (t0, t], wmax)
 *
 * The sum is a difference of the target's Z = sum of exp(-(s - T)/tau) since the start T of an epoch, and the weight
 * is kept as u = w(t0) - c Z(t0) with the row's c = apre(t0) exp((t0 - T)/tau): w(t) = min(u + c Z(t), wmax), and all
 * memory is read in the order of rows. An epoch lasts 100 ms, so that the numbers stay within a factor of 148. */
#include "stdp.h"

enum { EPOCH = 1000 };

/* Of a target: see above; `forward` is the sum of exp((s - T)/tau), of which apost is -DOWN exp(-(t - T)/tau) times. */
typedef struct {
    real z, forward;
} Traces;

/* Of a source: apre right after its last spike's arrival, and when that was. */
typedef struct {
    real apre;
    int32_t at;
} Source;

typedef struct {
    Rows rows;
    real *restrict u, *restrict ended; /* Z of the targets at the end of the last epoch */
    Traces *restrict traces;
    Source *restrict sources;
    int32_t epoch; /* T */
    double grown[2 * EPOCH + 1]; /* exp(k/tau) for k from -EPOCH to EPOCH */
} Plastic;

static double grown(const Plastic *plastic, int32_t after) { return plastic->grown[EPOCH + after]; }

static Plastic plastic_of(const Cells *cells) {
    Plastic plastic = {.rows = connected(cells->count, 0.1)};
    plastic.u = initial_weights(&plastic.rows, cells->count);
    plastic.ended = array_of(cells->padded, sizeof(real));
    plastic.traces = array_of(cells->padded, sizeof(Traces));
    plastic.sources = array_of(cells->padded, sizeof(Source));
    for (int k = -EPOCH; k <= EPOCH; k++) plastic.grown[EPOCH + k] = exp(k / TAU_STEPS);
    return plastic;
}

/* Begins an epoch. Rows that nothing reached in the last epoch are first brought to its beginning. */
static void begin_epoch(Plastic *plastic, const Cells *cells, int32_t now) {
    const int32_t last = plastic->epoch;
    for (size_t row = 0; row < cells->count; row++) {
        Source *source = plastic->sources + row;
        if (source->at >= last) continue;
        const real c = source->apre * (real)grown(plastic, source->at - (last - EPOCH));
        for (size_t k = plastic->rows.first[row]; k < plastic->rows.first[row + 1]; k++) {
            real w = plastic->u[k] + c * plastic->ended[plastic->rows.target[k]];
            plastic->u[k] = w < WMAX ? w : WMAX;
        }
        *source = (Source){source->apre * (real)grown(plastic, source->at - last), last};
    }
    for (size_t j = 0; j < cells->count; j++) {
        plastic->ended[j] = plastic->traces[j].z;
        plastic->traces[j].z = 0;
        plastic->traces[j].forward *= (real)grown(plastic, -EPOCH);
    }
    plastic->epoch = now;
}

/* The spikes of targets, as seen by all synapses that end there. */
static void depress(Plastic *plastic, const uint32_t *spikes, size_t count, int32_t now) {
    const real late = (real)grown(plastic, plastic->epoch - now), early = (real)grown(plastic, now - plastic->epoch);
    for (size_t k = 0; k < count; k++) {
        plastic->traces[spikes[k]].z += late;
        plastic->traces[spikes[k]].forward += early;
    }
}

/* The spike of a source arrives: its weights catch up, act, and are depressed; the row `next` is asked for too. */
static void arrive(Plastic *plastic, size_t row, size_t next, int32_t now, real *restrict arrived) {
    const size_t first = plastic->rows.first[row], count = plastic->rows.first[row + 1] - first;
    const Target *restrict target = plastic->rows.target + first;
    const Traces *restrict traces = plastic->traces;
    const real *restrict ended = plastic->ended;
    real *restrict u = plastic->u + first;
    Source *source = plastic->sources + row;
    const int32_t epoch = plastic->epoch;
    const int carried = source->at < epoch;
    const real c = source->apre * (real)grown(plastic, source->at - epoch);
    const real c_ended = carried ? source->apre * (real)grown(plastic, source->at - epoch + EPOCH) : 0;
    const real now_c = c + UP * (real)grown(plastic, now - epoch), down = -DOWN * (real)grown(plastic, epoch - now);
    const size_t ahead = plastic->rows.first[next] - first; /* wraps around */
    if (carried)
        for (size_t k = 0; k < count; k++) u[k] += c_ended * ended[target[k]];
    for (size_t from = 0; from < count; from += 32) {
        const size_t end = from + 32 < count ? from + 32 : count;
        __builtin_prefetch(target + ahead + from);
        for (size_t line = 0; line < 32; line += 64 / sizeof(real)) __builtin_prefetch(u + ahead + from + line, 1);
        for (size_t k = from; k < end; k++) {
            const Traces of = traces[target[k]];
            real w = u[k] + c * of.z;
            w = w < WMAX ? w : WMAX;
            arrived[target[k]] += w;
            w += down * of.forward;
            w = w > 0 ? w : 0;
            u[k] = w - now_c * of.z;
        }
    }
    *source = (Source){now_c * (real)grown(plastic, epoch - now), now};
}

/* The weights as they are at a step, after all spikes until then. */
static double mean_weight(const Plastic *plastic, const Cells *cells) {
    double sum = 0;
    for (size_t row = 0; row < cells->count; row++) {
        const Source source = plastic->sources[row];
        const double c = source.apre * grown(plastic, source.at - plastic->epoch);
        const double c_ended = source.at < plastic->epoch ? c * grown(plastic, EPOCH) : 0;
        for (size_t k = plastic->rows.first[row]; k < plastic->rows.first[row + 1]; k++) {
            const size_t j = plastic->rows.target[k];
            sum += fmin(plastic->u[k] + c * plastic->traces[j].z + c_ended * plastic->ended[j], WMAX);
        }
    }
    return synapses ? sum / (double)synapses : 0;
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    const Cells cells = cells_of(strtoull(argv[1], 0, 10));
    const long steps = strtol(argv[2], 0, 10);
    uint32_t *lists[KEPT];
    size_t lengths[KEPT] = {0};
    for (size_t k = 0; k < KEPT; k++) lists[k] = array_of(cells.padded, sizeof(uint32_t));
    unsigned long long count = 0;
    Plastic plastic = plastic_of(&cells);

    double start = cpu_seconds();
    for (long step = 0; step < steps; step++) {
        size_t now = (size_t)step % KEPT, due = (size_t)(step + 1) % KEPT;
        if (step > 0 && step % EPOCH == 0) begin_epoch(&plastic, &cells, (int32_t)step);
        lengths[now] = step_cells(&cells, step, lists[now]);
        depress(&plastic, lists[now], lengths[now], (int32_t)step);
        for (size_t k = 0; k < lengths[due]; k++) {
            const size_t next = lists[due][k + 1 < lengths[due] ? k + 1 : k];
            arrive(&plastic, lists[due][k], next, (int32_t)step, cells.arrived);
        }
        count += lengths[now];
    }
    report(cpu_seconds() - start, steps, count, mean_weight(&plastic, &cells));
    return 0;
}
