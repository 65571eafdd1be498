// The calls with which Swift starts, resumes and finishes strands.
#include "internal.h"

static int32_t refuse(mlua *m, const char *code, const char *message) {
    encode_plain_error(m, code, message, NULL);
    return MLUA_FAILED;
}

// Why nothing can run now, or NULL.
static const char *unready(mlua *m) {
    if (m->stuck) return "the policy hung in C code and was given up";
    if (m->strand != NULL) return "the isolate is executing a script";
    return NULL;
}

static int encode_thrown(lua_State *L) {
    encode_error(L, 1, true);
    return 0;
}

static int32_t settle(strand *s, int status) {
    if (status == LUA_YIELD) {
        s->state = STRAND_PARKED;
        return MLUA_YIELDED;
    }
    s->state = STRAND_IDLE;
    if (status == LUA_OK) {
        lua_settop(s->L, 0);
        return s->outcome;
    }
    // An error outside of the strand's protected calls: in the handling of its arguments or results.
    bool memory = is_memory_error(s->L, status);
    lua_resetthread(s->L);
    lua_pushcfunction(s->L, encode_thrown);
    if (memory) {
        lua_pushlightuserdata(s->L, &memory_mark);
    } else {
        lua_pushvalue(s->L, -2);
    }
    if (lua_pcall(s->L, 1, 0, 0) != LUA_OK) encode_error(s->L, -1, false);
    lua_settop(s->L, 0);
    return MLUA_FAILED;
}

static int32_t torn_out(mlua *m) {
    m->stuck = 1;
    m->current = NULL;
    slice_end(m);
    accept_signal();  // which the handler, left without returning, still blocks
    return refuse(m, "stuck", "the script hung inside one library call and was given up");
}

// Resumes a strand's coroutine as one slice.
static int32_t execute(mlua *m, strand *s, int arguments) {
    m->denied = false;
    m->effect = -1;
    m->yieldable = true;
    m->strand = s;
    m->current = s->L;
    s->state = STRAND_RUNNING;
    // Only C frames lie between here and whatever the watchdog's handler may tear out.
    if (m->settings.stuck_nanoseconds > 0 && sigsetjmp(m->escape, 0) != 0) return torn_out(m);
    slice_begin(m);
    int results;
    int status = lua_resume(s->L, m->L, arguments, &results);
    int32_t outcome = settle(s, status);
    slice_end(m);
    m->strand = NULL;
    m->current = NULL;
    pace_collector(m);
    return outcome;
}

// Prepares a strand for a function of its own, not for an answer.
static int32_t begin(mlua *m, strand *s, int arguments) {
    s->trace.length = s->inner_trace.length = 0;
    s->trace_kept = false;
    s->fatal = 0;
    return execute(m, s, arguments);
}

// What is over is dropped, unless its owner keeps it.
static uint64_t retain(mlua *m, strand *s, int32_t outcome) {
    if (m->stuck) return 0;
    if (outcome == MLUA_YIELDED || s->kept) return handle_of(s);
    strand_drop(m, s);
    return 0;
}

int32_t mlua_start(mlua *m, int32_t chunk_number, int32_t flags, uint64_t seed, int32_t handler, mlua_bytes arguments,
                   uint64_t *handle) {
    *handle = 0;
    const char *reason = unready(m);
    if (reason != NULL) return refuse(m, m->stuck ? "stuck" : "wrong_state", reason);
    if (chunk_number < 0 || chunk_number >= m->chunk_count || m->chunks[chunk_number].ref == 0) {
        return refuse(m, "not_found", "this chunk was released");
    }
    run *r = run_take(m);
    if (r == NULL) return refuse(m, "memory", "the policy's memory is used up");
    r->chunk = chunk_number;
    r->flags = flags;
    r->wanted = handler;
    r->seed = seed;
    r->seeded = false;
    strand *s = strand_take(m, r);
    if (s == NULL) {
        run_drop(m, r);
        return refuse(m, "memory", "the policy's memory is used up");
    }
    s->main = true;
    s->function = handler;
    m->input = arguments;
    lua_pushcfunction(s->L, strand_body);
    lua_rawgeti(s->L, LUA_REGISTRYINDEX, m->chunks[chunk_number].ref);
    int32_t outcome = begin(m, s, 1);
    s->kept = (flags & MLUA_KEEP) && outcome != MLUA_FAILED;
    *handle = retain(m, s, outcome);
    return outcome;
}

