/* Normals as a function of (key, step, cell): Philox4x32-10, then Box-Muller with both outputs. The angle is drawn as a
 * quarter turn (two bits) and a rest within +-pi/4, for which short polynomials give sine and cosine. */
#ifndef NORMALS_H
#define NORMALS_H

#include "limit.h"

enum { NORMALS = BLOCK, CALLS = SINGLE ? BLOCK / 4 : BLOCK / 2 };

/* Philox4x32-10 of Salmon et al. (2011); each 32-bit word in a 64-bit lane, where the product is one instruction. */
static inline void philox(uint64_t *a, uint64_t *b, uint64_t *c, uint64_t *d, uint32_t key0, uint32_t key1) {
    uint64_t x0 = *a, x1 = *b, x2 = *c, x3 = *d;
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = x0 * 0xD2511F53ull, p1 = x2 * 0xCD9E8D57ull;
        uint64_t n0 = (p1 >> 32) ^ x1 ^ key0, n2 = (p0 >> 32) ^ x3 ^ key1;
        x1 = p1 & 0xffffffffull;
        x3 = p0 & 0xffffffffull;
        x0 = n0;
        x2 = n2;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    *a = x0, *b = x1, *c = x2, *d = x3;
}

/* Two normals from a uniform in (0, 1], an angle in [-pi/4, pi/4] and two random bits. */
static inline void box_muller(real uniform, real angle, uint32_t quarter, real *first, real *second) {
    real radius = real_sqrt((real)-2 * real_log(uniform)), q = angle * angle, s, c;
    if (SINGLE) {
        s = angle * ((real)1 + q * ((real)(-1.0 / 6) + q * ((real)(1.0 / 120) + q * (real)(-1.0 / 5040))));
        c = (real)1 + q * ((real)-0.5 + q * ((real)(1.0 / 24) + q * ((real)(-1.0 / 720) + q * (real)(1.0 / 40320))));
    } else {
        s = (real)(-1.0 / 1307674368000.0);
        s = (real)(1.0 / 6227020800.0) + q * s;
        s = (real)(-1.0 / 39916800.0) + q * s;
        s = (real)(1.0 / 362880.0) + q * s;
        s = (real)(-1.0 / 5040.0) + q * s;
        s = (real)(1.0 / 120.0) + q * s;
        s = (real)(-1.0 / 6.0) + q * s;
        s = angle + angle * q * s;
        c = (real)(1.0 / 20922789888000.0);
        c = (real)(-1.0 / 87178291200.0) + q * c;
        c = (real)(1.0 / 479001600.0) + q * c;
        c = (real)(-1.0 / 3628800.0) + q * c;
        c = (real)(1.0 / 40320.0) + q * c;
        c = (real)(-1.0 / 720.0) + q * c;
        c = (real)(1.0 / 24.0) + q * c;
        c = (real)1 + q * ((real)-0.5 + q * c);
    }
    real x = (quarter & 1) ? s : c, y = (quarter & 1) ? c : s;
    *first = radius * ((quarter & 2) ? -x : x);
    *second = radius * (((quarter + 1) & 2) ? -y : y);
}

static inline void normals(real *restrict out, uint32_t step, uint32_t first, uint32_t key) {
    for (uint32_t k = 0; k < CALLS; k++) {
        uint64_t a = first + k, b = step, c = 0, d = 0;
        philox(&a, &b, &c, &d, key, 0x5eed);
        if (SINGLE) {
            const real unit = (real)(1.0 / 4294967296.0), turn = (real)(0.7853981633974483 / 1073741824.0);
            real u = (real)((double)a + 0.5) * unit, w = (real)((double)b + 0.5) * unit;
            u = u > (real)0 ? u : unit;
            real x = (real)(int32_t)((uint32_t)(c & 0x3fffffff) * 2u - 0x3fffffffu) * turn;
            real y = (real)(int32_t)((uint32_t)(d & 0x3fffffff) * 2u - 0x3fffffffu) * turn;
            box_muller(u, x, (uint32_t)(c >> 30), out + k, out + k + CALLS);
            box_muller(w, y, (uint32_t)(d >> 30), out + k + 2 * CALLS, out + k + 3 * CALLS);
        } else {
            uint64_t bits = (a << 20) ^ (b >> 12), angle = (c << 20) ^ (d >> 12);
            real u = (real)(((double)bits + 0.5) * 0x1p-52);
            real x = (real)(((double)angle + 0.5) * 0x1p-52 * 1.5707963267948966 - 0.7853981633974483);
            box_muller(u, x, (uint32_t)(d & 3), out + k, out + k + CALLS);
        }
    }
}

#endif
