/* Which path scores a row: the best that the processor has, or the one a test asks for. */
#include "models/engine/engine_form.h"

#include <string.h>

#if defined(__x86_64__)
static bool processor_has(vouch__engine_path path)
{
    __builtin_cpu_init();
    switch (path) {
    case VOUCH__ENGINE_AVX2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
    case VOUCH__ENGINE_AVX512BW:
        return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("popcnt");
    case VOUCH__ENGINE_AVX512VBMI:
        return processor_has(VOUCH__ENGINE_AVX512BW) && __builtin_cpu_supports("avx512vbmi") &&
               __builtin_cpu_supports("bmi2");
    default: return true;
    }
}
#else
static bool processor_has(vouch__engine_path path) { return path == VOUCH__ENGINE_PORTABLE; }
#endif

bool vouch__engine_use(vouch__engine *engine, vouch__engine_path path)
{
    if (!processor_has(path))
        return false;
    engine->path = path;
    return true;
}

vouch__engine_path vouch__engine_path_of(const vouch__engine *engine) { return engine->path; }

const char *vouch__engine_path_name(vouch__engine_path path)
{
    static const char *const name[VOUCH__ENGINE_PATHS] = { "portable", "avx2", "avx512bw", "avx512vbmi" };
    return name[path];
}

void vouch__engine_forms(const vouch__engine *engine, size_t out_trees[4])
{
    memset(out_trees, 0, 4 * sizeof *out_trees);
    if (engine->is_defined)
        out_trees[0] = engine->n_trees;
    for (size_t r = 0; !engine->is_defined && r < engine->n_runs; r++) {
        const vouch__run *run = &engine->run[r];
        size_t first = (size_t)run->first * VOUCH__PACK, last = ((size_t)run->first + run->n) * VOUCH__PACK;
        out_trees[1 + run->form] += (last < engine->n_trees ? last : engine->n_trees) - first;
    }
}

void vouch__engine_row(const vouch__engine *engine, const double *row, double *raw)
{
    memcpy(raw, engine->start, engine->n_outputs * sizeof *raw);
    if (engine->is_defined) {
        vouch__engine_row_defined(engine, row, raw);
        return;
    }
    switch (engine->path) {
#if defined(__x86_64__)
    case VOUCH__ENGINE_AVX2: vouch__engine_row_avx2(engine, row, raw); return;
    case VOUCH__ENGINE_AVX512BW: vouch__engine_row_avx512bw(engine, row, raw); return;
    case VOUCH__ENGINE_AVX512VBMI: vouch__engine_row_avx512vbmi(engine, row, raw); return;
#endif
    default: vouch__engine_row_portable(engine, row, raw);
    }
}

void vouch__engine_rows(const vouch__engine *engine, size_t n, const double *rows, double *raw)
{
    size_t done = 0;
#if defined(__x86_64__)
    if (!engine->is_defined && engine->path == VOUCH__ENGINE_AVX512VBMI)
        done = vouch__engine_batch(engine, n, rows, raw);
#endif
    for (size_t i = done; i < n; i++)
        vouch__engine_row(engine, rows + i * engine->trees->n_inputs, raw + i * engine->n_outputs);
}
