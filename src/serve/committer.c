/* The committer: a queue in, a list out, a transaction in between.
 *
 * While one transaction is synced, requests gather; the next takes them all (up to a bound on rows). Nothing
 * of a request is touched by both threads at once: it is the loop's until pushed, the committer's until done.
 */
#include "serve/committer.h"

#include "base/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { MAX_GROUP = 512, MAX_ROWS = 20000 };

typedef struct list {
    vouch__pending *first, *last;
    size_t n;
} list;

struct vouch__committer {
    vouch_alloc alloc;
    vouch_ctx *ctx; /* the thread's */
    vouch_store *store;
    const vouch_key *key;
    size_t max_waiting;
    int fd;
    bool is_started;
    pthread_t thread;
    pthread_mutex_t lock; /* guards waiting, done and is_ending; nothing else is held with it */
    pthread_cond_t wake;
    list waiting, done;
    bool is_ending;
};

static void push(list *to, vouch__pending *p)
{
    p->next = NULL;
    if (to->last)
        to->last->next = p;
    else
        to->first = p;
    to->last = p;
    to->n++;
}

static vouch__pending *pop(list *from)
{
    vouch__pending *p = from->first;
    if (!p)
        return NULL;
    from->first = p->next;
    if (!from->first)
        from->last = NULL;
    from->n--;
    p->next = NULL;
    return p;
}

/* As many of those that wait as make one transaction. @locks lock is held */
static size_t take_group(list *waiting, vouch__pending *group[MAX_GROUP])
{
    size_t n = 0, rows = 0;
    while (n < MAX_GROUP && waiting->first && (n == 0 || rows + waiting->first->batch.n <= MAX_ROWS)) {
        rows += waiting->first->batch.n;
        group[n++] = pop(waiting);
    }
    return n;
}

static void commit(vouch__committer *c, vouch__pending *group[], size_t n)
{
    vouch__decision_batch batch[MAX_GROUP];
    vouch_status status[MAX_GROUP];
    for (size_t i = 0; i < n; i++)
        batch[i] = group[i]->batch;
    vouch_status failed = vouch__decisions_put(c->ctx, c->store, c->key, n, batch, status);
    for (size_t i = 0; i < n; i++) {
        group[i]->status = status[i];
        (void)snprintf(group[i]->message, sizeof group[i]->message, "%s",
                       failed ? vouch_ctx_error(c->ctx) : "");
    }
}

static void *run(void *arg)
{
    vouch__committer *c = arg;
    vouch__pending *group[MAX_GROUP];
    (void)pthread_mutex_lock(&c->lock);
    for (;;) {
        while (!c->is_ending && !c->waiting.first)
            (void)pthread_cond_wait(&c->wake, &c->lock);
        size_t n = take_group(&c->waiting, group);
        if (n == 0)
            break; /* ending, and nothing waits */
        (void)pthread_mutex_unlock(&c->lock);
        commit(c, group, n);
        (void)pthread_mutex_lock(&c->lock);
        for (size_t i = 0; i < n; i++)
            push(&c->done, group[i]);
        const uint64_t one = 1;
        ssize_t written = write(c->fd, &one, sizeof one); /* fails only when 2^64 - 2 are unread */
        (void)written;
    }
    (void)pthread_mutex_unlock(&c->lock);
    return NULL;
}

vouch_status vouch__committer_start(vouch_ctx *ctx, const char *url, const vouch_key *key, size_t max_waiting,
                                    vouch__committer **out_committer)
{
    vouch_status status = VOUCH_OK;
    vouch__committer *c = vouch__alloc(ctx, 1, sizeof *c);
    if (!c)
        return vouch__oom(ctx);
    c->alloc = *vouch__allocator(ctx);
    c->key = key;
    c->max_waiting = max_waiting;
    (void)pthread_mutex_init(&c->lock, NULL);
    (void)pthread_cond_init(&c->wake, NULL);
    c->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (c->fd < 0) {
        status = vouch__fail(ctx, VOUCH_E_IO, "serve: no event descriptor: %s", strerror(errno));
        goto done;
    }
    c->ctx = vouch__ctx_worker(ctx);
    if (!c->ctx) {
        status = vouch__oom(ctx);
        goto done;
    }
    status = vouch_store_open(c->ctx, url, 0, &c->store);
    if (status) {
        (void)vouch__fail(ctx, status, "%s", vouch_ctx_error(c->ctx));
        goto done;
    }
    int refused = pthread_create(&c->thread, NULL, run, c);
    if (refused) {
        status = vouch__fail(ctx, VOUCH_E_IO, "serve: no thread: %s", strerror(refused));
        goto done;
    }
    c->is_started = true;
    *out_committer = c;
    c = NULL;
done:
    vouch__committer_free(c);
    return status;
}

void vouch__committer_end(vouch__committer *c)
{
    if (!c->is_started)
        return;
    (void)pthread_mutex_lock(&c->lock);
    c->is_ending = true;
    (void)pthread_cond_signal(&c->wake);
    (void)pthread_mutex_unlock(&c->lock);
    (void)pthread_join(c->thread, NULL);
    c->is_started = false;
}

void vouch__committer_free(vouch__committer *c)
{
    if (!c)
        return;
    vouch_alloc alloc = c->alloc;
    vouch__committer_end(c);
    for (vouch__pending *p = pop(&c->done); p; p = pop(&c->done))
        vouch__pending_free(p);
    vouch_store_close(c->store);
    vouch_ctx_free(c->ctx);
    if (c->fd >= 0)
        (void)close(c->fd);
    (void)pthread_cond_destroy(&c->wake);
    (void)pthread_mutex_destroy(&c->lock);
    vouch__free(&alloc, c);
}

int vouch__committer_fd(const vouch__committer *c) { return c->fd; }

bool vouch__committer_push(vouch__committer *c, vouch__pending *pending)
{
    (void)pthread_mutex_lock(&c->lock);
    bool has_room = c->waiting.n < c->max_waiting;
    if (has_room) {
        push(&c->waiting, pending);
        (void)pthread_cond_signal(&c->wake);
    }
    (void)pthread_mutex_unlock(&c->lock);
    return has_room;
}

vouch__pending *vouch__committer_take(vouch__committer *c)
{
    uint64_t count;
    ssize_t got = read(c->fd, &count, sizeof count); /* EAGAIN: already read */
    (void)got;
    (void)pthread_mutex_lock(&c->lock);
    vouch__pending *first = c->done.first;
    c->done = (list){ .n = 0 };
    (void)pthread_mutex_unlock(&c->lock);
    return first;
}
