// The memory of one isolate. Lua makes and drops small objects all the time, says the size of what it frees, and only one thread
// at a time does so: slabs of equal blocks serve that at a fraction of malloc's cost. And an isolate that was torn out of a
// stuck call can be freed although its Lua state is no longer consistent.
#include <stdlib.h>

#include "internal.h"

enum { SLAB_SIZE = 8192, SLAB_HEADER = 64 };

typedef struct free_block {
    struct free_block *next;
} free_block;

// Lies at the start of its slab, which is aligned to its size, so that a block finds it.
struct slab {
    slab *next, *previous;
    free_block *free;
    uint32_t fresh;  // offset of the part never used
    uint16_t used;   // blocks in use
    uint16_t class;
};

// Lies before a block that is too large for a slab.
struct large_block {
    large_block *next, *previous;
};

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_OFF 1
#endif
#endif

static void link_slab(slab **list, slab *s) {
    s->previous = NULL;
    s->next = *list;
    if (s->next != NULL) s->next->previous = s;
    *list = s;
}

static void unlink_slab(slab **list, slab *s) {
    if (s->next != NULL) s->next->previous = s->previous;
    if (s->previous != NULL) {
        s->previous->next = s->next;
    } else {
        *list = s->next;
    }
}

// Slabs that are nearly empty may hold more than scripts use; that, too, is bounded.
static bool may_reserve(const mlua *m, size_t size) {
    size_t limit = m->settings.memory_limit;
    return m->arena.reserved + size <= limit + limit / 2 + (1 << 20);
}

static slab *slab_of(void *block) { return (slab *)((uintptr_t)block & ~(uintptr_t)(SLAB_SIZE - 1)); }

static slab *make_slab(mlua *m, uint16_t class) {
    if (!may_reserve(m, SLAB_SIZE) && !m->arena.must_succeed) return NULL;
    slab *s = aligned_alloc(SLAB_SIZE, SLAB_SIZE);
    if (s == NULL) return NULL;
    m->arena.reserved += SLAB_SIZE;
    *s = (slab){.fresh = SLAB_HEADER, .class = class};
    link_slab(&m->arena.partial[class], s);
    return s;
}

static inline void *take_small(mlua *m, uint16_t class) {
    slab *s = m->arena.partial[class];
    if (s == NULL && (s = make_slab(m, class)) == NULL) return NULL;
    uint32_t size = (uint32_t)(class + 1) * BLOCK_STEP;
    free_block *block = s->free;
    if (block != NULL) {
        s->free = block->next;
    } else {
        block = (free_block *)((char *)s + s->fresh);
        s->fresh += size;
    }
    s->used++;
    if (s->free == NULL && s->fresh + size > SLAB_SIZE) {
        unlink_slab(&m->arena.partial[class], s);
        link_slab(&m->arena.full, s);
    }
    return block;
}

static inline void give_small(mlua *m, void *pointer) {
    slab *s = slab_of(pointer);
    uint32_t size = (uint32_t)(s->class + 1) * BLOCK_STEP;
    bool was_full = s->free == NULL && s->fresh + size > SLAB_SIZE;
    free_block *block = pointer;
    block->next = s->free;
    s->free = block;
    s->used--;
    slab **list = &m->arena.partial[s->class];
    if (was_full) {
        unlink_slab(&m->arena.full, s);
        link_slab(list, s);
    }
    // The last slab of its size stays, so that one block made and dropped does not make and drop a slab.
    if (s->used == 0 && (s->next != NULL || s->previous != NULL)) {
        unlink_slab(list, s);
        m->arena.reserved -= SLAB_SIZE;
        free(s);
    }
}

static void link_large(mlua *m, large_block *block) {
    block->previous = NULL;
    block->next = m->arena.large;
    if (block->next != NULL) block->next->previous = block;
    m->arena.large = block;
}

static void unlink_large(mlua *m, large_block *block) {
    if (block->next != NULL) block->next->previous = block->previous;
    if (block->previous != NULL) {
        block->previous->next = block->next;
    } else {
        m->arena.large = block->next;
    }
}

