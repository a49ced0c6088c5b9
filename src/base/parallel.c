/* Fork-join with kept threads.
 *
 * A job is a range of chunks handed out by a shared counter, in order: so when a chunk fails, every lower
 * chunk has been handed out already, and the lowest failure is known once all have finished. A job whose
 * chunks are to stay near the data they had before has a counter for each thread's share of them, and a
 * thread that has done its share helps with the next one's.
 *
 * Between jobs workers look for the next one for some 80 microseconds, about what waking up would take, and
 * then sleep on a condition variable. The caller works too and then waits for the workers that joined the
 * job; a worker that has not woken by then is not waited for, so an idle machine's slow wake-ups cost
 * nothing.
 *
 * After fork() the child has the pool's memory but not its threads: the pool remembers its process and is
 * forgotten there and made again. */
#include "base/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX_THREADS = 64, MESSAGE = 512, LOOKS = 6000 };

typedef struct share {
    _Alignas(64) atomic_size_t next; /* the chunk to hand out */
    size_t end;
} share;

typedef struct job {
    share share[MAX_THREADS + 1];
    size_t n_shares, n, grain;
    vouch__chunk_fn *fn;
    void *arg;
    atomic_bool stop;    /* a chunk has failed: hand out no more */
    size_t failed_chunk; /* guarded by pool.lock, like the two below */
    vouch_status status;
    char message[MESSAGE];
} job;

struct vouch__pool {
    vouch_alloc alloc;
    pid_t process;
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    job *job;           /* guarded by lock; NULL between jobs */
    atomic_uint round;  /* set under lock: counts jobs, so that a worker joins each at most once */
    atomic_uint busy;   /* set under lock: workers inside the job */
    bool is_ending;     /* guarded */
    unsigned n_threads; /* set before any thread could read it */
    pthread_t thread[MAX_THREADS];
    vouch_ctx *ctx[MAX_THREADS];
    struct start {
        vouch__pool *pool;
        unsigned index;
    } start[MAX_THREADS];
};

static void note_failure(pthread_mutex_t *lock, job *j, size_t chunk, vouch_status status,
                         const char *message)
{
    if (lock)
        (void)pthread_mutex_lock(lock);
    if (chunk < j->failed_chunk) {
        j->failed_chunk = chunk;
        j->status = status;
        (void)snprintf(j->message, sizeof j->message, "%s", message);
    }
    if (lock)
        (void)pthread_mutex_unlock(lock);
    atomic_store(&j->stop, true);
}

