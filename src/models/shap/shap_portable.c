/* Rows explained without any particular instruction set. */
#include "models/shap/shap_form.h"

#include <math.h>

#define SHAP_NAME(what) what##_portable
#define SHAP_TARGET

static void ranks(const struct vouch__shap *s, const double *row, uint8_t *bytes)
{
    double x[VOUCH__RANK_COLUMNS];
    uint32_t code[VOUCH__RANK_CATS];
    vouch__rank_values(&s->ranks, row, x);
    for (size_t c = 0; c < s->ranks.n_columns; c++) {
        uint8_t rank = vouch__rank_of(&s->ranks, c, x[c]);
        bytes[c] = rank; /* 0 when missing: no cut is less */
        bytes[s->ranks.stride + c] = isnan(x[c]) ? UINT8_MAX : rank;
    }
    vouch__rank_codes(&s->ranks, row, code);
    vouch__rank_sets(&s->ranks, code, bytes + 2 * s->ranks.stride);
}

static inline uint64_t decide(const struct vouch__shap *s, const uint8_t *bytes, size_t group)
{
    const uint16_t *place = s->place + group * VOUCH__SHAP_LANES;
    const uint8_t *rank = s->rank + group * VOUCH__SHAP_LANES;
    uint64_t right = 0;
    for (size_t lane = 0; lane < VOUCH__SHAP_LANES; lane++)
        right |= (uint64_t)(bytes[place[lane]] >= rank[lane]) << lane;
    return right;
}

static inline uint64_t pattern_of(uint64_t right, uint64_t mask)
{
    uint64_t pattern = 0;
    for (unsigned bit = 0; mask; bit++, mask &= mask - 1)
        pattern |= (right >> __builtin_ctzll(mask) & 1) << bit;
    return pattern;
}

#define SHAP_WIDTH 2
typedef double vouch__shap_v2 __attribute__((vector_size(16), may_alias));
#define SHAP_V vouch__shap_v2

static inline vouch__shap_v2 choose(unsigned lanes, vouch__shap_v2 is_set, vouch__shap_v2 is_not)
{
    return (vouch__shap_v2){ lanes & 1 ? is_set[0] : is_not[0], lanes & 2 ? is_set[1] : is_not[1] };
}

#include "models/shap/shap_kernel.h"
