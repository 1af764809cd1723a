/* What the hand-written programs share: the number type, time, and the report.
 *
 * Each program is called as  PROGRAM CELLS STEPS  and prints one line of JSON. Compiled with -DREAL=float for single
 * precision. */
#ifndef LIMIT_H
#define LIMIT_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

#ifndef REAL
#define REAL double
#endif
typedef REAL real;
#define SINGLE (sizeof(real) == 4)

/* Cells are swept in blocks, so that the mask of a block is still in the first-level cache when it is scanned. */
enum { BLOCK = 1024 };

/* exp by reduction to [-ln 2/2, ln 2/2] and a polynomial (interpolated at Chebyshev's nodes: relative error 2e-17 and
 * 1e-8), inlined: calls of libmvec spill the registers of a loop that takes ten exponentials. No special values. */
static inline real real_exp(real x) {
    if (SINGLE) {
        float k = rintf((float)x * 1.44269504f), r = (float)x - k * 0.693147181f;
        float p = 0.0013926176f;
        p = 0.0083631731f + r * p;
        p = 0.0416665547f + r * p;
        p = 0.1666657703f + r * p;
        p = 0.5f + r * p;
        p = 1.0f + r * (1.0f + r * p);
        int32_t bits = ((int32_t)k + 127) << 23;
        float scale;
        memcpy(&scale, &bits, 4);
        return (real)(p * scale);
    }
    double k = rint((double)x * 1.4426950408889634), r = (double)x - k * 0.6931471805599453;
    double p = 2.5100375832561234e-08;
    p = 2.7620075879983367e-07 + r * p;
    p = 2.7557268480310024e-06 + r * p;
    p = 2.4801521322368692e-05 + r * p;
    p = 0.00019841269863040545 + r * p;
    p = 0.0013888888917196719 + r * p;
    p = 0.008333333333330065 + r * p;
    p = 0.041666666666624164 + r * p;
    p = 0.16666666666666669 + r * p;
    p = 0.5 + r * p;
    p = 1.0 + r * (1.0 + r * p);
    int64_t bits = ((int64_t)k + 1023) << 52;
    double scale;
    memcpy(&scale, &bits, 8);
    return (real)(p * scale);
}

/* (exp(x) - 1)/x for -2^doublings <= x <= 0: a polynomial on [-1, 0] (interpolated at Chebyshev's nodes: relative error
 * 2e-17 and 3e-9), then P(2y) = P(y)(1 + y P(y)/2). No division, no rounding to integers. With it a step of the
 * exponential Euler method, x + (a - b x)(1 - exp(-b dt))/b, is x + (a - b x) dt P(-b dt). */
static inline real exprel_of_negative(real x, const int doublings) {
    real y = x * (real)(1.0 / (1 << doublings)), p, half = y * (real)0.5;
    if (SINGLE) {
        p = (real)0.00012907631;
        p = (real)0.00130077496 + y * p;
        p = (real)0.00827550484 + y * p;
        p = (real)0.0416468493 + y * p;
        p = (real)0.166663403 + y * p;
        p = (real)0.499999797 + y * p;
    } else {
        p = (real)1.3221480811326931e-9;
        p = (real)2.3200975871202736e-8 + y * p;
        p = (real)2.7289403227036548e-7 + y * p;
        p = (real)2.7532311094970079e-6 + y * p;
        p = (real)2.4800032289946005e-5 + y * p;
        p = (real)0.00019841205023179591 + y * p;
        p = (real)0.0013888887104824002 + y * p;
        p = (real)0.0083333333021387626 + y * p;
        p = (real)0.041666666663443572 + y * p;
        p = (real)0.16666666666649441 + y * p;
        p = (real)0.49999999999999639 + y * p;
    }
    p = (real)1 + y * p;
    for (int k = 0; k < doublings; k++) {
        p += (half * p) * p;
        half += half;
    }
    return p;
}

