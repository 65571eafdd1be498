// Opening and closing an isolate, and the order in which its library is built.
#include <stdlib.h>

#include "internal.h"

static int panic(lua_State *L) {
    (void)L;
    // Every call into Lua is protected, so that this is a defect of the shim; there is no state to go on with.
    abort();
}

static int build_library(lua_State *L) {
    mlua *m = lua_touserdata(L, 1);
    lua_settop(L, 0);
    hide_weak_mode(L);
    static const luaL_Reg libraries[] = {
        {LUA_GNAME, luaopen_base},        {LUA_STRLIBNAME, luaopen_string}, {LUA_TABLIBNAME, luaopen_table},
        {LUA_MATHLIBNAME, luaopen_math}, {LUA_UTF8LIBNAME, luaopen_utf8},   {NULL, NULL},
    };
    for (const luaL_Reg *library = libraries; library->func != NULL; library++) {
        luaL_requiref(L, library->name, library->func, 1);
        lua_pop(L, 1);
    }
    open_texts(L);
    lua_newtable(L);
    m->classes_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    open_errors(L);
    lua_newtable(L);
    open_sandbox(L);
    open_strings(L);
    open_tables(L);
    open_order(L);
    open_guard(L);
    open_coroutines(L);
    open_require(L);
    lua_getfield(L, -1, "math");
    open_random(L);
    lua_pop(L, 1);
    m->library_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_newtable(L);
    lua_pushcfunction(L, class_define);
    lua_setfield(L, -2, "class");
    m->host_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    open_environment(L);
    return 0;
}

mlua *mlua_open(const mlua_settings *settings) {
    mlua *m = calloc(1, sizeof *m);
    if (m == NULL) return NULL;
    m->settings = *settings;
    m->effect = -1;
    m->L = lua_newstate(counting_allocator, m);
    if (m->L == NULL) {
        arena_close(m);
        free(m);
        return NULL;
    }
    lua_atpanic(m->L, panic);
    *thread_word(m->L) = (uintptr_t)m;
    if (protected_call(m, build_library, m) != MLUA_RETURNED) {
        lua_close(m->L);
        arena_close(m);
        buffer_free(&m->output);
        free(m);
        return NULL;
    }
    pace_collector(m);
    watch(m);
    return m;
}

void mlua_close(mlua *m) {
    unwatch(m);
    // Scripts have no finalizers; what a torn out state still holds goes with its arena.
    if (!m->stuck) lua_close(m->L);
    arena_close(m);
    for (uint32_t i = 0; i < m->strand_count; i++) {
        buffer_free(&m->strands[i]->trace);
        buffer_free(&m->strands[i]->inner_trace);
        free(m->strands[i]);
    }
    for (uint32_t i = 0; i < m->run_count; i++) {
        buffer_free(&m->runs[i]->registrations);
        free(m->runs[i]);
    }
    free(m->strands);
    free(m->runs);
    free(m->chunks);
    free(m->kinds);
    buffer_free(&m->output);
    free(m);
}

typedef struct {
    mlua *m;
    mlua_bytes name;
    int32_t index;
} declaration;

static int declare(lua_State *L) {
    declaration *d = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, d->m->host_ref);
    lua_pushlstring(L, (const char *)d->name.start, d->name.length);
    push_host_function(L, d->index);
    lua_rawset(L, -3);
    return 0;
}

// How the garbage collector paces itself. Marking a small heap again and again costs more than its garbage, so that it may grow
// to four times its size first; near the cap every byte counts.
void pace_collector(mlua *m) {
    arena_pace(m);
    bool roomy = m->memory < m->settings.memory_limit / 16;
    if (m->paced && roomy == m->roomy) return;
    m->paced = true;
    m->roomy = roomy;
    if (roomy) {
        lua_gc(m->L, LUA_GCINC, 400, 400, 14);
    } else {
        lua_gc(m->L, LUA_GCINC, 200, 100, 13);
    }
}

int32_t mlua_declare(mlua *m, mlua_bytes name, int32_t kind) {
    int32_t *kinds = realloc(m->kinds, (size_t)(m->kind_count + 1) * sizeof *kinds);
    if (kinds == NULL) {
        encode_plain_error(m, "memory", "no memory for a host function", NULL);
        return MLUA_FAILED;
    }
    m->kinds = kinds;
    kinds[m->kind_count] = kind;
    declaration d = {m, name, m->kind_count++};
    return protected_call(m, declare, &d);
}

static int seal(lua_State *L) {
    mlua *m = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, m->library_ref);
    lock_tables(L);
    return 0;
}

int32_t mlua_seal(mlua *m) {
    if (m->sealed) return MLUA_RETURNED;
    m->sealed = true;
    return protected_call(m, seal, m);
}

mlua_bytes mlua_output(const mlua *m) { return (mlua_bytes){m->output.start, m->output.length}; }

uint32_t mlua_texts_kept(const mlua *m) { return m->texts_kept; }

size_t mlua_memory(const mlua *m) { return m->memory; }

int32_t mlua_is_stuck(const mlua *m) { return m->stuck; }

void mlua_collect(mlua *m) {
    // Scripts cannot set finalizers, so that a collection runs no code of theirs and raises nothing.
    if (m->stuck || m->strand != NULL) return;
    lua_gc(m->L, LUA_GCCOLLECT);
    arena_trim(m);
}
