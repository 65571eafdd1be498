// The C side of the Lua binding, as Swift sees it: an isolate, chunks, strands, and flat buffers of values.
//
// One rule holds everywhere: Swift never calls a Lua function that can raise, and no Lua error ever jumps over a Swift frame.
// Each call below runs Lua in protected mode and answers with a plain status and plain bytes.
#ifndef MUSTER_LUA_H
#define MUSTER_LUA_H

#include <stddef.h>
#include <stdint.h>

typedef struct mlua mlua;

// Bytes that the other side owns; they stay valid until the next call into or out of the isolate.
typedef struct {
    const uint8_t *_Nullable start;
    size_t length;
} mlua_bytes;

// How a crossing ended; the bytes of `mlua_output` hold what it says.
enum {
    MLUA_RETURNED = 0,  // values
    MLUA_YIELDED = 1,   // the index of the effect called (4 bytes), then its arguments
    MLUA_FAILED = 2,    // an error: code, message, hint, place, subject, traceback, each a string or null
};

// What a host function does when a script calls it.
enum {
    MLUA_FUNCTION = 0,      // calls Swift and returns its answer
    MLUA_EFFECT = 1,        // parks the strand until Swift resumes it
    MLUA_REGISTRATION = 2,  // records the call; its function arguments become references
};

// Tags of the flat value format; integers are little endian and unaligned.
enum {
    MLUA_NULL = 0,
    MLUA_FALSE = 1,
    MLUA_TRUE = 2,
    MLUA_INTEGER = 3,    // int64
    MLUA_NUMBER = 4,     // double
    MLUA_STRING = 5,     // uint32 length, bytes
    MLUA_ARRAY = 6,      // uint32 count, values
    MLUA_OBJECT = 7,     // uint32 count, (key as a text, value) each
    MLUA_TEXT = 8,       // uint8 slot: the text that was kept there; from Swift only, like the next
    MLUA_NEW_TEXT = 9,   // uint8 slot, uint32 length, bytes: a text to keep there
};

// How many texts an isolate keeps. What lies in a slot is for Swift to say; it must not name a slot before Lua took its text.
enum { MLUA_TEXT_SLOTS = 256 };

// What a module loader answers.
enum { MLUA_MODULE_FOUND = 0, MLUA_MODULE_ERROR = 1, MLUA_MODULE_ABSENT = 2 };

// Flags of a start.
enum {
    MLUA_TOP_LEVEL_EFFECTS = 1,  // a script, not a hook: its top level may call effects, and globals stay open
    MLUA_COLLECT = 2,            // registrations are kept for `mlua_registrations`
    MLUA_KEEP = 4,               // the run stays after its main function returned
};

typedef struct {
    size_t memory_limit;          // bytes
    size_t message_limit;         // bytes of one crossing
    int64_t slice_nanoseconds;    // CPU time of one slice; 0: no limit
    int64_t stuck_nanoseconds;    // CPU time after which a slice that ignores the hook is torn out; 0: never
    int64_t instruction_limit;    // instructions of one slice, counted exactly and deterministically; 0: no limit
    void *_Nullable context;      // given to the callbacks
    // Runs a host function. Returns 0 with encoded values or 1 with an encoded error in `result`.
    int32_t (*_Nonnull call)(void *_Nullable context, int32_t function, uint64_t strand, mlua_bytes arguments,
                             mlua_bytes *_Nonnull result);
    // Finds a module for `require`; a found one is an array of its chunk name and its source.
    int32_t (*_Nonnull load)(void *_Nullable context, int32_t chunk, mlua_bytes name, mlua_bytes *_Nonnull result);
} mlua_settings;

// A new isolate with its sandbox library, or NULL without memory.
mlua *_Nullable mlua_open(const mlua_settings *_Nonnull settings);
// Frees an isolate, also one that was torn out of stuck code.
void mlua_close(mlua *_Nonnull m);

