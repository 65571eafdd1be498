#pragma once
#include <spawn.h>

// A child in a session of its own, with signals as a fresh process has them.
int prepare_child(posix_spawnattr_t *attributes);
