// require: modules are found by the host, parsed once for each hook file, and executed once in each run.
#include "internal.h"

// Pushes the run's table of loaded modules.
static void push_loaded(lua_State *L, run *r) {
    if (lua_rawgeti(L, LUA_REGISTRYINDEX, r->loaded_ref) == LUA_TTABLE) return;
    lua_pop(L, 1);
    lua_newtable(L);
    r->used = true;
    lua_pushvalue(L, -1);
    lua_rawseti(L, LUA_REGISTRYINDEX, r->loaded_ref);
}

// Asks the host for a module's source and parses it.
static void load_module(lua_State *L, int32_t chunk_number, const char *name, size_t length) {
    mlua *m = isolate_of(L);
    mlua_bytes result = {0};
    m->in_host = 1;
    int32_t status =
        m->settings.load(m->settings.context, chunk_number, (mlua_bytes){(const uint8_t *)name, length}, &result);
    m->in_host = 0;
    if (status == MLUA_MODULE_ERROR) raise_decoded(L, result);
    if (status == MLUA_MODULE_ABSENT) {
        raise_error(L, "not_found", lua_pushfstring(L, "there is no module '%s'", name), "look at the name given to require");
    }
    decode_values(L, result);
    mlua_bytes parts[2];
    for (int i = 0; i < 2; i++) {
        size_t size;
        parts[i].start = (const uint8_t *)lua_tolstring(L, i - 2, &size);
        parts[i].length = size;
    }
    if (load_source(L, parts[0], parts[1], "local _ENV = ...;") != LUA_OK) lua_error(L);
    lua_replace(L, -3);
    lua_pop(L, 1);
}

// Pushes the parsed module.
static void push_module(lua_State *L, run *r, const char *name, size_t length) {
    chunk *c = &isolate_of(L)->chunks[r->chunk];
    if (c->modules_ref == 0) {
        lua_newtable(L);
        c->modules_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, c->modules_ref);
    lua_pushlstring(L, name, length);
    if (lua_rawget(L, -2) == LUA_TNIL) {
        lua_pop(L, 1);
        load_module(L, r->chunk, name, length);
        lua_pushlstring(L, name, length);
        lua_pushvalue(L, -2);
        lua_rawset(L, -4);
    }
    lua_remove(L, -2);
}

static int module_done(lua_State *L, int status, lua_KContext context) {
    (void)context;
    run *r = isolate_of(L)->strand->run;
    r->loading--;
    if (status != LUA_OK && status != LUA_YIELD) {
        // The name is free again, so that a later require tries anew.
        lua_pushvalue(L, 1);
        lua_pushnil(L);
        lua_rawset(L, 2);
        return lua_error(L);
    }
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushboolean(L, 1);
    }
    lua_pushvalue(L, 1);
    lua_pushvalue(L, -2);
    lua_rawset(L, 2);
    return 1;
}

static int run_require(lua_State *L) {
    mlua *m = isolate_of(L);
    size_t length;
    const char *name = luaL_checklstring(L, 1, &length);
    if (m->strand == NULL) return raise_error(L, "wrong_state", "require outside of a run", NULL);
    run *r = m->strand->run;
    lua_settop(L, 1);
    push_loaded(L, r);
    lua_pushvalue(L, 1);
    int type = lua_rawget(L, 2);
    if (type == LUA_TLIGHTUSERDATA) {
        return raise_error(L, "script_error", lua_pushfstring(L, "the module '%s' requires itself", name), NULL);
    }
    if (type != LUA_TNIL) return 1;
    lua_pop(L, 1);
    push_module(L, r, name, length);
    // A mark while the module runs.
    lua_pushvalue(L, 1);
    lua_pushlightuserdata(L, &locked_key);
    lua_rawset(L, 2);
    lua_rawgeti(L, LUA_REGISTRYINDEX, r->environment_ref);
    r->loading++;
    lua_pushcfunction(L, module_trace_handler);
    lua_insert(L, 3);
    return module_done(L, lua_pcallk(L, 1, 1, 3, 0, module_done), 0);
}

void open_require(lua_State *L) {
    lua_pushcfunction(L, run_require);
    lua_setfield(L, -2, "require");
}