// Declares a host function; its index counts from 0. Returns MLUA_RETURNED or MLUA_FAILED.
int32_t mlua_declare(mlua *_Nonnull m, mlua_bytes name, int32_t kind);
// Runs trusted source whose globals become the sandbox's library and which sees the host functions as `host`.
int32_t mlua_prelude(mlua *_Nonnull m, mlua_bytes name, mlua_bytes source);
// Makes every table of the library read-only. Called once, after the preludes.
int32_t mlua_seal(mlua *_Nonnull m);

// Parses source text; `chunk` receives its number.
int32_t mlua_compile(mlua *_Nonnull m, mlua_bytes name, mlua_bytes source, int32_t *_Nonnull chunk);
void mlua_release_chunk(mlua *_Nonnull m, int32_t chunk);

// Starts a run: a fresh environment, the chunk's main function, then the registered function number `handler`
// (0: none) with the encoded array of arguments. `strand` receives the run's strand, 0 when the run is over.
int32_t mlua_start(mlua *_Nonnull m, int32_t chunk, int32_t flags, uint64_t seed, int32_t handler, mlua_bytes arguments,
                   uint64_t *_Nonnull strand);
// Like `mlua_start`, in the environment of the kept run of `strand`, which must be idle.
int32_t mlua_evaluate(mlua *_Nonnull m, uint64_t strand, int32_t chunk);
// Calls a referenced function on an idle strand of a kept run.
int32_t mlua_call(mlua *_Nonnull m, uint64_t strand, int32_t function, mlua_bytes arguments);
// Calls a referenced function on a new strand of the same run; `branch` is 0 when it is over at once.
int32_t mlua_spawn(mlua *_Nonnull m, uint64_t strand, int32_t function, mlua_bytes arguments, uint64_t *_Nonnull branch);
// Resumes a parked strand with an encoded array of values, or with an encoded error when `failure` is 1,
// or unwinds it with an error that no script can catch when `failure` is 2.
int32_t mlua_resume(mlua *_Nonnull m, uint64_t strand, int32_t failure, mlua_bytes values);
// Drops a strand, parked or idle, without running more of its code; the last one of a run ends the run.
void mlua_finish(mlua *_Nonnull m, uint64_t strand);
// Forgets a function reference of a run.
void mlua_release_function(mlua *_Nonnull m, uint64_t strand, int32_t function);

// How many texts Lua has taken into slots so far: less than was written when a crossing failed on the way.
uint32_t mlua_texts_kept(const mlua *_Nonnull m);

// The result of the last crossing.
mlua_bytes mlua_output(const mlua *_Nonnull m);
// The registrations of a run's main function: function index (4 bytes), encoded array of arguments, repeated.
mlua_bytes mlua_registrations(mlua *_Nonnull m, uint64_t strand);
size_t mlua_memory(const mlua *_Nonnull m);
// Runs a full collection.
void mlua_collect(mlua *_Nonnull m);
// Whether the isolate was torn out of stuck code; nothing runs in it any more.
int32_t mlua_is_stuck(const mlua *_Nonnull m);
// The instructions of the last slice, in hundreds; 0 where they are not counted.
int64_t mlua_instructions(const mlua *_Nonnull m);

// Counts of executed lines, shared by isolates of one thread; they must be closed before it.
typedef struct mlua_coverage mlua_coverage;
mlua_coverage *_Nullable mlua_coverage_open(void);
void mlua_coverage_close(mlua_coverage *_Nonnull c);
// Counts the lines of an isolate from now on. Called once, before anything is started in it.
void mlua_cover(mlua *_Nonnull m, mlua_coverage *_Nonnull c);
int32_t mlua_coverage_count(const mlua_coverage *_Nonnull c);
const char *_Nonnull mlua_coverage_name(const mlua_coverage *_Nonnull c, int32_t file);
// How often each line was executed, by its number; those beyond the count never were.
const uint32_t *_Nullable mlua_coverage_lines(const mlua_coverage *_Nonnull c, int32_t file, size_t *_Nonnull count);
// The bytecode of a chunk with its debug information, as the output.
int32_t mlua_dump(mlua *_Nonnull m, int32_t chunk);

// Ends the slice running now as if its time were over; callable from any thread.
void mlua_interrupt(mlua *_Nonnull m);
// The same for this slice and every later one; callable from any thread.
void mlua_abandon(mlua *_Nonnull m);

#endif
