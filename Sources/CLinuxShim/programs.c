// Programs that a script executes: started with pipes, ended as a group.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "CLinuxShim.h"
#include "child.h"

static int prepare_files(posix_spawn_file_actions_t *files, const int descriptors[3])
{
    int error = 0;
    for (int index = 0; !error && index < 3; index++)
        error = posix_spawn_file_actions_adddup2(files, descriptors[index], index);
    if (!error) error = posix_spawn_file_actions_addclosefrom_np(files, 3);
    if (!error) error = posix_spawn_file_actions_addchdir_np(files, "/");
    return error;
}

int muster_spawn_piped(const char *program, char *const arguments[], const int descriptors[3], pid_t *process)
{
    char *const environment[] = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=/", NULL,
    };
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&files);
    if (error) return error;
    error = posix_spawnattr_init(&attributes);
    if (!error) {
        error = prepare_files(&files, descriptors);
        if (!error) error = prepare_child(&attributes);
        if (!error) error = posix_spawn(process, program, &files, &attributes, arguments, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    return error;
}

int muster_pipe(int descriptors[2]) { return pipe2(descriptors, O_CLOEXEC); }

void muster_ignore_broken_pipes(void)
{
    // Such a signal goes to the thread that wrote: blocked, it stays pending there and ends with the thread.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

int muster_await_exit(pid_t process, int milliseconds)
{
    int descriptor = muster_process_descriptor(process);
    if (descriptor < 0) return -1;
    struct pollfd wait = {.fd = descriptor, .events = POLLIN};
    int ended = poll(&wait, 1, milliseconds);
    int error = errno;
    close(descriptor);
    errno = error;
    if (ended < 0) return errno == EINTR ? 0 : -1;
    return ended;
}
