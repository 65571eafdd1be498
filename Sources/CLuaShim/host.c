// The trampolines: what a script calls when it calls Swift. Each turns Swift's status into a return, a raise or a yield,
// and does so after Swift returned.
#include "internal.h"

static int32_t function_index(lua_State *L) { return (int32_t)lua_tointeger(L, lua_upvalueindex(1)); }

static void refuse_expired(lua_State *L, mlua *m) {
    if (!m->expired) return;
    lua_pushlightuserdata(L, &expired_mark);
    lua_error(L);
}

static int host_function(lua_State *L) {
    mlua *m = isolate_of(L);
    refuse_expired(L, m);
    m->output.length = 0;
    encode_values(L, &m->output, 1, lua_gettop(L), FUNCTIONS_REFUSED);
    mlua_bytes arguments = {m->output.start, m->output.length}, result = {0};
    m->in_host = 1;
    int32_t status = m->settings.call(m->settings.context, function_index(L), m->strand ? handle_of(m->strand) : 0, arguments, &result);
    m->in_host = 0;
    if (status != 0) return raise_decoded(L, result);
    lua_settop(L, 0);
    return decode_values(L, result);
}

static int effect_answered(lua_State *L, int status, lua_KContext context) {
    (void)status, (void)context;
    mlua *m = isolate_of(L);
    *thread_word(L) &= ~(uintptr_t)1;
    lua_settop(L, 0);
    if (m->failure == 0) return decode_values(L, m->input);
    push_decoded_error(L, m->input);
    if (m->failure == 2) {
        m->strand->fatal++;
        lua_pushvalue(L, -1);
        lua_rawseti(L, LUA_REGISTRYINDEX, m->strand->fatal_ref);
    }
    return lua_error(L);
}

static int host_effect(lua_State *L) {
    mlua *m = isolate_of(L);
    refuse_expired(L, m);
    strand *s = m->strand;
    if (s == NULL) return raise_error(L, "wrong_state", "an effect outside of a run", NULL);
    if (s->run->loading > 0) {
        return raise_error(L, "top_level", "a file's top level registers and computes, it calls no effects",
                     "move the call into a handler");
    }
    if (!m->yieldable || !lua_isyieldable(L)) {
        return raise_error(L, "cannot_yield", "an effect cannot be called from inside this function",
                     "effects work nowhere inside table.sort, string.gsub or a metamethod that Lua calls from C: "
                     "collect first, act afterwards");
    }
    int32_t index = function_index(L);
    m->output.length = 0;
    buffer_bytes(m, &m->output, &index, 4);
    encode_values(L, &m->output, 1, lua_gettop(L), FUNCTIONS_KEPT);
    m->effect = index;
    *thread_word(L) |= 1;
    return lua_yieldk(L, 0, 0, effect_answered);
}

static int host_registration(lua_State *L) {
    mlua *m = isolate_of(L);
    run *r = m->strand ? m->strand->run : NULL;
    if (r == NULL || (r->loading == 0 && !(r->flags & MLUA_TOP_LEVEL_EFFECTS))) {
        return raise_error(L, "wrong_state", "a registration belongs at the top level of the file",
                     "move it out of the function: the file says once what it wants to be called for, and what it needs");
    }
    int top = lua_gettop(L);
    if (r->flags & MLUA_COLLECT) {
        int32_t index = function_index(L);
        if (!buffer_bytes(m, &r->registrations, &index, 4)) return luaL_error(L, "too many registrations");
        encode_values(L, &r->registrations, 1, top, FUNCTIONS_DIRECT);
        return 0;
    }
    for (int argument = 1; argument <= top; argument++) {
        if (lua_type(L, argument) == LUA_TFUNCTION) keep_function(L, r, argument);
    }
    return 0;
}

void push_host_function(lua_State *L, int32_t index) {
    static const lua_CFunction trampolines[] = {host_function, host_effect, host_registration};
    lua_pushinteger(L, index);
    lua_pushcclosure(L, trampolines[isolate_of(L)->kinds[index]], 1);
}
