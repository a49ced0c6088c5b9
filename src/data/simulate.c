/* Simulated loans as a CSV file: chunks of rows are made in parallel and written in order. */
#include "data/simulate.h"

#include "data/calendar.h"
#include "data/long_file.h"

#include "base/parallel.h"

#include <math.h>
#include <string.h>

enum { GRAIN = 4096, CHUNKS = 32 }; /* rows a chunk, chunks held at a time */

static const char header[] =
    "id,application_date,region,postal_area,employment_years,home_ownership,income,savings,purpose,loan_"
    "amount,"
    "term_months,debt_to_income,utilisation,open_accounts,inquiries_6m,delinquencies_2y,"
    "months_since_delinquency,history_months,service_calls,service_calls_at,sex,ethnicity,true_pd,"
    "defaulted\n";

typedef struct job {
    uint64_t seed;
    vouch__fault fault;
    size_t first, rows; /* first row of this round; rows of the file */
    vouch__buf text[CHUNKS];
} job;

static void put_number(vouch__buf *out, double x)
{
    if (!isnan(x))
        vouch__buf_double(out, x);
    vouch__buf_add(out, ",", 1);
}

static void put_text(vouch__buf *out, const char *text)
{
    vouch__buf_text(out, text);
    vouch__buf_add(out, ",", 1);
}

static void put_int(vouch__buf *out, int64_t x)
{
    vouch__buf_int(out, x);
    vouch__buf_add(out, ",", 1);
}

static void put_day(vouch__buf *out, int64_t day)
{
    vouch__day_text(out, day);
    vouch__buf_add(out, ",", 1);
}

static void put_loan(vouch__buf *out, const vouch__loan *loan)
{
    put_int(out, loan->id);
    put_day(out, loan->date);
    put_text(out, loan->region);
    vouch__buf_fmt(out, "Z%02d,", loan->postal_area);
    put_number(out, loan->employment_years);
    put_text(out, loan->home_ownership);
    put_number(out, loan->income);
    put_number(out, loan->savings);
    put_text(out, loan->purpose);
    put_number(out, loan->loan_amount);
    put_number(out, loan->term_months);
    vouch__buf_fixed(out, loan->debt_to_income, 3);
    vouch__buf_add(out, ",", 1);
    vouch__buf_fixed(out, loan->utilisation, 3);
    vouch__buf_add(out, ",", 1);
    put_number(out, loan->open_accounts);
    put_number(out, loan->inquiries_6m);
    put_number(out, loan->delinquencies_2y);
    put_number(out, loan->months_since_delinquency);
    put_number(out, loan->history_months);
    put_int(out, loan->service_calls);
    put_day(out, loan->service_calls_day);
    put_text(out, loan->sex);
    put_text(out, loan->ethnicity);
    vouch__buf_fixed(out, loan->true_pd, 6);
    vouch__buf_text(out, loan->defaulted ? ",1\n" : ",0\n");
}

static vouch_status make_rows(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    job *j = arg;
    vouch__buf *out = &j->text[chunk];
    vouch__buf_clear(out);
    for (size_t i = begin; i < end; i++) {
        vouch__loan loan;
        vouch__loan_make(j->seed, j->first + i, j->rows, j->fault, &loan);
        put_loan(out, &loan);
    }
    return vouch__buf_status(worker, out);
}

static vouch_status write_rows(vouch_ctx *ctx, job *j, vouch__long_file *file)
{
    const size_t round = (size_t)GRAIN * CHUNKS;
    for (j->first = 0; j->first < j->rows; j->first += round) {
        size_t n = j->rows - j->first < round ? j->rows - j->first : round;
        vouch_status status = vouch__parallel(ctx, n, GRAIN, make_rows, j);
        for (size_t c = 0; c < vouch__chunks(n, GRAIN) && !status; c++)
            status = vouch__long_file_add(ctx, file, j->text[c].at, j->text[c].len);
        if (!status)
            status = vouch__poll(ctx);
        if (status)
            return status;
        vouch__progress(ctx, "simulate", j->first + n, j->rows);
    }
    return VOUCH_OK;
}

static vouch_status read_fault(vouch_ctx *ctx, const char *word, vouch__fault *out)
{
    static const char *const name[] = { "none", "leak", "proxy", "drift" };
    if (!word)
        word = name[0];
    for (size_t i = 0; i < sizeof name / sizeof *name; i++)
        if (!strcmp(word, name[i])) {
            *out = (vouch__fault)i;
            return VOUCH_OK;
        }
    return vouch__fail(ctx, VOUCH_E_ARG, "simulate: fault is '%s', must be none, leak, proxy or drift", word);
}

vouch_status vouch_simulate_credit(vouch_ctx *ctx, size_t rows, uint64_t seed, const char *fault,
                                   const char *path)
{
    job j = { .seed = seed, .rows = rows };
    vouch__long_file file = { .fd = -1 };
    vouch_status status = read_fault(ctx, fault, &j.fault);
    if (status)
        return status;
    if (rows == 0 || rows > UINT32_MAX - 1)
        return vouch__fail(ctx, VOUCH_E_ARG, "simulate: rows is %zu, must be 1 to 4294967294", rows);
    for (size_t c = 0; c < CHUNKS; c++)
        vouch__buf_init(ctx, &j.text[c], 0);
    status = vouch__long_file_open(ctx, path, &file);
    if (!status)
        status = vouch__long_file_add(ctx, &file, header, sizeof header - 1);
    if (!status)
        status = write_rows(ctx, &j, &file);
    if (!status)
        status = vouch__long_file_end(ctx, &file);
    vouch__long_file_drop(&file);
    for (size_t c = 0; c < CHUNKS; c++)
        vouch__buf_free(&j.text[c]);
    return status;
}
