// The counting allocator: a policy's memory cap. A refusal makes Lua collect garbage, try again, and then raise.
#include <stdlib.h>

#include "internal.h"

void *counting_allocator(void *context, void *block, size_t old_size, size_t new_size) {
    mlua *m = context;
    // For a new block Lua passes the kind of object in place of a size.
    if (block == NULL) old_size = 0;
    if (new_size == 0) {
        m->in_allocator = 1;
        free(block);
        m->in_allocator = 0;
        m->memory -= old_size;
        return NULL;
    }
    if (new_size > old_size && m->memory + (new_size - old_size) > m->settings.memory_limit) {
        m->denied = true;
        return NULL;
    }
    // The signal handler tears a stuck slice out only while this flag is clear: malloc holds locks.
    m->in_allocator = 1;
    void *result = realloc(block, new_size);
    m->in_allocator = 0;
    if (result != NULL) m->memory += new_size - old_size;
    return result;
}
