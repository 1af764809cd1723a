/* The run time of exported networks: memory, clocks, and files of records in Arrow's IPC stream format. */

#include "ranvier.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef RANVIER_CHUNK_BYTES
#define RANVIER_CHUNK_BYTES (1 << 20) /* what a table holds in memory before it is written */
#endif

#define ALIGNMENT 64 /* of arrays, as compiled code expects */
#define ALIGNED(size) (((size) + 7) / 8 * 8)
#define SAME_TIME 1e-4   /* clocks within this share of a step are at the same time */
#define SAME_EVENT 1e-14 /* the same in seconds, where no clock has a step */
#define SAME_END 1e-12
#define UNBOUNDED ((int64_t)1 << 62)

enum { FINISHED, BUDGET_USED, SINK_FULL, STOPPED, OUT_OF_MEMORY }; /* what compiled code returns */

typedef struct {
    uint8_t **buffers; /* one for each column */
    FILE *file;
} records;

struct ranvier_simulation {
    const ranvier_network *network;
    uint8_t *memory, *allocated;
    uint64_t *slots;
    records *records;
    double time;
};

static int64_t *numbers(ranvier_simulation *s, uint64_t offset) { return (int64_t *)(void *)(s->memory + offset); }

static void *zeros(uint64_t count, uint64_t size) { return calloc(count ? count : 1, size); }

/* ---- records */

static uint64_t row_bytes(const ranvier_table *table) {
    uint64_t sum = 0;
    for (uint64_t k = 0; k < table->columns_count; k++) sum += table->columns[k].bytes * table->columns[k].width;
    return sum;
}

static uint64_t rows_of_chunk(const ranvier_table *table) {
    uint64_t rows = RANVIER_CHUNK_BYTES / row_bytes(table);
    return rows < table->most_rows ? table->most_rows : rows;
}

/* Bytes of a column in a file. */
static uint64_t stored_bytes(const ranvier_column *column, uint64_t rows) {
    uint64_t values = rows * column->width;
    return column->is_bits ? (values + 7) / 8 : values * column->bytes;
}

static int make_room(ranvier_simulation *s, uint64_t number) {
    const ranvier_table *table = &s->network->tables[number];
    int64_t *control = numbers(s, table->control);
    records *kept = &s->records[number];
    control[0] = 0;
    control[1] = UNBOUNDED;
    kept->buffers = zeros(table->columns_count, sizeof *kept->buffers);
    if (!kept->buffers) return RANVIER_NO_MEMORY;
    if (row_bytes(table) == 0) return RANVIER_OK;
    control[1] = (int64_t)rows_of_chunk(table);
    for (uint64_t k = 0; k < table->columns_count; k++) {
        const ranvier_column *column = &table->columns[k];
        kept->buffers[k] = zeros(rows_of_chunk(table) * column->width, column->bytes);
        if (!kept->buffers[k]) return RANVIER_NO_MEMORY;
    }
    return RANVIER_OK;
}

static void put(uint8_t *at, int64_t value) { memcpy(at, &value, sizeof value); }

/* Writes the numbers of a batch into its header, and returns the bytes of what follows it. */
static uint64_t describe(const ranvier_table *table, uint8_t *header, uint64_t rows) {
    uint64_t body = 0;
    for (uint64_t k = 0; k < table->nodes_count; k++) {
        const ranvier_field *node = &table->nodes[k];
        put(header + node->position, (int64_t)(rows * (node->column < 0 ? 1 : table->columns[node->column].width)));
    }
    for (uint64_t k = 0; k < table->buffers_count; k++) {
        const ranvier_field *buffer = &table->buffers[k];
        uint64_t bytes = buffer->column < 0 ? 0 : stored_bytes(&table->columns[buffer->column], rows);
        put(header + buffer->position, (int64_t)body);
        put(header + buffer->position + 8, (int64_t)bytes);
        body += ALIGNED(bytes);
    }
    put(header + table->rows_at, (int64_t)rows);
    put(header + table->body_at, (int64_t)body);
    return body;
}

static int write_bits(FILE *file, const uint8_t *values, uint64_t count) {
    for (uint64_t k = 0; k < count; k += 8) {
        unsigned byte = 0;
        for (uint64_t bit = 0; bit < 8 && k + bit < count; bit++) byte |= (unsigned)(values[k + bit] != 0) << bit;
        if (fputc((int)byte, file) == EOF) return RANVIER_NO_FILE;
    }
    return RANVIER_OK;
}

static int write_column(FILE *file, const ranvier_column *column, const uint8_t *values, uint64_t rows) {
    static const uint8_t padding[8];
    uint64_t bytes = stored_bytes(column, rows);
    if (column->is_bits) {
        if (write_bits(file, values, rows * column->width)) return RANVIER_NO_FILE;
    } else if (fwrite(values, 1, bytes, file) != bytes) {
        return RANVIER_NO_FILE;
    }
    uint64_t rest = ALIGNED(bytes) - bytes;
    return fwrite(padding, 1, rest, file) == rest ? RANVIER_OK : RANVIER_NO_FILE;
}