/* log of a normal number: exponent and mantissa m in [1/sqrt 2, sqrt 2), then 2 artanh((m - 1)/(m + 1)), inlined. */
static inline real real_log(real x) {
    if (SINGLE) {
        int32_t bits, k;
        float m = (float)x;
        memcpy(&bits, &m, 4);
        k = (bits - 0x3f3504f3) >> 23;
        bits -= (int32_t)((uint32_t)k << 23);
        memcpy(&m, &bits, 4);
        float s = (m - 1.0f) / (m + 1.0f), q = s * s;
        float p = 2.0f / 9;
        p = 2.0f / 7 + q * p;
        p = 2.0f / 5 + q * p;
        p = 2.0f / 3 + q * p;
        return (real)((float)k * 0.693147181f + (2.0f * s + s * q * p));
    }
    int64_t bits, k;
    double m = (double)x;
    memcpy(&bits, &m, 8);
    k = (bits - 0x3fe6a09e667f3bcdll) >> 52;
    bits -= (int64_t)((uint64_t)k << 52);
    memcpy(&m, &bits, 8);
    double s = (m - 1.0) / (m + 1.0), q = s * s;
    double p = 2.0 / 19;
    p = 2.0 / 17 + q * p;
    p = 2.0 / 15 + q * p;
    p = 2.0 / 13 + q * p;
    p = 2.0 / 11 + q * p;
    p = 2.0 / 9 + q * p;
    p = 2.0 / 7 + q * p;
    p = 2.0 / 5 + q * p;
    p = 2.0 / 3 + q * p;
    return (real)((double)k * 0.6931471805599453 + (2.0 * s + s * q * p));
}
static inline real real_sqrt(real x) { return SINGLE ? (real)sqrtf((float)x) : (real)sqrt((double)x); }

/* Zeroed memory; in large pages where it is large, since rows of synapses are reached at random. */
static void *array_of(size_t count, size_t size) {
    size_t page = (size_t)1 << 21, bytes = count * size, unit = bytes < page ? 64 : page;
    bytes = (bytes + unit) / unit * unit;
    void *memory = aligned_alloc(unit, bytes);
    if (!memory) exit(1);
#ifdef MADV_HUGEPAGE
    if (unit == page) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
    memset(memory, 0, count * size);
    return memory;
}

static double cpu_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Appends the indices of the set bytes of a mask to `list`; most words of eight bytes are empty. */
static inline size_t append_set(const uint8_t *mask, size_t count, uint32_t first, uint32_t *list, size_t length) {
    for (size_t k = 0; k < count; k += 8) {
        uint64_t word;
        memcpy(&word, mask + k, 8);
        while (word) {
            unsigned byte = (unsigned)__builtin_ctzll(word) / 8;
            list[length++] = first + (uint32_t)(k + byte);
            word &= ~(0xffull << (8 * byte));
        }
    }
    return length;
}

/* Appends the cells above a threshold. Sweeps that freeze refractory cells below the threshold need no mask: they keep
 * the highest of CHUNK cells. (A mask of bytes in the sweep would make the compiler unroll it beyond its registers.) */
enum { CHUNK = 256 };
static inline size_t append_above(const real *v, size_t count, real threshold, uint32_t first, uint32_t *list,
                                  size_t length) {
    uint8_t mask[CHUNK] __attribute__((aligned(64)));
    for (size_t k = 0; k < count; k++) mask[k] = v[k] > threshold;
    return append_set(mask, count, first, list, length);
}

/* The most memory the process has held, from the kernel's page about it. */
static double peak_megabytes(void) {
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    long kilobytes = 0;
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "VmHWM: %ld", &kilobytes) == 1) break;
    if (status) fclose(status);
    return (double)kilobytes / 1024;
}

/* How many synapses there are, and the time that making them took. */
static unsigned long long synapses;
static double connect_cpu;

static void report(double cpu, long steps, unsigned long long spikes, double mean) {
    printf("{\"cpu\": %.9g, \"simulated\": %.9g, \"spikes\": %llu, \"mean\": %.17g, \"peak_mb\": %.6g, ", cpu,
           (double)steps * 1e-4, spikes, mean, peak_megabytes());
    printf("\"synapses\": %llu, \"connect_cpu\": %.9g}\n", synapses, connect_cpu);
}

#endif
