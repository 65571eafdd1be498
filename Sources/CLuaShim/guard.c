// pcall and xpcall that let no script catch the end of its budget, of its memory, or of its run.
#include "internal.h"

uint32_t fatal_count(mlua *m) { return m->strand ? m->strand->fatal : 0; }

// Makes the end of memory an error that stays one, whatever handlers on its way raise in its place.
static void note_memory_error(lua_State *L, mlua *m) {
    if (m->strand == NULL) return;
    m->strand->fatal++;
    lua_pushlightuserdata(L, &memory_mark);
    lua_rawseti(L, LUA_REGISTRYINDEX, m->strand->fatal_ref);
}

// After a protected call failed: raises again when the error must not be caught. `entered` is the strand's count of
// unwindings when the call began; a call begun before an unwinding has to end with it, one begun by a closing handler not.
void rethrow_fatal(lua_State *L, int status, uint32_t entered) {
    mlua *m = isolate_of(L);
    if (m->expired) {
        lua_pushlightuserdata(L, &expired_mark);
        lua_error(L);
    }
    if (is_memory_error(L, status)) note_memory_error(L, m);
    if (fatal_count(m) != entered) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, m->strand->fatal_ref);
        lua_error(L);
    }
}

// Forgets the call stacks that a caught error came through.
void forget_trace(lua_State *L) {
    mlua *m = isolate_of(L);
    if (m->strand == NULL) return;
    m->strand->inner_trace.length = 0;
    m->strand->trace_kept = false;
}

static int pcall_done(lua_State *L, int status, lua_KContext entered) {
    if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(L);
    rethrow_fatal(L, status, (uint32_t)entered);
    forget_trace(L);
    lua_pushboolean(L, 0);
    lua_pushvalue(L, -2);
    return 2;
}

static int guarded_pcall(lua_State *L) {
    luaL_checkany(L, 1);
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    lua_KContext entered = fatal_count(isolate_of(L));
    return pcall_done(L, lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, entered, pcall_done), entered);
}

// Calls the script's handler, but not for an error that it may not see: a handler that loops would start again at every kill.
static int guarded_handler(lua_State *L) {
    mlua *m = isolate_of(L);
    uint32_t entered = (uint32_t)lua_tointeger(L, lua_upvalueindex(2));
    if (m->expired || lua_islightuserdata(L, 1) || fatal_count(m) != entered) return 1;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 1, 1);
    return 1;
}

static int xpcall_done(lua_State *L, int status, lua_KContext entered) {
    if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(L) - 2;
    rethrow_fatal(L, status, (uint32_t)entered);
    forget_trace(L);
    lua_pushboolean(L, 0);
    lua_pushvalue(L, -2);
    return 2;
}

static int guarded_xpcall(lua_State *L) {
    int arguments = lua_gettop(L) - 2;
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_KContext entered = fatal_count(isolate_of(L));
    lua_pushvalue(L, 2);
    lua_pushinteger(L, entered);
    lua_pushcclosure(L, guarded_handler, 2);
    lua_replace(L, 2);
    lua_pushboolean(L, 1);
    lua_pushvalue(L, 1);
    lua_rotate(L, 3, 2);
    return xpcall_done(L, lua_pcallk(L, arguments, LUA_MULTRET, 2, entered, xpcall_done), entered);
}

void open_guard(lua_State *L) {
    lua_pushcfunction(L, guarded_pcall);
    lua_setfield(L, -2, "pcall");
    lua_pushcfunction(L, guarded_xpcall);
    lua_setfield(L, -2, "xpcall");
}
