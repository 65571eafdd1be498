#define _GNU_SOURCE
#include "CLinuxShim.h"
#include "child.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int prepare_files(
    posix_spawn_file_actions_t *files, const char *directory, const char *log, const int descriptors[], int count)
{
    int error = posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);
    if (!error) error = posix_spawn_file_actions_addopen(files, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (!error) error = posix_spawn_file_actions_adddup2(files, 1, 2);
    for (int index = 0; !error && index < count; index++)
        error = posix_spawn_file_actions_adddup2(files, descriptors[index], 3 + index);
    if (!error) error = posix_spawn_file_actions_addclosefrom_np(files, 3 + count);
    if (!error) error = posix_spawn_file_actions_addchdir_np(files, directory);
    return error;
}

int prepare_child(posix_spawnattr_t *attributes)
{
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    int error = posix_spawnattr_setsigdefault(attributes, &all);
    if (!error) error = posix_spawnattr_setsigmask(attributes, &none);
    if (!error)
        error = posix_spawnattr_setflags(
            attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    return error;
}

int muster_spawn_detached(
    const char *program, char *const arguments[], const char *directory, const char *log, const int descriptors[], int count,
    pid_t *process)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    char path[4096];
    const char *inherited = getenv("PATH");
    snprintf(path, sizeof path, "PATH=%s", inherited ? inherited : "/usr/sbin:/usr/bin:/sbin:/bin");
    char *environment[] = {path, NULL};

    int error = posix_spawn_file_actions_init(&files);
    if (error) return error;
    error = posix_spawnattr_init(&attributes);
    if (!error) {
        error = prepare_files(&files, directory, log, descriptors, count);
        if (!error) error = prepare_child(&attributes);
        if (!error) error = posix_spawnp(process, program, &files, &attributes, arguments, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    return error;
}

int muster_lock_file(int descriptor)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(descriptor, F_OFD_SETLK, &lock) == 0) return 0;
    return errno == EAGAIN || errno == EACCES ? 1 : -1;
}

int muster_range_locked(int descriptor, off_t start, off_t length)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    if (fcntl(descriptor, F_OFD_GETLK, &lock) == -1) return -1;
    return lock.l_type != F_UNLCK;
}

int muster_open_for_writing(int descriptor)
{
    // Someone who opens the file while the lease is held makes the kernel send a signal to this process; the default one
    // (SIGIO) would end it, SIGURG is ignored unless asked for.
    if (fcntl(descriptor, F_SETSIG, SIGURG) == -1) return -1;
    if (fcntl(descriptor, F_SETLEASE, F_RDLCK) == -1) return errno == EAGAIN ? 1 : -1;
    fcntl(descriptor, F_SETLEASE, F_UNLCK);
    return 0;
}

int muster_process_descriptor(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

int muster_signal_descriptor(int descriptor, int signal)
{
    return (int)syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0);
}

static __thread timer_t interrupter;
static __thread int interrupting;

static void do_nothing(int signal) { (void)signal; }

static int interrupt_signal(void) { return SIGRTMIN + 5; }

static void install_handler(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = do_nothing;  // Without SA_RESTART: interrupted calls return.
    sigaction(interrupt_signal(), &action, NULL);
}

int muster_interrupt_after(int milliseconds)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install_handler);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, interrupt_signal());
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);

    struct sigevent event;
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = interrupt_signal();
    event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    if (timer_create(CLOCK_MONOTONIC, &event, &interrupter) == -1) return -1;
    // Repeated: the first may come just before the call that it shall interrupt.
    struct itimerspec times = {
        .it_value = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L + 1},
        .it_interval = {.tv_nsec = 20 * 1000000L},
    };
    interrupting = 1;
    return timer_settime(interrupter, 0, &times, NULL);
}

void muster_interrupt_stop(void)
{
    if (!interrupting) return;
    interrupting = 0;
    timer_delete(interrupter);
}

int muster_allocate(int descriptor, off_t start, off_t length)
{
    return fallocate(descriptor, 0, start, length) == 0 ? 0 : errno;
}
