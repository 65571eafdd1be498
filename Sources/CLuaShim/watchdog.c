// The time limit of slices. Scripts run without any hook; one thread for the whole process looks every few milliseconds
// whether a slice used up its processor time, and only then signals the slice's thread, whose handler installs a hook on the
// running coroutine. The hook raises at the next instruction. A slice that ignores it, because it loops in C, is torn out
// after a longer time: its isolate is lost, its thread is not.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

enum { TICK_NANOSECONDS = 5000000, COUNT_PERIOD = 100, QUIET_TICKS = 20 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static mlua *watched;
static bool started;
static _Atomic bool asleep;
static struct sigaction previous;

// The isolate whose slice this thread executes; read by the handler, so it must not be allocated lazily.
static __thread mlua *volatile executing __attribute__((tls_model("initial-exec")));

void interrupt_hook(lua_State *L, lua_Debug *record) {
    (void)record;
    mlua *m = isolate_of(L);
    if (!m->expired) {
        // Left over from an earlier slice.
        lua_sethook(L, NULL, 0, 0);
        count_instructions(L);
        return;
    }
    lua_pushlightuserdata(L, &expired_mark);
    lua_error(L);
}

static void count_hook(lua_State *L, lua_Debug *record) {
    mlua *m = isolate_of(L);
    m->instructions += COUNT_PERIOD;
    if (m->instructions > m->settings.instruction_limit) m->expired = 1;
    if (!m->expired) return;
    // From here on every instruction raises, also those of closing handlers.
    lua_sethook(L, interrupt_hook, LUA_MASKCOUNT, 1);
    interrupt_hook(L, record);
}

static void covering_hook(lua_State *L, lua_Debug *record) {
    if (record->event == LUA_HOOKLINE) {
        count_line(L, record);
    } else {
        count_hook(L, record);
    }
}

void count_instructions(lua_State *L) {
    mlua *m = isolate_of(L);
    if (m->coverage != NULL) {
        int counting = m->settings.instruction_limit > 0 ? LUA_MASKCOUNT : 0;
        lua_sethook(L, covering_hook, LUA_MASKLINE | counting, COUNT_PERIOD);
        return;
    }
    if (m->settings.instruction_limit > 0) lua_sethook(L, count_hook, LUA_MASKCOUNT, COUNT_PERIOD);
}

static void handle_signal(int number, siginfo_t *information, void *context) {
    int error = errno;
    mlua *m = executing;
    if (m == NULL) {
        if (previous.sa_flags & SA_SIGINFO) {
            previous.sa_sigaction(number, information, context);
        } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
            previous.sa_handler(number);
        }
        errno = error;
        return;
    }
    uint64_t slice = atomic_load(&m->slice);
    if (slice == atomic_load(&m->stuck_slice) && !m->in_host && !m->in_allocator) siglongjmp(m->escape, 1);
    if (slice == atomic_load(&m->expired_slice)) {
        m->expired = 1;
        lua_State *L = m->current;
        if (L != NULL) lua_sethook(L, interrupt_hook, LUA_MASKCOUNT, 1);
    }
    errno = error;
}

