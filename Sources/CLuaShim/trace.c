// Call stacks as people read them: the script's own lines, innermost first. Nothing here allocates in Lua's heap.
#include <stdio.h>

#include "internal.h"

enum { FIRST_LEVELS = 14, LAST_LEVELS = 8 };

// The library written in Lua by the host is named with a leading `=` and is not the reader's code.
static bool is_script(const lua_Debug *record) { return record->currentline > 0 && record->source[0] != '='; }

static int last_level(lua_State *L) {
    lua_Debug record;
    int low = 1, high = 1;
    while (lua_getstack(L, high, &record)) {
        low = high;
        high *= 2;
    }
    while (low < high) {
        int middle = (low + high) / 2;
        if (lua_getstack(L, middle, &record)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return high - 1;
}

static void append_frame(mlua *m, buffer *b, const lua_Debug *record) {
    char line[256];
    const char *separator = b->length ? "\n" : "";
    if (*record->what == 'm') {
        snprintf(line, sizeof line, "%s%s:%d: in main chunk", separator, record->short_src, record->currentline);
    } else if (record->name != NULL && *record->namewhat != '\0') {
        const char *kind = strcmp(record->namewhat, "global") == 0 ? "function" : record->namewhat;
        snprintf(line, sizeof line, "%s%s:%d: in %s '%s'", separator, record->short_src, record->currentline, kind,
                 record->name);
    } else {
        snprintf(line, sizeof line, "%s%s:%d: in function <%s:%d>", separator, record->short_src, record->currentline,
                 record->short_src, record->linedefined);
    }
    buffer_text(m, b, line);
}

// Appends the call stack of a coroutine.
void append_trace(lua_State *L, buffer *b) {
    mlua *m = isolate_of(L);
    lua_Debug record;
    int last = last_level(L);
    for (int level = 0; lua_getstack(L, level, &record); level++) {
        if (level == FIRST_LEVELS && last - level > LAST_LEVELS) {
            char line[64];
            snprintf(line, sizeof line, "\n... (%d levels)", last - LAST_LEVELS - level + 1);
            buffer_text(m, b, line);
            level = last - LAST_LEVELS;
            continue;
        }
        lua_getinfo(L, "Sln", &record);
        if (is_script(&record)) append_frame(m, b, &record);
    }
}

// `file:line` of the innermost script line, or an empty text.
void find_place(lua_State *L, char *place, size_t size) {
    lua_Debug record;
    place[0] = '\0';
    for (int level = 0; lua_getstack(L, level, &record); level++) {
        lua_getinfo(L, "Sl", &record);
        if (!is_script(&record)) continue;
        snprintf(place, size, "%s:%d", record.short_src, record.currentline);
        return;
    }
}

// The message handler of a strand: notes the call stack before it unwinds.
int trace_handler(lua_State *L) {
    strand *s = isolate_of(L)->strand;
    if (s->trace_kept) return 1;
    s->trace.length = 0;
    append_trace(L, &s->trace);
    return 1;
}

// The same below require, which raises the error again: the stack of the first raise is the one worth reading.
int module_trace_handler(lua_State *L) {
    trace_handler(L);
    isolate_of(L)->strand->trace_kept = true;
    return 1;
}

// The same for a coroutine that the script made; its error may travel on to the strand.
int inner_trace_handler(lua_State *L) {
    strand *s = isolate_of(L)->strand;
    if (s != NULL) append_trace(L, &s->inner_trace);
    return 1;
}
