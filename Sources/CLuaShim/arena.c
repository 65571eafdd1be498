// The memory of one isolate. Lua makes and drops small objects all the time, says the size of what it frees, and only one thread
// at a time does so: lists of free blocks by size serve that at a fraction of malloc's cost. And an isolate that was torn out of
// a stuck call can be freed although its Lua state is no longer consistent.
#include <stdlib.h>

#include "internal.h"

enum { SLAB_SIZE = 8192, SLAB_HEADER = 64, TRIM_SLACK = 1 << 20 };

struct free_block {
    free_block *next;
};

// Lies at the start of its slab, which is aligned to its size, so that a block finds it.
struct slab {
    slab *next;
    uint32_t carved;  // blocks that were ever handed out
    uint32_t free;    // those on a list; counted while trimming only
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

// Slabs that are nearly empty may hold more than scripts use; that, too, is bounded.
static bool may_reserve(const mlua *m, size_t size) {
    size_t limit = m->settings.memory_limit;
    return m->arena.reserved + size <= limit + limit / 2 + (1 << 20);
}

// The same once the slabs without a block in use went back.
static bool make_reservable(mlua *m, size_t size) {
    if (may_reserve(m, size)) return true;
    arena_trim(m);
    return may_reserve(m, size);
}

static slab *slab_of(void *block) { return (slab *)((uintptr_t)block & ~(uintptr_t)(SLAB_SIZE - 1)); }

static size_t size_of_class(uint32_t class) { return ((size_t)class + 1) * BLOCK_STEP; }
static uint32_t class_of(size_t size) { return (uint32_t)((size - 1) / BLOCK_STEP); }

// A block from the part of a slab that was never used, of a new slab when there is none.
static void *take_fresh(mlua *m, uint32_t class) {
    arena *a = &m->arena;
    size_t size = size_of_class(class);
    slab *s = a->fresh[class];
    if (s == NULL || SLAB_HEADER + (s->carved + 1) * size > SLAB_SIZE) {
        if (!a->must_succeed && !make_reservable(m, SLAB_SIZE)) return NULL;
        s = aligned_alloc(SLAB_SIZE, SLAB_SIZE);
        if (s == NULL) return NULL;
        a->reserved += SLAB_SIZE;
        *s = (slab){.next = a->slabs};
        a->slabs = a->fresh[class] = s;
    }
    return (char *)s + SLAB_HEADER + s->carved++ * size;
}

// Whether no block of the slab is in use. The one that blocks are still carved from stays.
static bool is_spare(const slab *s) { return s->free == s->carved; }

// Gives slabs without a block in use back to the system.
void arena_trim(mlua *m) {
    arena *a = &m->arena;
    sig_atomic_t before = m->in_allocator;
    m->in_allocator = 1;
    for (int class = 0; class < BLOCK_CLASSES; class++) {
        for (free_block *block = a->free[class]; block != NULL; block = block->next) slab_of(block)->free++;
    }
    for (int class = 0; class < BLOCK_CLASSES; class++) {
        if (a->fresh[class] != NULL) a->fresh[class]->free = 0;
        for (free_block **link = &a->free[class]; *link != NULL;) {
            if (is_spare(slab_of(*link))) {
                *link = (*link)->next;
            } else {
                link = &(*link)->next;
            }
        }
    }
    for (slab **link = &a->slabs; *link != NULL;) {
        slab *s = *link;
        if (s->carved > 0 && is_spare(s)) {
            *link = s->next;
            a->reserved -= SLAB_SIZE;
            free(s);
        } else {
            s->free = 0;
            link = &s->next;
        }
    }
    m->in_allocator = before;
    a->slack = a->reserved - m->memory;
}

// Trims when there is much to win: more than is in use, and twice what the last time had to leave.
void arena_pace(mlua *m) {
    size_t slack = m->arena.reserved - m->memory;
    if (slack > TRIM_SLACK + m->memory && slack > 2 * m->arena.slack) arena_trim(m);
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

static void *take(mlua *m, size_t size) {
    if (is_small(size)) {
        uint32_t class = class_of(size);
        free_block *block = m->arena.free[class];
        if (block == NULL) return take_fresh(m, class);
        m->arena.free[class] = block->next;
        return block;
    }
    size_t whole = size + sizeof(large_block);
    if (!make_reservable(m, whole)) return NULL;
    large_block *block = malloc(whole);
    if (block == NULL) return NULL;
    m->arena.reserved += whole;
    link_large(m, block);
    return block + 1;
}

static void give(mlua *m, void *pointer, size_t size) {
    if (is_small(size)) {
        free_block *block = pointer, **list = &m->arena.free[class_of(size)];
        block->next = *list;
        *list = block;
        return;
    }
    large_block *block = (large_block *)pointer - 1;
    unlink_large(m, block);
    m->arena.reserved -= size + sizeof *block;
    free(block);
}

static void *resize_large(mlua *m, void *pointer, size_t old_size, size_t new_size) {
    if (new_size > old_size && !make_reservable(m, new_size - old_size)) return NULL;
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

static void *move(mlua *m, void *pointer, size_t old_size, size_t new_size) {
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
    // A block is on the list of its size once it is free, so that it keeps its class all its life.
    return class_of(new_size) == class_of(old_size) ? pointer : move(m, pointer, old_size, new_size);
}

// Frees everything, also what Lua never gave back.
void arena_close(mlua *m) {
    while (m->arena.slabs != NULL) {
        slab *next = m->arena.slabs->next;
        free(m->arena.slabs);
        m->arena.slabs = next;
    }
    while (m->arena.large != NULL) {
        large_block *next = m->arena.large->next;
        free(m->arena.large);
        m->arena.large = next;
    }
    m->arena = (arena){0};
}

// What the lists of free blocks do not serve.
__attribute__((noinline)) static void *allocate(mlua *m, void *block, size_t old_size, size_t new_size) {
    if (new_size > old_size && m->memory + (new_size - old_size) > m->settings.memory_limit) {
        m->denied = true;
        return NULL;
    }
    // The signal handler tears a stuck slice out only while this flag is clear: malloc holds locks.
    m->in_allocator = 1;
    void *result = NULL;
    if (block == NULL) {
        result = take(m, new_size);
    } else if (new_size != 0) {
        result = resize(m, block, old_size, new_size);
    } else {
        give(m, block, old_size);
    }
    m->in_allocator = 0;
    if (result != NULL || new_size == 0) {
        m->memory += new_size - old_size;
    } else {
        m->denied = true;
    }
    return result;
}

// Lua's allocator: counts, and refuses past the policy's cap. Then Lua collects garbage, tries again, and raises.
// The two cases that nearly all calls are take a block from a list or put it back. A slice torn out in the middle of that
// loses a block of memory that goes with its isolate anyway.
void *counting_allocator(void *context, void *block, size_t old_size, size_t new_size) {
    mlua *m = context;
    if (block == NULL) {
        // For a new block Lua passes the kind of object in place of a size; a size of zero has no block.
        if (new_size == 0) return NULL;
        if (is_small(new_size) && m->memory + new_size <= m->settings.memory_limit) {
            free_block **list = &m->arena.free[class_of(new_size)], *found = *list;
            if (found != NULL) {
                *list = found->next;
                m->memory += new_size;
                return found;
            }
        }
        return allocate(m, NULL, 0, new_size);
    }
    if (new_size == 0 && is_small(old_size)) {
        give(m, block, old_size);
        m->memory -= old_size;
        return NULL;
    }
    return allocate(m, block, old_size, new_size);
}
