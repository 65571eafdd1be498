// The coroutine library of scripts. An effect called inside a script's coroutine parks the whole strand: the yield passes
// through resume or wrap down to Swift, and the answer comes back up the same way.
#include "internal.h"

enum { STEP_FAILED = -1, STEP_AWAITS = -2 };

static int body_done(lua_State *L, int status, lua_KContext context) {
    (void)context;
    if (status != LUA_OK && status != LUA_YIELD) return lua_error(L);
    return lua_gettop(L) - 1;
}

// Runs the script's function under a protected call, so that its closing handlers run at an error, and may call effects.
static int body(lua_State *L) {
    int arguments = lua_gettop(L);
    lua_pushcfunction(L, inner_trace_handler);
    lua_insert(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 2);
    return body_done(L, lua_pcallk(L, arguments, LUA_MULTRET, 1, 0, body_done), 0);
}

static int coroutine_create(lua_State *L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_State *co = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, body, 1);
    lua_xmove(L, co, 1);
    count_instructions(co);
    return 1;
}

static lua_State *check_coroutine(lua_State *L) {
    lua_State *co = lua_tothread(L, 1);
    luaL_argexpected(L, co, 1, "coroutine");
    return co;
}

static bool awaits(lua_State *co) { return *thread_word(co) & 1; }

// Resumes `co` with the top values of L. Returns how many values came back, STEP_FAILED with the error on top,
// or STEP_AWAITS when L has to yield as well.
static int step(lua_State *L, lua_State *co, int arguments, uint32_t entered) {
    mlua *m = isolate_of(L);
    if (!lua_checkstack(co, arguments + 2)) {
        lua_pushliteral(L, "too many arguments to resume");
        return STEP_FAILED;
    }
    lua_xmove(L, co, arguments);
    bool yieldable = m->yieldable;
    lua_State *current = m->current;
    m->yieldable = yieldable && lua_isyieldable(L);
    m->current = co;
    int results;
    int status = lua_resume(co, L, arguments, &results);
    m->current = current;
    m->yieldable = yieldable;
    if (status == LUA_YIELD && m->effect >= 0) return STEP_AWAITS;
    if (status == LUA_OK || status == LUA_YIELD) {
        check_stack(L, results + 2);
        lua_xmove(co, L, results);
        return results;
    }
    lua_xmove(co, L, 1);
    rethrow_fatal(L, status, entered);
    return STEP_FAILED;
}

static int await(lua_State *L, uint32_t entered, lua_KFunction continuation) {
    *thread_word(L) |= 1;
    return lua_yieldk(L, 0, (lua_KContext)entered, continuation);
}

static bool refuse_awaiting(lua_State *L, lua_State *co) {
    if (!awaits(co)) return false;
    lua_pushliteral(L, "cannot resume a coroutine that awaits an effect");
    return true;
}

static int resume_continued(lua_State *L, int status, lua_KContext entered);

static int resume_result(lua_State *L, int results, uint32_t entered) {
    if (results == STEP_AWAITS) return await(L, entered, resume_continued);
    if (results == STEP_FAILED) {
        forget_trace(L);
        lua_pushboolean(L, 0);
        lua_insert(L, -2);
        return 2;
    }
    lua_pushboolean(L, 1);
    lua_insert(L, -(results + 1));
    return results + 1;
}

static int resume_continued(lua_State *L, int status, lua_KContext entered) {
    (void)status;
    *thread_word(L) &= ~(uintptr_t)1;
    return resume_result(L, step(L, lua_tothread(L, 1), 0, (uint32_t)entered), (uint32_t)entered);
}

static int coroutine_resume(lua_State *L) {
    lua_State *co = check_coroutine(L);
    uint32_t entered = fatal_count(isolate_of(L));
    if (refuse_awaiting(L, co)) return resume_result(L, STEP_FAILED, entered);
    return resume_result(L, step(L, co, lua_gettop(L) - 1, entered), entered);
}

static int wrap_continued(lua_State *L, int status, lua_KContext entered);

static int wrap_result(lua_State *L, int results, uint32_t entered) {
    if (results == STEP_AWAITS) return await(L, entered, wrap_continued);
    if (results == STEP_FAILED) return lua_error(L);
    return results;
}

static int wrap_continued(lua_State *L, int status, lua_KContext entered) {
    (void)status;
    *thread_word(L) &= ~(uintptr_t)1;
    return wrap_result(L, step(L, lua_tothread(L, lua_upvalueindex(1)), 0, (uint32_t)entered), (uint32_t)entered);
}

static int wrapped(lua_State *L) {
    lua_State *co = lua_tothread(L, lua_upvalueindex(1));
    uint32_t entered = fatal_count(isolate_of(L));
    if (refuse_awaiting(L, co)) return lua_error(L);
    return wrap_result(L, step(L, co, lua_gettop(L), entered), entered);
}

static int coroutine_wrap(lua_State *L) {
    coroutine_create(L);
    lua_pushcclosure(L, wrapped, 1);
    return 1;
}

static int coroutine_yield(lua_State *L) {
    mlua *m = isolate_of(L);
    if (m->strand == NULL || L == m->strand->L) {
        return raise_error(L, "cannot_yield", "coroutine.yield outside of a coroutine",
                           "only code inside coroutine.create yields");
    }
    return lua_yield(L, lua_gettop(L));
}

static const char *status_name(lua_State *L, lua_State *co) {
    lua_Debug record;
    if (L == co) return "running";
    if (awaits(co)) return "normal";
    switch (lua_status(co)) {
        case LUA_YIELD: return "suspended";
        case LUA_OK:
            if (lua_getstack(co, 0, &record)) return "normal";
            return lua_gettop(co) == 0 ? "dead" : "suspended";
        default: return "dead";
    }
}

static int coroutine_status(lua_State *L) {
    lua_pushstring(L, status_name(L, check_coroutine(L)));
    return 1;
}

static int coroutine_close(lua_State *L) {
    lua_State *co = check_coroutine(L);
    mlua *m = isolate_of(L);
    const char *name = status_name(L, co);
    if (strcmp(name, "suspended") != 0 && strcmp(name, "dead") != 0) {
        return luaL_error(L, "cannot close a %s coroutine", name);
    }
    uint32_t entered = fatal_count(m);
    lua_State *current = m->current;
    m->current = co;
    int status = lua_resetthread(co);
    m->current = current;
    if (status == LUA_OK) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_xmove(co, L, 1);
    rethrow_fatal(L, status, entered);
    forget_trace(L);
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
}

// The strand itself is not shown: it serves other runs later.
static int coroutine_running(lua_State *L) {
    mlua *m = isolate_of(L);
    bool main = m->strand == NULL || L == m->strand->L;
    if (main) {
        lua_pushnil(L);
    } else {
        lua_pushthread(L);
    }
    lua_pushboolean(L, main);
    return 2;
}

static int coroutine_isyieldable(lua_State *L) {
    mlua *m = isolate_of(L);
    lua_pushboolean(L, m->strand != NULL && L != m->strand->L && lua_isyieldable(L));
    return 1;
}

void open_coroutines(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"create", coroutine_create}, {"resume", coroutine_resume}, {"wrap", coroutine_wrap},
        {"yield", coroutine_yield},   {"status", coroutine_status}, {"close", coroutine_close},
        {"running", coroutine_running}, {"isyieldable", coroutine_isyieldable}, {NULL, NULL},
    };
    luaL_newlib(L, functions);
    lua_setfield(L, -2, "coroutine");
}