static inline void look_again(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void shares_make(job *j, size_t n_shares)
{
    size_t n_chunks = vouch__chunks(j->n, j->grain);
    j->n_shares = n_shares;
    for (size_t k = 0; k < n_shares; k++) {
        atomic_store(&j->share[k].next, n_chunks * k / n_shares);
        j->share[k].end = n_chunks * (k + 1) / n_shares;
    }
}

/* The next chunk for thread `me`: of its own share, then of the others'. SIZE_MAX: none. */
static size_t take(job *j, size_t me)
{
    for (size_t k = 0; k < j->n_shares; k++) {
        share *from = &j->share[(me + k) % j->n_shares];
        if (atomic_load(&from->next) >= from->end)
            continue;
        size_t chunk = atomic_fetch_add(&from->next, 1);
        if (chunk < from->end)
            return chunk;
    }
    return SIZE_MAX;
}

static void work(pthread_mutex_t *lock, job *j, vouch_ctx *ctx, size_t me)
{
    while (!atomic_load(&j->stop)) {
        size_t chunk = take(j, me);
        if (chunk == SIZE_MAX)
            break;
        size_t begin = chunk * j->grain;
        size_t end = j->n - begin > j->grain ? begin + j->grain : j->n;
        size_t mark = vouch__scratch_mark(ctx);
        vouch_status status = vouch__poll(ctx);
        if (!status)
            status = j->fn(ctx, chunk, begin, end, j->arg);
        vouch__scratch_reset(ctx, mark);
        if (status)
            note_failure(lock, j, chunk, status, vouch_ctx_error(ctx));
    }
}

static void *worker(void *arg)
{
    struct start *start = arg;
    vouch__pool *pool = start->pool;
    unsigned seen = 0;
    (void)pthread_mutex_lock(&pool->lock);
    for (;;) {
        if (!pool->is_ending && atomic_load(&pool->round) == seen) {
            (void)pthread_mutex_unlock(&pool->lock);
            for (int k = 0; k < LOOKS && atomic_load(&pool->round) == seen; k++)
                look_again();
            (void)pthread_mutex_lock(&pool->lock);
        }
        while (!pool->is_ending && (!pool->job || pool->round == seen))
            (void)pthread_cond_wait(&pool->wake, &pool->lock);
        if (pool->is_ending)
            break;
        job *j = pool->job;
        seen = pool->round;
        pool->busy++;
        (void)pthread_mutex_unlock(&pool->lock);
        work(&pool->lock, j, pool->ctx[start->index], start->index + 1);
        (void)pthread_mutex_lock(&pool->lock);
        if (atomic_fetch_sub(&pool->busy, 1) == 1)
            (void)pthread_cond_signal(&pool->done);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return NULL;
}

void vouch__pool_free(vouch__pool *pool)
{
    if (!pool)
        return;
    vouch_alloc alloc = pool->alloc;
    if (pool->process == getpid()) {
        (void)pthread_mutex_lock(&pool->lock);
        pool->is_ending = true;
        (void)pthread_cond_broadcast(&pool->wake);
        (void)pthread_mutex_unlock(&pool->lock);
        for (unsigned i = 0; i < pool->n_threads; i++)
            (void)pthread_join(pool->thread[i], NULL);
        (void)pthread_mutex_destroy(&pool->lock);
        (void)pthread_cond_destroy(&pool->wake);
        (void)pthread_cond_destroy(&pool->done);
    }
    for (unsigned i = 0; i < pool->n_threads; i++)
        vouch_ctx_free(pool->ctx[i]);
    vouch__free(&alloc, pool);
}

/* As many threads as start: the caller works too, so none is still correct. NULL when out of memory. */
static vouch__pool *pool_new(vouch_ctx *ctx)
{
    vouch__pool *pool = vouch__alloc(ctx, 1, sizeof *pool);
    unsigned want = vouch__threads(ctx) - 1;
    if (!pool)
        return NULL;
    pool->alloc = *vouch__allocator(ctx);
    pool->process = getpid();
    (void)pthread_mutex_init(&pool->lock, NULL);
    (void)pthread_cond_init(&pool->wake, NULL);
    (void)pthread_cond_init(&pool->done, NULL);
    if (want > MAX_THREADS)
        want = MAX_THREADS;
    (void)pthread_mutex_lock(&pool->lock);
    for (unsigned i = 0; i < want; i++) {
        pool->ctx[i] = vouch__ctx_worker(ctx);
        if (!pool->ctx[i])
            break;
        pool->start[i] = (struct start){ pool, i };
        if (pthread_create(&pool->thread[i], NULL, worker, &pool->start[i])) {
            vouch_ctx_free(pool->ctx[i]);
            pool->ctx[i] = NULL;
            break;
        }
        pool->n_threads = i + 1;
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return pool;
}

static void run_with_pool(vouch__pool *pool, job *j, vouch_ctx *ctx)
{
    (void)pthread_mutex_lock(&pool->lock);
    pool->job = j;
    pool->round++;
    (void)pthread_cond_broadcast(&pool->wake);
    (void)pthread_mutex_unlock(&pool->lock);
    work(&pool->lock, j, ctx, 0);
    (void)pthread_mutex_lock(&pool->lock);
    pool->job = NULL; /* whoever has not joined by now never will */
    if (atomic_load(&pool->busy)) {
        (void)pthread_mutex_unlock(&pool->lock);
        for (int k = 0; k < LOOKS && atomic_load(&pool->busy); k++)
            look_again();
        (void)pthread_mutex_lock(&pool->lock);
    }
    while (atomic_load(&pool->busy))
        (void)pthread_cond_wait(&pool->done, &pool->lock);
    (void)pthread_mutex_unlock(&pool->lock);
}

static vouch_status run(vouch_ctx *ctx, size_t n, size_t grain, vouch__chunk_fn *fn, void *arg, bool is_near)
{
    job j;
    j.n = n;
    j.grain = grain ? grain : 1;
    j.fn = fn;
    j.arg = arg;
    atomic_init(&j.stop, false);
    j.failed_chunk = SIZE_MAX;
    j.status = VOUCH_OK;
    j.message[0] = '\0';
    bool alone = vouch__threads(ctx) == 1 || vouch__ctx_is_worker(ctx) || vouch__chunks(n, j.grain) < 2;
    if (!alone) {
        vouch__pool **pool = vouch__ctx_pool(ctx);
        if (*pool && (*pool)->process != getpid()) {
            vouch__pool_free(*pool);
            *pool = NULL;
        }
        if (!*pool)
            *pool = pool_new(ctx);
        if (!*pool)
            return vouch__oom(ctx);
        if ((*pool)->job) { /* called from inside a chunk that runs on the caller's own thread */
            alone = true;
        } else {
            shares_make(&j, is_near ? (*pool)->n_threads + 1 : 1);
            run_with_pool(*pool, &j, ctx);
        }
    }
    if (alone) {
        shares_make(&j, 1);
        work(NULL, &j, ctx, 0);
    }
    return j.status ? vouch__fail(ctx, j.status, "%s", j.message) : VOUCH_OK;
}

vouch_status vouch__parallel(vouch_ctx *ctx, size_t n, size_t grain, vouch__chunk_fn *fn, void *arg)
{
    return run(ctx, n, grain, fn, arg, false);
}

vouch_status vouch__parallel_near(vouch_ctx *ctx, size_t n, size_t grain, vouch__chunk_fn *fn, void *arg)
{
    return run(ctx, n, grain, fn, arg, true);
}