static int64_t nanoseconds(clockid_t clock) {
    struct timespec time;
    if (clock_gettime(clock, &time) != 0) return -1;
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

// The processor clock of another thread, as the kernel numbers it.
static clockid_t thread_clock(pid_t thread) { return (clockid_t)((~(unsigned)thread << 3) | 6); }

static void signal_thread(pid_t thread) { syscall(SYS_tgkill, getpid(), thread, SIGURG); }

// Returns whether the isolate is inside a slice.
static bool look_at(mlua *m) {
    uint64_t slice = atomic_load(&m->slice);
    if ((slice & 1) == 0) return false;
    pid_t thread = atomic_load(&m->thread);
    int64_t cpu = nanoseconds(thread_clock(thread));
    if (cpu < 0) return false;
    if (m->seen_slice != slice) {
        m->seen_slice = slice;
        m->seen_cpu = cpu;
        return true;
    }
    int64_t used = cpu - m->seen_cpu;
    bool late = m->settings.slice_nanoseconds > 0 && used > m->settings.slice_nanoseconds;
    bool hopeless = m->settings.stuck_nanoseconds > 0 && used > m->settings.stuck_nanoseconds;
    if (late) atomic_store(&m->expired_slice, slice);
    if (hopeless) atomic_store(&m->stuck_slice, slice);
    // Again at every tick: the hook is per coroutine, and the running one may have changed.
    if (late || hopeless || atomic_load(&m->expired_slice) == slice) signal_thread(thread);
    return true;
}

static void *watch_slices(void *context) {
    (void)context;
    int quiet = 0;
    pthread_mutex_lock(&lock);
    for (;;) {
        bool active = false;
        for (mlua *m = watched; m != NULL; m = m->next_watched) {
            uint64_t before = m->seen_slice;
            active |= look_at(m) || m->seen_slice != before;
        }
        quiet = active ? 0 : quiet + 1;
        if (quiet > QUIET_TICKS) {
            atomic_store(&asleep, true);
            // A slice that began before the flag was set is seen here, one that begins later wakes this thread.
            bool again = false;
            for (mlua *m = watched; m != NULL; m = m->next_watched) again |= atomic_load(&m->slice) & 1;
            if (!again) pthread_cond_wait(&wake, &lock);
            atomic_store(&asleep, false);
            quiet = 0;
        }
        pthread_mutex_unlock(&lock);
        struct timespec tick = {0, TICK_NANOSECONDS};
        nanosleep(&tick, NULL);
        pthread_mutex_lock(&lock);
    }
    return NULL;
}

static void start_watching(void) {
    struct sigaction action = {.sa_sigaction = handle_signal, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    sigaction(SIGURG, &action, &previous);
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    started = pthread_create(&thread, NULL, watch_slices, NULL) == 0;
    if (started) pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void watch(mlua *m) {
    pthread_mutex_lock(&lock);
    if (!started) start_watching();
    m->next_watched = watched;
    watched = m;
    pthread_mutex_unlock(&lock);
}

void unwatch(mlua *m) {
    pthread_mutex_lock(&lock);
    for (mlua **link = &watched; *link != NULL; link = &(*link)->next_watched) {
        if (*link == m) {
            *link = m->next_watched;
            break;
        }
    }
    pthread_mutex_unlock(&lock);
}

// Threads of a dispatch pool come with most signals blocked.
void accept_signal(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGURG);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void slice_begin(mlua *m) {
    static __thread pid_t thread __attribute__((tls_model("initial-exec")));
    if (thread == 0) {
        thread = (pid_t)syscall(SYS_gettid);
        accept_signal();
    }
    m->expired = 0;
    m->instructions = 0;
    executing = m;
    atomic_store_explicit(&m->thread, thread, memory_order_relaxed);
    atomic_fetch_add(&m->slice, 1);
    // Either this sees the flag, or who set it sees the slice.
    if (atomic_load(&m->abandoned)) {
        m->expired = 1;
        lua_sethook(m->current, interrupt_hook, LUA_MASKCOUNT, 1);
    }
    if (atomic_load(&asleep)) {
        pthread_mutex_lock(&lock);
        pthread_cond_signal(&wake);
        pthread_mutex_unlock(&lock);
    }
}

void slice_end(mlua *m) {
    executing = NULL;
    atomic_fetch_add_explicit(&m->slice, 1, memory_order_release);
    m->expired = 0;
}

void mlua_abandon(mlua *m) {
    atomic_store(&m->abandoned, true);
    mlua_interrupt(m);
}

void mlua_interrupt(mlua *m) {
    pthread_mutex_lock(&lock);
    uint64_t slice = atomic_load(&m->slice);
    if (slice & 1) {
        atomic_store(&m->expired_slice, slice);
        signal_thread(atomic_load(&m->thread));
    }
    pthread_mutex_unlock(&lock);
}
