/* Runs a network that `ranvier export` has written. C11, little-endian machines with 64-bit pointers. */

#ifndef RANVIER_H
#define RANVIER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what an exported network consists of: tables of constants, in NAME.c */

/* An array; `offset` is where it begins in the memory of a simulation, and in NAME.bin. */
typedef struct {
    const char *name, *unit;
    uint64_t offset, count, bytes;
} ranvier_array;

enum { RANVIER_NUMBER, RANVIER_ARRAY, RANVIER_COLUMN };

/* An argument of the compiled code: the bits of a number, an offset, or table * 256 + column. */
typedef struct {
    int kind;
    uint64_t value;
} ranvier_slot;

/* A clock: its counter [step, last step] and its step, or the times at which it ticks (`times_count` > 0). */
typedef struct {
    uint64_t control;
    double dt;
    uint64_t times, times_count;
} ranvier_clock;

/* A column of a table: bytes of a value, values in a row, and whether Arrow packs them into bits. */
typedef struct {
    uint64_t bytes, width;
    int is_bits;
} ranvier_column;

/* Where the numbers of a batch stand in its header: of rows or bytes, for which column (-1: an empty buffer). */
typedef struct {
    uint64_t position;
    int64_t column;
} ranvier_field;

/* What a monitor records. `schema` and `batch` are messages of Arrow's IPC format, made when this was exported. */
typedef struct {
    const char *name;
    uint64_t control, most_rows;
    const ranvier_column *columns;
    uint64_t columns_count;
    const uint8_t *schema, *batch;
    uint64_t schema_bytes, batch_bytes, rows_at, body_at;
    const ranvier_field *nodes, *buffers;
    uint64_t nodes_count, buffers_count;
} ranvier_table;

typedef struct {
    const char *name;
    int64_t (*entry)(uint64_t *slots);
    double start, duration;
    uint64_t memory_bytes, control;
    const ranvier_array *arrays;
    uint64_t arrays_count;
    const ranvier_slot *slots;
    uint64_t slots_count;
    const ranvier_clock *clocks;
    uint64_t clocks_count;
    const ranvier_table *tables;
    uint64_t tables_count;
} ranvier_network;

/* ---- running it */

typedef struct ranvier_simulation ranvier_simulation;

enum {
    RANVIER_OK = 0,
    RANVIER_NO_MEMORY = 1,  /* for arrays, records, or intermediate values */
    RANVIER_NO_FILE = 2,    /* a file cannot be read or written; `errno` may say why */
    RANVIER_WRONG_FILE = 3, /* a file of arrays has another size than those of this network */
    RANVIER_GAVE_UP = 4,    /* a method of integration needed more steps than it may take; the step was completed */
    RANVIER_NO_TIME = 5     /* the time to run is negative, or not a number */
};

/* Makes a simulation from a file of arrays: NAME.bin, or one that `ranvier_save` has written. */
int ranvier_open(const ranvier_network *network, const char *arrays, ranvier_simulation **made);

/* Writes what monitors record to DIRECTORY/<monitor>.arrows from now on; the directory has to exist. */
int ranvier_record_to(ranvier_simulation *simulation, const char *directory);

/* Goes on for so many seconds of simulated time. */
int ranvier_run(ranvier_simulation *simulation, double seconds);

/* The simulated time in seconds. */
double ranvier_time(const ranvier_simulation *simulation);

/* Writes all arrays to a file. `ranvier_open` takes it. */
int ranvier_save(ranvier_simulation *simulation, const char *path);

/* Completes the files of monitors, and frees the memory. Returns whether the files are complete. */
int ranvier_close(ranvier_simulation *simulation);

/* An array, by its place or by the name that NAME.c gives it (NULL: there is none). */
void *ranvier_at(ranvier_simulation *simulation, uint64_t offset);
void *ranvier_named(ranvier_simulation *simulation, const char *name);

/* A constant of the model, by the number of its slot: a double or an int64_t. */
void *ranvier_constant(ranvier_simulation *simulation, uint64_t slot);

/* What a status says. */
const char *ranvier_message(int status);

#ifdef __cplusplus
}
#endif

#endif
