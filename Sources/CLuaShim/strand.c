// What a strand executes, inside its coroutine: the chunk's main function, then or instead a function of the run.
#include "internal.h"

static int failed(lua_State *L, int status) {
    mlua *m = isolate_of(L);
    strand *s = m->strand;
    s->outcome = MLUA_FAILED;
    if (!m->expired) {
        if (is_memory_error(L, status)) {
            lua_pushlightuserdata(L, &memory_mark);
        } else if (s->fatal != 0) {
            // Whatever a closing handler raised in its place, the run ended for the first reason.
            lua_rawgeti(L, LUA_REGISTRYINDEX, s->fatal_ref);
        }
    }
    encode_error(L, -1, true);
    return 0;
}

static int returned(lua_State *L) {
    mlua *m = isolate_of(L);
    m->output.length = 0;
    encode_values(L, &m->output, 2, lua_gettop(L), FUNCTIONS_NAMED);
    m->strand->outcome = MLUA_RETURNED;
    return 0;
}

static int call_done(lua_State *L, int status, lua_KContext context) {
    (void)context;
    return status == LUA_OK || status == LUA_YIELD ? returned(L) : failed(L, status);
}

static int call_function(lua_State *L) {
    mlua *m = isolate_of(L);
    strand *s = m->strand;
    run *r = s->run;
    bool found;
    if (r->wanted != 0) {
        found = lua_rawgeti(L, LUA_REGISTRYINDEX, r->handler_ref) == LUA_TFUNCTION;
        r->wanted = 0;
    } else {
        found = lua_rawgeti(L, LUA_REGISTRYINDEX, r->functions_ref) == LUA_TTABLE &&
                lua_rawgeti(L, -1, s->function) == LUA_TFUNCTION;
    }
    if (!found) return raise_error(L, "not_found", "this run has no such function", "the file registers less than it did before");
    if (lua_gettop(L) > 2) lua_remove(L, 2);
    s->function = 0;
    int arguments = decode_values(L, m->input);
    return call_done(L, lua_pcallk(L, arguments, LUA_MULTRET, 1, 0, call_done), 0);
}

static int main_done(lua_State *L, int status, lua_KContext context) {
    (void)context;
    strand *s = isolate_of(L)->strand;
    if (!(s->run->flags & MLUA_TOP_LEVEL_EFFECTS)) s->run->loading = 0;
    if (status != LUA_OK && status != LUA_YIELD) return failed(L, status);
    if (s->function == 0) return returned(L);
    lua_settop(L, 1);
    return call_function(L);
}

// The bottom function of every strand.
int strand_body(lua_State *L) {
    mlua *m = isolate_of(L);
    strand *s = m->strand;
    lua_pushcfunction(L, trace_handler);
    if (!s->main) return call_function(L);
    s->main = false;
    run *r = s->run;
    if (!(r->flags & MLUA_TOP_LEVEL_EFFECTS)) r->loading = 1;
    lua_insert(L, 1);  // over the chunk's function, which the starter put there
    if (lua_rawgeti(L, LUA_REGISTRYINDEX, r->environment_ref) != LUA_TTABLE) {
        lua_pop(L, 1);
        push_environment(L, m);
        lua_pushvalue(L, -1);
        lua_rawseti(L, LUA_REGISTRYINDEX, r->environment_ref);
    }
    return main_done(L, lua_pcallk(L, 1, LUA_MULTRET, 1, 0, main_done), 0);
}