/* Writes the rows of a table to its file, and makes room for others; without a file they are lost. */
static int turn_over(ranvier_simulation *s, uint64_t number) {
    const ranvier_table *table = &s->network->tables[number];
    records *kept = &s->records[number];
    int64_t *control = numbers(s, table->control);
    uint64_t rows = (uint64_t)control[0];
    if (row_bytes(table) == 0 || rows == 0) return RANVIER_OK;
    control[0] = 0;
    if (!kept->file) return RANVIER_OK;
    uint8_t *header = malloc(table->batch_bytes);
    if (!header) return RANVIER_NO_MEMORY;
    memcpy(header, table->batch, table->batch_bytes);
    describe(table, header, rows);
    int status = fwrite(header, 1, table->batch_bytes, kept->file) == table->batch_bytes ? RANVIER_OK : RANVIER_NO_FILE;
    free(header);
    for (uint64_t k = 0; k < table->buffers_count && !status; k++) {
        int64_t column = table->buffers[k].column;
        if (column >= 0) status = write_column(kept->file, &table->columns[column], kept->buffers[column], rows);
    }
    return status;
}

static int end_file(ranvier_simulation *s, uint64_t number) {
    static const uint8_t end[8] = {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0};
    int status = turn_over(s, number);
    FILE *file = s->records[number].file;
    s->records[number].file = NULL;
    if (!file) return status;
    if (fwrite(end, 1, sizeof end, file) != sizeof end) status = RANVIER_NO_FILE;
    if (fclose(file)) status = RANVIER_NO_FILE;
    return status;
}

int ranvier_record_to(ranvier_simulation *s, const char *directory) {
    for (uint64_t k = 0; k < s->network->tables_count; k++) {
        const ranvier_table *table = &s->network->tables[k];
        if (row_bytes(table) == 0) continue;
        int status = end_file(s, k);
        if (status) return status;
        size_t length = strlen(directory) + strlen(table->name) + sizeof "/.arrows";
        char *path = malloc(length);
        if (!path) return RANVIER_NO_MEMORY;
        snprintf(path, length, "%s/%s.arrows", directory, table->name);
        FILE *file = s->records[k].file = fopen(path, "wb");
        free(path);
        if (!file) return RANVIER_NO_FILE;
        if (fwrite(table->schema, 1, table->schema_bytes, file) != table->schema_bytes) return RANVIER_NO_FILE;
    }
    return RANVIER_OK;
}

/* ---- arguments of the compiled code */

static void bind(ranvier_simulation *s) {
    for (uint64_t k = 0; k < s->network->slots_count; k++) {
        const ranvier_slot *slot = &s->network->slots[k];
        void *place = NULL;
        if (slot->kind == RANVIER_NUMBER) {
            s->slots[k] = slot->value;
            continue;
        }
        if (slot->kind == RANVIER_ARRAY) place = s->memory + slot->value;
        if (slot->kind == RANVIER_COLUMN) place = s->records[slot->value / 256].buffers[slot->value % 256];
        s->slots[k] = (uint64_t)(uintptr_t)place;
    }
}

void *ranvier_at(ranvier_simulation *s, uint64_t offset) { return s->memory + offset; }

void *ranvier_named(ranvier_simulation *s, const char *name) {
    for (uint64_t k = 0; k < s->network->arrays_count; k++)
        if (!strcmp(s->network->arrays[k].name, name)) return s->memory + s->network->arrays[k].offset;
    return NULL;
}

void *ranvier_constant(ranvier_simulation *s, uint64_t slot) { return &s->slots[slot]; }

/* ---- clocks */

/* The first step that does not begin before a time. */
static int64_t step_at(double time, double dt, double tolerance) {
    volatile double begins = rint(time / dt) * dt; /* rounded by itself */
    return (int64_t)(fabs(begins - time) <= tolerance ? rint(time / dt) : ceil(time / dt));
}

/* The number of the first of some times that is not before a time. */
static int64_t first_from(const double *times, uint64_t count, double time, double tolerance) {
    double near = fmax(tolerance, SAME_END * fabs(time));
    uint64_t k = 0;
    while (k < count && times[k] < time - near) k++;
    return (int64_t)k;
}

