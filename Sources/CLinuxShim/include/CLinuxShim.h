// What Linux offers and Swift's Glibc module hides, because it is declared under _GNU_SOURCE only or takes variable arguments.
#pragma once
#include <sys/types.h>

// Starts a program that outlives its parent: a session of its own, standard input from /dev/null, output and errors appended
// to `log`, working directory `directory`, default signals, no environment but PATH. The descriptors become 3, 4, … in the
// child, and nothing else is inherited. Returns 0 and the process id, or an errno value.
int muster_spawn_detached(
    const char *program, char *const arguments[], const char *directory, const char *log, const int descriptors[], int count,
    pid_t *process);

// Starts a program with the given descriptors as standard input, output and errors: a session and process group of its own, working
// directory /, default signals, no environment but PATH, LANG and HOME, nothing else inherited. Returns 0 and the process id, or an
// errno value.
int muster_spawn_piped(const char *program, char *const arguments[], const int descriptors[3], pid_t *process);

// A pipe that no child inherits. Returns 0, or -1 with errno.
int muster_pipe(int descriptors[2]);

// Lets a write to a closed pipe fail with EPIPE on the calling thread, instead of ending the process.
void muster_ignore_broken_pipes(void);

// Waits until a child has ended and leaves it in the process table, so that its number means it until `waitpid`.
// Waits at most so many milliseconds: 1 ended, 0 not yet, -1 with errno.
int muster_await_exit(pid_t process, int milliseconds);

// Locks the whole file for its open file description, whoever inherits it: 0 done, 1 another holds it, -1 with errno.
int muster_lock_file(int descriptor);

// Whether another open file description holds a lock on any byte of the range: 1 yes, 0 no, -1 with errno. A length of 0 is all.
int muster_range_locked(int descriptor, off_t start, off_t length);

// Whether any process has the regular file open for writing: 1 yes, 0 no, -1 unknown (no leases on this file system).
// The descriptor must be open for reading only.
int muster_open_for_writing(int descriptor);

// A descriptor that means this process and no later one with the same number; -1 with errno.
int muster_process_descriptor(pid_t process);
int muster_signal_descriptor(int descriptor, int signal);

// From so many milliseconds on, interrupts the calling thread's blocking calls (EINTR) every 20 ms until stopped. One at a
// time for each thread. Returns 0, or -1 with errno. The signal has a handler that does nothing.
int muster_interrupt_after(int milliseconds);
void muster_interrupt_stop(void);

// Gives a range of a file its blocks on the disk; the file grows where it is shorter. Returns 0 or an errno value, EOPNOTSUPP where the
// file system cannot. Unlike posix_fallocate it never writes.
int muster_allocate(int descriptor, off_t start, off_t length);
