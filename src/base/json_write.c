/* The canonical writer: RFC 8785's layout with keys sorted by bytes, so the same tree is the same text on
 * every machine and in every locale. */
#include "base/json_doc.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Merge sort over pointers: stable, and O(n log n) whatever the order was. */
void vouch__json_sort(const vouch__json *object, const vouch__json **sorted, const vouch__json **room)
{
    size_t n = 0;
    for (const vouch__json *child = object->first; child; child = child->next)
        sorted[n++] = child;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t low = 0; low < n; low += 2 * width) {
            size_t mid = n - low > width ? low + width : n, end = n - mid > width ? mid + width : n;
            for (size_t i = low, j = mid, k = low; k < end; k++) {
                bool left = i < mid && (j >= end || strcmp(sorted[i]->key, sorted[j]->key) <= 0);
                room[k] = left ? sorted[i++] : sorted[j++];
            }
        }
        memcpy(sorted, room, n * sizeof *sorted);
    }
}

vouch_status vouch__json_no_repeats(vouch_ctx *ctx, const char *name, const vouch__json *object)
{
    char text[160];
    size_t mark = vouch__scratch_mark(ctx), n = object->len, i = 1;
    const vouch__json **sorted = vouch__scratch(ctx, 2 * n, sizeof *sorted);
    vouch_status status = VOUCH_OK;
    if (!sorted)
        return vouch__oom(ctx);
    vouch__json_sort(object, sorted, sorted + n);
    while (i < n && strcmp(sorted[i - 1]->key, sorted[i]->key) != 0)
        i++;
    if (i < n) {
        (void)snprintf(text, sizeof text, "key '%.100s' stands twice", sorted[i]->key);
        status = vouch__fail_at(ctx, VOUCH_E_FORMAT, name, sorted[i]->key_line, sorted[i]->key_column, text);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

static void write_string(vouch__buf *buf, const char *text, size_t len)
{
    static const char digit[] = "0123456789abcdef", letter[] = "btn\0fr"; /* \b to \r */
    size_t from = 0;
    vouch__buf_add(buf, "\"", 1);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        char escape[6] = { '\\', 'u', '0', '0', digit[c >> 4], digit[c & 15] };
        bool is_short = c >= 0x20 || (c >= 8 && c <= 13 && c != 11);
        if (is_short)
            escape[1] = c >= 0x20 ? (char)c : letter[c - 8];
        vouch__buf_add(buf, text + from, i - from);
        vouch__buf_add(buf, escape, is_short ? 2 : 6);
        from = i + 1;
    }
    vouch__buf_add(buf, text + from, len - from);
    vouch__buf_add(buf, "\"", 1);
}

static void write_number(vouch__buf *buf, double number)
{
    if (isnan(number))
        vouch__buf_text(buf, "null");
    else if (isinf(number))
        vouch__buf_text(buf, number > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    else
        vouch__buf_double(buf, number);
}

static void write_member(vouch__buf *buf, const vouch__json *member, bool is_first)
{
    if (!is_first)
        vouch__buf_add(buf, ",", 1);
    write_string(buf, member->key, strlen(member->key));
    vouch__buf_add(buf, ":", 1);
    vouch__json_write(buf, member);
}

static bool is_sorted(const vouch__json *object)
{
    for (const vouch__json *child = object->first; child && child->next; child = child->next)
        if (strcmp(child->key, child->next->key) >= 0)
            return false;
    return true;
}

static void write_object(vouch__buf *buf, const vouch__json *object)
{
    vouch__buf_add(buf, "{", 1);
    if (is_sorted(object)) {
        for (const vouch__json *child = object->first; child; child = child->next)
            write_member(buf, child, child == object->first);
    } else if (!buf->status) {
        const vouch__json **sorted = vouch__resize(&buf->alloc, NULL, object->len, 2 * sizeof *sorted);
        if (!sorted) {
            buf->status = VOUCH_E_NOMEM;
            return;
        }
        vouch__json_sort(object, sorted, sorted + object->len);
        for (size_t i = 0; i < object->len; i++)
            write_member(buf, sorted[i], i == 0);
        vouch__free(&buf->alloc, sorted);
    }
    vouch__buf_add(buf, "}", 1);
}

void vouch__json_write(vouch__buf *buf, const vouch__json *node)
{
    if (!node) {
        vouch__buf_text(buf, "null");
        return;
    }
    switch (node->type) {
    case VOUCH__JSON_NULL: vouch__buf_text(buf, "null"); break;
    case VOUCH__JSON_BOOL: vouch__buf_text(buf, node->flag ? "true" : "false"); break;
    case VOUCH__JSON_NUMBER: write_number(buf, node->number); break;
    case VOUCH__JSON_STRING: write_string(buf, node->text, node->len); break;
    case VOUCH__JSON_OBJECT: write_object(buf, node); break;
    case VOUCH__JSON_ARRAY:
        vouch__buf_add(buf, "[", 1);
        for (const vouch__json *child = node->first; child; child = child->next) {
            if (child != node->first)
                vouch__buf_add(buf, ",", 1);
            vouch__json_write(buf, child);
        }
        vouch__buf_add(buf, "]", 1);
    }
}
