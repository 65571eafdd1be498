// Which lines of a script were executed, and how often. Only isolates that are asked to pay for it: a hook at every line.
#include <stdlib.h>

#include "internal.h"

typedef struct {
    char *name;
    uint32_t *lines;  // how often each was executed, counted from 1
    size_t count;
} covered_file;

struct mlua_coverage {
    covered_file *files;
    int32_t count;
    int32_t last;  // lines mostly follow lines of the same file
};

mlua_coverage *mlua_coverage_open(void) { return calloc(1, sizeof(mlua_coverage)); }

void mlua_coverage_close(mlua_coverage *c) {
    for (int32_t i = 0; i < c->count; i++) {
        free(c->files[i].name);
        free(c->files[i].lines);
    }
    free(c->files);
    free(c);
}

void mlua_cover(mlua *m, mlua_coverage *c) { m->coverage = c; }

static covered_file *find_file(mlua_coverage *c, const char *name) {
    if (c->last < c->count && strcmp(c->files[c->last].name, name) == 0) return &c->files[c->last];
    for (int32_t i = 0; i < c->count; i++) {
        if (strcmp(c->files[i].name, name) != 0) continue;
        c->last = i;
        return &c->files[i];
    }
    covered_file *files = realloc(c->files, (size_t)(c->count + 1) * sizeof *files);
    if (files == NULL) return NULL;
    c->files = files;
    char *copy = strdup(name);
    if (copy == NULL) return NULL;
    files[c->count] = (covered_file){copy, NULL, 0};
    c->last = c->count;
    return &files[c->count++];
}

// Counts the line that is about to be executed. What there is no memory for is not counted.
void count_line(lua_State *L, lua_Debug *record) {
    mlua_coverage *c = isolate_of(L)->coverage;
    if (c == NULL || record->currentline <= 0) return;
    lua_getinfo(L, "S", record);
    // The library written in Lua by the host is nobody's policy.
    if (record->source[0] != '@') return;
    covered_file *file = find_file(c, record->source + 1);
    if (file == NULL) return;
    size_t line = (size_t)record->currentline;
    if (line >= file->count) {
        size_t count = line * 2 + 64;
        uint32_t *lines = realloc(file->lines, count * sizeof *lines);
        if (lines == NULL) return;
        memset(lines + file->count, 0, (count - file->count) * sizeof *lines);
        file->lines = lines;
        file->count = count;
    }
    if (file->lines[line] != UINT32_MAX) file->lines[line]++;
}

int32_t mlua_coverage_count(const mlua_coverage *c) { return c->count; }

const char *mlua_coverage_name(const mlua_coverage *c, int32_t file) { return c->files[file].name; }

const uint32_t *mlua_coverage_lines(const mlua_coverage *c, int32_t file, size_t *count) {
    *count = c->files[file].count;
    return c->files[file].lines;
}

// MARK: Bytecode

typedef struct {
    mlua *m;
    int32_t chunk;
    bool failed;
} dumping;

static int write_dump(lua_State *L, const void *bytes, size_t length, void *context) {
    (void)L;
    dumping *d = context;
    d->failed |= !buffer_bytes(d->m, &d->m->output, bytes, length);
    return d->failed;
}

static int dump(lua_State *L) {
    dumping *d = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, d->m->chunks[d->chunk].ref);
    d->m->output.length = 0;
    if (lua_dump(L, write_dump, d, 0) != 0) return luaL_error(L, "the bytecode is too long");
    return 0;
}

int32_t mlua_dump(mlua *m, int32_t number) {
    if (number < 0 || number >= m->chunk_count || m->chunks[number].ref == 0) {
        encode_plain_error(m, "not_found", "this chunk was released", NULL);
        return MLUA_FAILED;
    }
    dumping d = {m, number, false};
    return protected_call(m, dump, &d);
}

int64_t mlua_instructions(const mlua *m) { return m->instructions; }
