// What the files of the shim share: the isolate, its runs and strands, and the helpers each file offers to the others.
#ifndef MUSTER_LUA_INTERNAL_H
#define MUSTER_LUA_INTERNAL_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/types.h>

#include "muster_lua.h"

// The short names below stay inside the library.
#pragma GCC visibility push(hidden)

// A growing run of bytes outside Lua's heap.
typedef struct {
    uint8_t *start;
    size_t length;
    size_t capacity;
} buffer;

// Small blocks come from lists by size, which slabs fill, larger ones from malloc, in a list: an isolate's memory can be freed
// without Lua's help.
enum { BLOCK_STEP = 16, BLOCK_LIMIT = 256, BLOCK_CLASSES = BLOCK_LIMIT / BLOCK_STEP };

typedef struct free_block free_block;
typedef struct slab slab;
typedef struct large_block large_block;

typedef struct {
    free_block *free[BLOCK_CLASSES];
    slab *fresh[BLOCK_CLASSES];  // the slab whose unused part the next block of that size comes from
    slab *slabs;
    large_block *large;
    size_t reserved;             // bytes taken from the system
    size_t slack;                // reserved and not in use after the last trimming
    bool must_succeed;           // whether the bound is passed over for once
} arena;

// One execution of a chunk: its environment, its modules, its random numbers.
typedef struct run {
    struct run *next_free;
    uint32_t index;
    int32_t strands;
    int32_t chunk;
    int32_t flags;
    int32_t loading;         // depth of main functions being executed
    int32_t function_count;  // references given out so far
    int32_t wanted;          // the only reference worth keeping, in `handler_ref`; 0: all
    int64_t next_identity;   // numbers in tostring
    bool used;               // whether a slot other than environment and handler is set
    uint64_t seed;
    bool seeded;             // whether `random` follows from the seed already
    uint64_t random[4];
    int environment_ref, handler_ref, loaded_ref, functions_ref, identities_ref;
    buffer registrations;
} run;

enum { STRAND_FREE = 0, STRAND_RUNNING, STRAND_PARKED, STRAND_IDLE };

// One coroutine that Swift starts and resumes.
typedef struct strand {
    struct strand *next_free;
    uint32_t index;
    uint32_t generation;
    lua_State *L;
    run *run;
    int thread_ref, fatal_ref;
    int32_t state;
    int32_t outcome;
    int32_t function;        // what to call after the main function, or instead of it
    uint32_t fatal;          // how often the strand was unwound; guards entered before let no error rest
    bool main;               // whether the main function is still to be run
    bool kept;               // whether it stays when idle, until its owner finishes it
    buffer trace;            // call stack of the error on its way
    bool trace_kept;         // whether a later handler leaves it alone
    buffer inner_trace;      // call stacks of the script's own coroutines that it came through
} strand;

typedef struct {
    int ref;          // 0: free
    int modules_ref;  // table of compiled modules by name, 0 before the first
} chunk;

struct mlua {
    lua_State *L;
    mlua_settings settings;
    size_t memory;            // bytes that Lua uses
    arena arena;
    bool paced, roomy;        // how the garbage collector was last told to pace itself
    buffer output;
    mlua_bytes input;         // arguments, values or error of the crossing under way
    int32_t failure;          // 1: the input is an error, 2: one that unwinds
    int32_t effect;           // the effect called, -1: none
    bool yieldable;           // whether every coroutine below the current one can yield
    bool sealed;
    bool denied;              // an allocation was refused since the crossing began
    strand *strand;           // the one running

    strand **strands;
    uint32_t strand_count;
    strand *free_strand;
    run **runs;
    uint32_t run_count;
    run *free_run;
    chunk *chunks;
    int32_t chunk_count;
    int32_t *kinds;
    int32_t kind_count;
    int first_text_ref;       // of the texts that Swift names by their slots
    uint32_t texts_kept;

    int library_ref, host_ref, classes_ref, environment_meta_ref, weak_mode_ref;

    // Shared with the watchdog and its signal handler.
    lua_State *volatile current;           // the coroutine executing
    volatile sig_atomic_t in_host;         // inside a Swift function
    volatile sig_atomic_t in_allocator;    // inside malloc
    volatile sig_atomic_t expired;         // the slice is over, nothing may catch that
    volatile sig_atomic_t stuck;
    _Atomic uint64_t slice;                // odd while a slice runs
    _Atomic uint64_t expired_slice;        // the slice that the watchdog ended
    _Atomic uint64_t stuck_slice;          // the slice that the watchdog gave up
    _Atomic pid_t thread;
    _Atomic bool abandoned;                // every further slice ends at its first instruction
    int64_t instructions;
    mlua_coverage *coverage;               // counts executed lines; NULL: nobody asks
    sigjmp_buf escape;
    struct mlua *next_watched;             // under the watchdog's lock, like the next two
    uint64_t seen_slice;
    int64_t seen_cpu;
};

