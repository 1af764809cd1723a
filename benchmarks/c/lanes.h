/* Vectors of 64 bytes by the compiler's vector extension: portable, and single instructions where AVX-512 is. */
#ifndef LANES_H
#define LANES_H

#include "limit.h"
#ifdef __AVX512BW__
#include <immintrin.h>
#endif

#define LANES (64 / (int)sizeof(real))
typedef real Vec __attribute__((vector_size(64)));
typedef uint64_t Bits __attribute__((vector_size(64)));

/* Bit k tells whether v[k] is above a threshold, for 64 numbers. */
static inline uint64_t bits_above(const real *v, real threshold) {
    uint64_t bits = 0;
    for (int k = 0; k < 64; k += LANES) {
#ifdef __AVX512BW__
        Vec above = *(const Vec *)(v + k) - threshold;
        if (SINGLE) bits |= (uint64_t)_mm512_cmp_ps_mask((__m512)above, _mm512_setzero_ps(), _CMP_GT_OQ) << k;
        else bits |= (uint64_t)_mm512_cmp_pd_mask((__m512d)above, _mm512_setzero_pd(), _CMP_GT_OQ) << k;
#else
        for (int lane = k; lane < k + LANES; lane++) bits |= (uint64_t)(v[lane] > threshold) << lane;
#endif
    }
    return bits;
}

/* Adds three bits in each place: the sum, and what is carried. */
static inline Bits sum_of(Bits a, Bits b, Bits c) {
#ifdef __AVX512BW__
    return (Bits)_mm512_ternarylogic_epi64((__m512i)a, (__m512i)b, (__m512i)c, 0x96);
#else
    return a ^ b ^ c;
#endif
}
static inline Bits carry_of(Bits a, Bits b, Bits c) {
#ifdef __AVX512BW__
    return (Bits)_mm512_ternarylogic_epi64((__m512i)a, (__m512i)b, (__m512i)c, 0xe8);
#else
    return (a & b) | (c & (a ^ b));
#endif
}

/* counts[k] += what where bit k of a word is set, for 64 numbers. */
static inline void add_where(int16_t *counts, uint64_t word, int16_t what) {
#ifdef __AVX512BW__
    __m512i *parts = (__m512i *)counts, add = _mm512_set1_epi16(what);
    parts[0] = _mm512_mask_add_epi16(parts[0], (__mmask32)word, parts[0], add);
    parts[1] = _mm512_mask_add_epi16(parts[1], (__mmask32)(word >> 32), parts[1], add);
#else
    for (int k = 0; k < 64; k++) counts[k] = (int16_t)(counts[k] + (what & -(int16_t)((word >> k) & 1)));
#endif
}

#endif
