// A growing run of bytes outside Lua's heap, so that reading it from Swift never meets Lua's errors.
#include <stdlib.h>

#include "internal.h"

bool buffer_reserve(mlua *m, buffer *b, size_t more) {
    if (b->capacity - b->length >= more) return true;
    if (more > m->settings.message_limit || b->length > m->settings.message_limit - more) return false;
    size_t capacity = b->capacity ? b->capacity : 256;
    while (capacity - b->length < more) capacity *= 2;
    m->in_allocator = 1;
    uint8_t *start = realloc(b->start, capacity);
    m->in_allocator = 0;
    if (start == NULL) return false;
    b->start = start;
    b->capacity = capacity;
    return true;
}

bool buffer_bytes(mlua *m, buffer *b, const void *bytes, size_t length) {
    if (!buffer_reserve(m, b, length)) return false;
    if (length) memcpy(b->start + b->length, bytes, length);
    b->length += length;
    return true;
}

bool buffer_string(mlua *m, buffer *b, const char *text, size_t length) {
    if (length > UINT32_MAX || !buffer_reserve(m, b, length + 5)) return false;
    uint32_t size = (uint32_t)length;
    uint8_t *end = b->start + b->length;
    end[0] = MLUA_STRING;
    memcpy(end + 1, &size, 4);
    memcpy(end + 5, text, length);
    b->length += length + 5;
    return true;
}

bool buffer_text(mlua *m, buffer *b, const char *text) { return buffer_bytes(m, b, text, strlen(text)); }

void buffer_free(buffer *b) {
    free(b->start);
    *b = (buffer){0};
}