static strand *idle_strand(mlua *m, uint64_t handle, int32_t *outcome) {
    const char *reason = unready(m);
    strand *s = reason ? NULL : find_strand(m, handle);
    if (reason != NULL) {
        *outcome = refuse(m, m->stuck ? "stuck" : "wrong_state", reason);
    } else if (s == NULL) {
        *outcome = refuse(m, "not_found", "this run is over");
    } else if (s->state != STRAND_IDLE) {
        *outcome = refuse(m, "wrong_state", "this strand waits for an effect");
        s = NULL;
    }
    return s;
}

int32_t mlua_evaluate(mlua *m, uint64_t handle, int32_t chunk_number) {
    int32_t outcome;
    strand *s = idle_strand(m, handle, &outcome);
    if (s == NULL) return outcome;
    if (chunk_number < 0 || chunk_number >= m->chunk_count || m->chunks[chunk_number].ref == 0) {
        return refuse(m, "not_found", "this chunk was released");
    }
    s->main = true;
    s->function = 0;
    lua_pushcfunction(s->L, strand_body);
    lua_rawgeti(s->L, LUA_REGISTRYINDEX, m->chunks[chunk_number].ref);
    return begin(m, s, 1);
}

int32_t mlua_call(mlua *m, uint64_t handle, int32_t function, mlua_bytes arguments) {
    int32_t outcome;
    strand *s = idle_strand(m, handle, &outcome);
    if (s == NULL) return outcome;
    s->main = false;
    s->function = function;
    m->input = arguments;
    lua_pushcfunction(s->L, strand_body);
    return begin(m, s, 0);
}

int32_t mlua_spawn(mlua *m, uint64_t handle, int32_t function, mlua_bytes arguments, uint64_t *branch) {
    *branch = 0;
    const char *reason = unready(m);
    if (reason != NULL) return refuse(m, m->stuck ? "stuck" : "wrong_state", reason);
    strand *parent = find_strand(m, handle);
    if (parent == NULL) return refuse(m, "not_found", "this run is over");
    strand *s = strand_take(m, parent->run);
    if (s == NULL) return refuse(m, "memory", "the policy's memory is used up");
    s->main = false;
    s->function = function;
    m->input = arguments;
    lua_pushcfunction(s->L, strand_body);
    int32_t outcome = begin(m, s, 0);
    *branch = retain(m, s, outcome);
    return outcome;
}

int32_t mlua_resume(mlua *m, uint64_t handle, int32_t failure, mlua_bytes values) {
    const char *reason = unready(m);
    if (reason != NULL) return refuse(m, m->stuck ? "stuck" : "wrong_state", reason);
    strand *s = find_strand(m, handle);
    if (s == NULL) return refuse(m, "not_found", "this run is over");
    if (s->state != STRAND_PARKED) return refuse(m, "wrong_state", "this strand waits for no effect");
    m->input = values;
    m->failure = failure;
    int32_t outcome = execute(m, s, 0);
    retain(m, s, outcome);
    return outcome;
}

void mlua_finish(mlua *m, uint64_t handle) {
    strand *s = unready(m) ? NULL : find_strand(m, handle);
    if (s != NULL) strand_drop(m, s);
}

typedef struct {
    run *run;
    int32_t function;
} release;

static int release_function(lua_State *L) {
    release *request = lua_touserdata(L, 1);
    if (lua_rawgeti(L, LUA_REGISTRYINDEX, request->run->functions_ref) == LUA_TTABLE) {
        lua_pushnil(L);
        lua_rawseti(L, -2, request->function);
    }
    return 0;
}

void mlua_release_function(mlua *m, uint64_t handle, int32_t function) {
    strand *s = unready(m) ? NULL : find_strand(m, handle);
    if (s == NULL) return;
    release request = {s->run, function};
    protected_call(m, release_function, &request);
}

mlua_bytes mlua_registrations(mlua *m, uint64_t handle) {
    strand *s = find_strand(m, handle);
    return s ? (mlua_bytes){s->run->registrations.start, s->run->registrations.length} : (mlua_bytes){0};
}