// Every thread's extra space points to its isolate; the lowest bit marks a coroutine that awaits an effect.
static inline uintptr_t *thread_word(lua_State *L) { return (uintptr_t *)lua_getextraspace(L); }
static inline mlua *isolate_of(lua_State *L) { return (mlua *)(*thread_word(L) & ~(uintptr_t)1); }

// buffer.c: false without memory or past the limit; nothing is written then.
bool buffer_reserve(mlua *m, buffer *b, size_t more);
bool buffer_bytes(mlua *m, buffer *b, const void *bytes, size_t length);
bool buffer_string(mlua *m, buffer *b, const char *text, size_t length);
static inline bool buffer_tag(mlua *m, buffer *b, uint8_t tag) { return buffer_bytes(m, b, &tag, 1); }
bool buffer_text(mlua *m, buffer *b, const char *text);
void buffer_free(buffer *b);

// arena.c
void *counting_allocator(void *context, void *block, size_t old_size, size_t new_size);
void arena_close(mlua *m);
void arena_trim(mlua *m);
void arena_pace(mlua *m);

// encode.c, decode.c
enum {
    FUNCTIONS_REFUSED,  // a function is an error
    FUNCTIONS_KEPT,     // becomes a reference, also inside arrays
    FUNCTIONS_DIRECT,   // becomes a reference, but only as an argument itself
    FUNCTIONS_NAMED,    // becomes its text
};
void encode_values(lua_State *L, buffer *b, int first, int last, int functions);
int decode_values(lua_State *L, mlua_bytes bytes);
void decode_value(lua_State *L, mlua_bytes bytes);
void open_texts(lua_State *L);
int keep_function(lua_State *L, run *r, int index);

// errors.c
extern char expired_mark, memory_mark;
int raise_error(lua_State *L, const char *code, const char *message, const char *hint);
int raise_decoded(lua_State *L, mlua_bytes bytes);
void push_decoded_error(lua_State *L, mlua_bytes bytes);
void encode_error(lua_State *L, int index, bool can_raise);
void encode_plain_error(mlua *m, const char *code, const char *message, const char *hint);
bool is_memory_error(lua_State *L, int status);
void check_stack(lua_State *L, int slots);
void open_errors(lua_State *L);

// trace.c
void append_trace(lua_State *L, buffer *b);
void find_place(lua_State *L, char *place, size_t size);
int trace_handler(lua_State *L);
int inner_trace_handler(lua_State *L);
int module_trace_handler(lua_State *L);

// guard.c
uint32_t fatal_count(mlua *m);
void rethrow_fatal(lua_State *L, int status, uint32_t entered);
void forget_trace(lua_State *L);
void open_guard(lua_State *L);

// The parts of the sandbox library; each sets functions in the table on top of the stack.
void open_coroutines(lua_State *L);
void open_order(lua_State *L);
void open_random(lua_State *L);
void open_sandbox(lua_State *L);
void open_strings(lua_State *L);
void open_tables(lua_State *L);
void open_sort(lua_State *L);
void open_require(lua_State *L);

// text.c: tostring without addresses; pushes the text.
const char *push_text(lua_State *L, int index, size_t *length);

// weak.c
void hide_weak_mode(lua_State *L);
void push_weak_keys(lua_State *L);

// classes.c
extern char class_key;
int class_define(lua_State *L);
void push_class(lua_State *L, const char *name, size_t length);

// host.c
void push_host_function(lua_State *L, int32_t index);

// environment.c
void open_environment(lua_State *L);
void push_environment(lua_State *L, mlua *m);
void lock_tables(lua_State *L);
extern char locked_key;

// chunk.c
int load_source(lua_State *L, mlua_bytes name, mlua_bytes source, const char *prefix);
int protected_call(mlua *m, lua_CFunction function, void *argument);

// pool.c
run *run_take(mlua *m);
void run_drop(mlua *m, run *r);
strand *strand_take(mlua *m, run *r);
void strand_drop(mlua *m, strand *s);
uint64_t handle_of(const strand *s);
strand *find_strand(mlua *m, uint64_t handle);

// strand.c
int strand_body(lua_State *L);

// isolate.c
void pace_collector(mlua *m);

// watchdog.c
void watch(mlua *m);
void unwatch(mlua *m);
void accept_signal(void);
void slice_begin(mlua *m);
void slice_end(mlua *m);
void interrupt_hook(lua_State *L, lua_Debug *record);
void count_instructions(lua_State *L);

// coverage.c
void count_line(lua_State *L, lua_Debug *record);

#pragma GCC visibility pop

#endif
