// The pools of runs and strands: both are kept with their coroutine and registry slots, so that a run costs one environment
// table and nothing else.
#include <stdlib.h>

#include "internal.h"

static int new_slot(lua_State *L) {
    lua_pushboolean(L, 0);
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

static void clear_slot(mlua *m, int ref) {
    lua_pushnil(m->L);
    lua_rawseti(m->L, LUA_REGISTRYINDEX, ref);
}

static void renew_thread(lua_State *L, strand *s) {
    s->L = lua_newthread(L);
    count_instructions(s->L);
    lua_rawseti(L, LUA_REGISTRYINDEX, s->thread_ref);
}

static int make_strand(lua_State *L) {
    strand *s = lua_touserdata(L, 1);
    s->thread_ref = new_slot(L);
    s->fatal_ref = new_slot(L);
    renew_thread(L, s);
    return 0;
}

static int make_run(lua_State *L) {
    run *r = lua_touserdata(L, 1);
    int *const refs[] = {&r->environment_ref, &r->handler_ref, &r->loaded_ref, &r->functions_ref, &r->identities_ref};
    for (int i = 0; i < 5; i++) *refs[i] = new_slot(L);
    return 0;
}

static int replace_thread(lua_State *L) {
    renew_thread(L, lua_touserdata(L, 1));
    return 0;
}

// Makes room for one more pointer and one more zeroed object.
static void *grow(void ***list, uint32_t *count, size_t size) {
    void **grown = realloc(*list, (*count + 1) * sizeof *grown);
    if (grown == NULL) return NULL;
    *list = grown;
    void *object = calloc(1, size);
    if (object != NULL) grown[(*count)++] = object;
    return object;
}

strand *strand_take(mlua *m, run *r) {
    strand *s = m->free_strand;
    if (s != NULL) {
        m->free_strand = s->next_free;
        if (s->L == NULL && protected_call(m, replace_thread, s) != MLUA_RETURNED) {
            s->next_free = m->free_strand;
            m->free_strand = s;
            return NULL;
        }
    } else {
        uint32_t index = m->strand_count;
        s = grow((void ***)&m->strands, &m->strand_count, sizeof *s);
        if (s == NULL) return NULL;
        s->index = index;
        if (protected_call(m, make_strand, s) != MLUA_RETURNED) {
            m->strand_count--;
            free(s);
            return NULL;
        }
    }
    s->generation++;
    if (s->generation == 0) s->generation = 1;
    s->state = STRAND_IDLE;
    s->kept = false;
    s->run = r;
    r->strands++;
    return s;
}

run *run_take(mlua *m) {
    run *r = m->free_run;
    if (r != NULL) {
        m->free_run = r->next_free;
    } else {
        uint32_t index = m->run_count;
        r = grow((void ***)&m->runs, &m->run_count, sizeof *r);
        if (r == NULL) return NULL;
        r->index = index;
        if (protected_call(m, make_run, r) != MLUA_RETURNED) {
            m->run_count--;
            free(r);
            return NULL;
        }
    }
    r->strands = r->loading = r->function_count = r->wanted = 0;
    r->next_identity = 0;
    r->used = false;
    r->registrations.length = 0;
    return r;
}

void run_drop(mlua *m, run *r) {
    clear_slot(m, r->environment_ref);
    clear_slot(m, r->handler_ref);
    if (r->used) {
        clear_slot(m, r->loaded_ref);
        clear_slot(m, r->functions_ref);
        clear_slot(m, r->identities_ref);
    }
    r->next_free = m->free_run;
    m->free_run = r;
}

// Gives a strand back. One that is still parked loses its coroutine: the garbage collector takes it without running more of it.
void strand_drop(mlua *m, strand *s) {
    run *r = s->run;
    if (s->state == STRAND_PARKED || lua_status(s->L) != LUA_OK) {
        clear_slot(m, s->thread_ref);
        s->L = NULL;
    } else {
        lua_settop(s->L, 0);
    }
    if (s->fatal != 0) clear_slot(m, s->fatal_ref);
    s->fatal = 0;
    s->state = STRAND_FREE;
    s->run = NULL;
    s->next_free = m->free_strand;
    m->free_strand = s;
    if (--r->strands == 0) run_drop(m, r);
}

uint64_t handle_of(const strand *s) { return (uint64_t)s->generation << 32 | s->index; }

strand *find_strand(mlua *m, uint64_t handle) {
    uint32_t index = (uint32_t)handle;
    if (index >= m->strand_count) return NULL;
    strand *s = m->strands[index];
    return s->state != STRAND_FREE && s->generation == handle >> 32 ? s : NULL;
}
