// Runs and strands: what Swift starts, resumes and finishes. Both are pooled with their coroutine and registry slots, so that
// a run costs one environment table and nothing else.
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

static strand *strand_take(mlua *m, run *r) {
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
static void strand_drop(mlua *m, strand *s) {
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

static uint64_t handle_of(const strand *s) { return (uint64_t)s->generation << 32 | s->index; }

static strand *find_strand(mlua *m, uint64_t handle) {
    uint32_t index = (uint32_t)handle;
    if (index >= m->strand_count) return NULL;
    strand *s = m->strands[index];
    return s->state != STRAND_FREE && s->generation == handle >> 32 ? s : NULL;
}

// What a strand executes, from here on inside its coroutine.

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
static int strand_body(lua_State *L) {
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

// Crossings.

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
    seed_random(r, seed);
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