static void set_clocks(ranvier_simulation *s, double end) {
    const ranvier_network *network = s->network;
    double near = -1;
    for (uint64_t k = 0; k < network->clocks_count; k++) {
        double share = SAME_TIME * network->clocks[k].dt;
        if (!network->clocks[k].times_count && (near < 0 || share < near)) near = share;
    }
    if (near < 0) near = SAME_EVENT;
    for (uint64_t k = 0; k < network->clocks_count; k++) {
        const ranvier_clock *clock = &network->clocks[k];
        int64_t *control = numbers(s, clock->control);
        const double *times = (const double *)(void *)(s->memory + clock->times);
        for (int which = 0; which < 2; which++) {
            double time = which ? end : s->time;
            control[which] = clock->times_count ? first_from(times, clock->times_count - 1, time, near)
                                                : step_at(time, clock->dt, near);
        }
    }
}

/* ---- simulations */

static int read_arrays(ranvier_simulation *s, const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return RANVIER_NO_FILE;
    uint64_t bytes = s->network->memory_bytes;
    int is_whole = fread(s->memory, 1, bytes, file) == bytes && fgetc(file) == EOF;
    fclose(file);
    return is_whole ? RANVIER_OK : RANVIER_WRONG_FILE;
}

int ranvier_open(const ranvier_network *network, const char *arrays, ranvier_simulation **made) {
    ranvier_simulation *s = *made = calloc(1, sizeof *s);
    if (!s) return RANVIER_NO_MEMORY;
    s->network = network;
    s->time = network->start;
    s->allocated = malloc(network->memory_bytes + ALIGNMENT);
    s->slots = zeros(network->slots_count, sizeof *s->slots);
    s->records = zeros(network->tables_count, sizeof *s->records);
    int status = s->allocated && s->slots && s->records ? RANVIER_OK : RANVIER_NO_MEMORY;
    if (!status) {
        s->memory = s->allocated + (ALIGNMENT - (uintptr_t)s->allocated % ALIGNMENT) % ALIGNMENT;
        status = read_arrays(s, arrays);
    }
    if (!status) memcpy(&s->time, s->memory, sizeof s->time); /* the first array of a file is the time */
    for (uint64_t k = 0; k < network->tables_count && !status; k++) status = make_room(s, k);
    if (!status) {
        bind(s);
        return RANVIER_OK;
    }
    ranvier_close(s);
    *made = NULL;
    return status;
}

int ranvier_run(ranvier_simulation *s, double seconds) {
    if (!(seconds >= 0 && seconds <= 1e300)) return RANVIER_NO_TIME;
    int64_t *control = numbers(s, s->network->control);
    double end = s->time + seconds;
    set_clocks(s, end);
    for (;;) {
        control[0] = 0;
        control[1] = UNBOUNDED;
        int64_t found = s->network->entry(s->slots);
        if (found == OUT_OF_MEMORY) return RANVIER_NO_MEMORY;
        if (found == STOPPED) return RANVIER_GAVE_UP;
        if (found == FINISHED) break;
        for (uint64_t k = 0; k < s->network->tables_count; k++) {
            const ranvier_table *table = &s->network->tables[k];
            int64_t *rows = numbers(s, table->control);
            if (rows[1] - rows[0] >= (int64_t)table->most_rows) continue;
            int status = turn_over(s, k);
            if (status) return status;
        }
    }
    s->time = end;
    return RANVIER_OK;
}

double ranvier_time(const ranvier_simulation *s) { return s->time; }

int ranvier_save(ranvier_simulation *s, const char *path) {
    FILE *file = fopen(path, "wb");
    if (!file) return RANVIER_NO_FILE;
    memcpy(s->memory, &s->time, sizeof s->time);
    uint64_t bytes = s->network->memory_bytes;
    int is_whole = fwrite(s->memory, 1, bytes, file) == bytes;
    if (fclose(file)) is_whole = 0;
    return is_whole ? RANVIER_OK : RANVIER_NO_FILE;
}

int ranvier_close(ranvier_simulation *s) {
    int status = RANVIER_OK;
    if (!s) return status;
    for (uint64_t k = 0; s->records && k < s->network->tables_count; k++) {
        if (!s->records[k].buffers) continue;
        int ended = end_file(s, k);
        if (ended) status = ended;
        for (uint64_t column = 0; column < s->network->tables[k].columns_count; column++)
            free(s->records[k].buffers[column]);
        free(s->records[k].buffers);
    }
    free(s->records);
    free(s->slots);
    free(s->allocated);
    free(s);
    return status;
}

const char *ranvier_message(int status) {
    switch (status) {
    case RANVIER_OK: return "all is well";
    case RANVIER_NO_MEMORY: return "there is no memory";
    case RANVIER_NO_FILE: return "a file cannot be read or written";
    case RANVIER_WRONG_FILE: return "the file of arrays is not one of this network";
    case RANVIER_GAVE_UP: return "the integration of an element needed more steps than it may take (max_steps)";
    case RANVIER_NO_TIME: return "the time to run has to be a number of seconds, not negative";
    default: return "unknown";
    }
}
