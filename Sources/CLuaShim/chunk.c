// Parsed source. It is parsed once; its environment is a local that each execution gets as its argument, so that executions
// share nothing. The declaration stands on the source's first line, so that line numbers stay.
#include <stdlib.h>

#include "internal.h"

typedef struct {
    mlua_bytes pieces[2];
    int next;
} source_reader;

static const char *read_piece(lua_State *L, void *context, size_t *size) {
    (void)L;
    source_reader *r = context;
    while (r->next < 2) {
        mlua_bytes piece = r->pieces[r->next++];
        if (piece.length == 0) continue;
        *size = piece.length;
        return (const char *)piece.start;
    }
    return NULL;
}

// Skips a byte order mark and a line for the shell, but not its line end.
static mlua_bytes skip_preamble(mlua_bytes source) {
    if (source.length >= 3 && memcmp(source.start, "\xEF\xBB\xBF", 3) == 0) {
        source.start += 3;
        source.length -= 3;
    }
    if (source.length > 0 && source.start[0] == '#') {
        const uint8_t *end = memchr(source.start, '\n', source.length);
        size_t skipped = end ? (size_t)(end - source.start) : source.length;
        source.start += skipped;
        source.length -= skipped;
    }
    return source;
}

// Pushes the function, or the message when the status is not LUA_OK. Bytecode is never accepted.
int load_source(lua_State *L, mlua_bytes name, mlua_bytes source, const char *prefix) {
    source_reader r = {{{(const uint8_t *)prefix, strlen(prefix)}, skip_preamble(source)}, 0};
    bool internal = name.length > 0 && name.start[0] == '=';
    lua_pushstring(L, internal ? "" : "@");
    lua_pushlstring(L, (const char *)name.start, name.length);
    lua_concat(L, 2);
    int status = lua_load(L, read_piece, &r, lua_tostring(L, -1), "t");
    lua_remove(L, -2);
    if (status == LUA_OK) {
        // The outer environment, which the local hides, leads nowhere.
        lua_pushboolean(L, 0);
        if (lua_setupvalue(L, -2, 1) == NULL) lua_pop(L, 1);
    }
    return status;
}

static int encode_handler(lua_State *L) {
    encode_error(L, 1, true);
    return 1;
}

// Calls a C function with a pointer in protected mode, outside of any run. A failure is in the output.
int protected_call(mlua *m, lua_CFunction function, void *argument) {
    if (m->stuck) {
        encode_plain_error(m, "stuck", "the policy hung in C code and was given up", NULL);
        return MLUA_FAILED;
    }
    if (m->strand != NULL) {
        encode_plain_error(m, "wrong_state", "the isolate is executing a script", NULL);
        return MLUA_FAILED;
    }
    m->denied = false;
    int top = lua_gettop(m->L);
    lua_pushcfunction(m->L, encode_handler);
    lua_pushcfunction(m->L, function);
    lua_pushlightuserdata(m->L, argument);
    int status = lua_pcall(m->L, 1, 0, top + 1);
    if (status != LUA_OK) {
        bool memory = is_memory_error(m->L, status);
        if (memory) lua_pushlightuserdata(m->L, &memory_mark);
        // Otherwise the handler has encoded it, while that could still be done.
        if (memory || status != LUA_ERRRUN) encode_error(m->L, -1, false);
    }
    lua_settop(m->L, top);
    return status == LUA_OK ? MLUA_RETURNED : MLUA_FAILED;
}

typedef struct {
    mlua *m;
    mlua_bytes name, source;
    int ref;
} compilation;

static int compile(lua_State *L) {
    compilation *c = lua_touserdata(L, 1);
    if (load_source(L, c->name, c->source, "local _ENV = ...;") != LUA_OK) return lua_error(L);
    c->ref = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

static int32_t take_chunk(mlua *m) {
    for (int32_t i = 0; i < m->chunk_count; i++) {
        if (m->chunks[i].ref == 0) return i;
    }
    int32_t count = m->chunk_count ? m->chunk_count * 2 : 8;
    chunk *chunks = realloc(m->chunks, (size_t)count * sizeof *chunks);
    if (chunks == NULL) return -1;
    memset(chunks + m->chunk_count, 0, (size_t)(count - m->chunk_count) * sizeof *chunks);
    int32_t taken = m->chunk_count;
    m->chunks = chunks;
    m->chunk_count = count;
    return taken;
}

int32_t mlua_compile(mlua *m, mlua_bytes name, mlua_bytes source, int32_t *number) {
    compilation c = {m, name, source, 0};
    int32_t status = protected_call(m, compile, &c);
    if (status != MLUA_RETURNED) return status;
    *number = take_chunk(m);
    if (*number < 0) {
        luaL_unref(m->L, LUA_REGISTRYINDEX, c.ref);
        encode_plain_error(m, "memory", "no memory for another chunk", NULL);
        return MLUA_FAILED;
    }
    m->chunks[*number] = (chunk){c.ref, 0};
    return MLUA_RETURNED;
}

void mlua_release_chunk(mlua *m, int32_t number) {
    if (m->stuck || number < 0 || number >= m->chunk_count) return;
    chunk *c = &m->chunks[number];
    if (c->ref == 0) return;
    // The slots exist already, so that setting them allocates nothing.
    luaL_unref(m->L, LUA_REGISTRYINDEX, c->ref);
    if (c->modules_ref != 0) luaL_unref(m->L, LUA_REGISTRYINDEX, c->modules_ref);
    *c = (chunk){0};
}

static int run_prelude(lua_State *L) {
    compilation *c = lua_touserdata(L, 1);
    if (load_source(L, c->name, c->source, "local _ENV, host = ...;") != LUA_OK) return lua_error(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, c->m->library_ref);
    lua_rawgeti(L, LUA_REGISTRYINDEX, c->m->host_ref);
    lua_call(L, 2, 0);
    return 0;
}

int32_t mlua_prelude(mlua *m, mlua_bytes name, mlua_bytes source) {
    compilation c = {m, name, source, 0};
    return protected_call(m, run_prelude, &c);
}