static bool is_small(size_t size) {
#ifdef ARENA_OFF
    // The sanitizer sees each block only when malloc makes it.
    (void)size;
    return false;
#else
    return size <= BLOCK_LIMIT;
#endif
}

static uint16_t class_of(size_t size) { return (uint16_t)((size - 1) / BLOCK_STEP); }

__attribute__((always_inline)) static inline void *take(mlua *m, size_t size) {
    if (is_small(size)) return take_small(m, class_of(size));
    size_t whole = size + sizeof(large_block);
    if (!may_reserve(m, whole)) return NULL;
    large_block *block = malloc(whole);
    if (block == NULL) return NULL;
    m->arena.reserved += whole;
    link_large(m, block);
    return block + 1;
}

__attribute__((always_inline)) static inline void give(mlua *m, void *pointer, size_t size) {
    if (is_small(size)) {
        give_small(m, pointer);
        return;
    }
    large_block *block = (large_block *)pointer - 1;
    unlink_large(m, block);
    m->arena.reserved -= size + sizeof *block;
    free(block);
}

static void *resize_large(mlua *m, void *pointer, size_t old_size, size_t new_size) {
    if (new_size > old_size && !may_reserve(m, new_size - old_size)) return NULL;
    large_block *block = (large_block *)pointer - 1;
    unlink_large(m, block);
    large_block *resized = realloc(block, new_size + sizeof *block);
    if (resized == NULL) {
        link_large(m, block);
        return NULL;
    }
    m->arena.reserved += new_size - old_size;
    link_large(m, resized);
    return resized + 1;
}

__attribute__((noinline)) static void *move(mlua *m, void *pointer, size_t old_size, size_t new_size) {
    // Lua relies on it that making a block smaller never fails.
    m->arena.must_succeed = new_size < old_size;
    void *moved = take(m, new_size);
    m->arena.must_succeed = false;
    if (moved == NULL) return NULL;
    memcpy(moved, pointer, old_size < new_size ? old_size : new_size);
    give(m, pointer, old_size);
    return moved;
}

static void *resize(mlua *m, void *pointer, size_t old_size, size_t new_size) {
    bool small = is_small(old_size);
    if (small != is_small(new_size)) return move(m, pointer, old_size, new_size);
    if (!small) return resize_large(m, pointer, old_size, new_size);
    size_t room = (size_t)(slab_of(pointer)->class + 1) * BLOCK_STEP;
    return new_size <= room ? pointer : move(m, pointer, old_size, new_size);
}

static void free_slabs(slab *s) {
    while (s != NULL) {
        slab *next = s->next;
        free(s);
        s = next;
    }
}

// Frees everything, also what Lua never gave back.
void arena_close(mlua *m) {
    for (int class = 0; class < BLOCK_CLASSES; class++) free_slabs(m->arena.partial[class]);
    free_slabs(m->arena.full);
    while (m->arena.large != NULL) {
        large_block *next = m->arena.large->next;
        free(m->arena.large);
        m->arena.large = next;
    }
    m->arena = (arena){0};
}

static void *allocate(mlua *m, void *block, size_t old_size, size_t new_size) {
    if (block == NULL) return take(m, new_size);
    if (new_size != 0) return resize(m, block, old_size, new_size);
    give(m, block, old_size);
    return NULL;
}

// Lua's allocator: counts, and refuses past the policy's cap. Then Lua collects garbage, tries again, and raises.
void *counting_allocator(void *context, void *block, size_t old_size, size_t new_size) {
    mlua *m = context;
    // For a new block Lua passes the kind of object in place of a size; a size of zero has no block.
    if (block == NULL) {
        if (new_size == 0) return NULL;
        old_size = 0;
    }
    if (new_size > old_size && m->memory + (new_size - old_size) > m->settings.memory_limit) {
        m->denied = true;
        return NULL;
    }
    // The signal handler tears a stuck slice out only while this flag is clear: malloc holds locks.
    m->in_allocator = 1;
    void *result = allocate(m, block, old_size, new_size);
    m->in_allocator = 0;
    if (result != NULL || new_size == 0) {
        m->memory += new_size - old_size;
    } else {
        m->denied = true;
    }
    return result;
}
