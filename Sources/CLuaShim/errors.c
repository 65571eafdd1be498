// Errors as objects: from Swift into Lua as tables with fields and a text, from Lua to Swift as six texts.
#include <stdio.h>

#include "internal.h"

// Sentinels, thrown as light userdata because making a value could fail at that moment.
char expired_mark, memory_mark;

static void set_text(lua_State *L, const char *field, const char *text) {
    if (text == NULL) return;
    lua_pushstring(L, field);
    lua_pushstring(L, text);
    lua_rawset(L, -3);
}

// Adds place and traceback to the error table on top where they are missing, and its class.
static void complete_error(lua_State *L) {
    mlua *m = isolate_of(L);
    lua_pushliteral(L, "place");
    if (lua_rawget(L, -2) == LUA_TNIL) {
        char place[256];
        find_place(L, place, sizeof place);
        lua_pop(L, 1);
        if (place[0] != '\0') set_text(L, "place", place);
    } else {
        lua_pop(L, 1);
    }
    lua_pushliteral(L, "traceback");
    if (lua_rawget(L, -2) == LUA_TNIL && m->strand != NULL) {
        buffer *b = &m->strand->trace;
        b->length = 0;
        m->strand->trace_kept = false;
        append_trace(L, b);
        lua_pop(L, 1);
        if (b->length > 0) {
            lua_pushliteral(L, "traceback");
            lua_pushlstring(L, (const char *)b->start, b->length);
            lua_rawset(L, -3);
        }
    } else {
        lua_pop(L, 1);
    }
    push_class(L, "error", 5);
    lua_setmetatable(L, -2);
}

// Raises an error object.
int raise_error(lua_State *L, const char *code, const char *message, const char *hint) {
    lua_createtable(L, 0, 5);
    set_text(L, "code", code);
    set_text(L, "message", message);
    set_text(L, "hint", hint);
    complete_error(L);
    return lua_error(L);
}

// Pushes the error object that Swift encoded.
void push_decoded_error(lua_State *L, mlua_bytes bytes) {
    decode_value(L, bytes);
    complete_error(L);
}

int raise_decoded(lua_State *L, mlua_bytes bytes) {
    push_decoded_error(L, bytes);
    return lua_error(L);
}

bool is_memory_error(lua_State *L, int status) {
    if (status == LUA_ERRMEM || lua_touserdata(L, -1) == &memory_mark) return true;
    // The auxiliary library raises this text, not the memory status, when one of its buffers cannot grow.
    return isolate_of(L)->denied && lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), "not enough memory") == 0;
}

// Makes sure of stack slots; without memory for them the error is memory's, not a stack overflow.
void check_stack(lua_State *L, int slots) {
    mlua *m = isolate_of(L);
    bool denied = m->denied;
    m->denied = false;
    bool grown = lua_checkstack(L, slots);
    bool refused = m->denied;
    m->denied |= denied;
    if (grown) return;
    if (!refused) raise_error(L, "script_error", "stack overflow", "look for a function that calls itself without end");
    lua_pushlightuserdata(L, &memory_mark);
    lua_error(L);
}

static void write_optional(mlua *m, const char *text) {
    if (text == NULL) {
        buffer_tag(m, &m->output, MLUA_NULL);
    } else {
        buffer_string(m, &m->output, text, strlen(text));
    }
}

void encode_plain_error(mlua *m, const char *code, const char *message, const char *hint) {
    m->output.length = 0;
    write_optional(m, code);
    write_optional(m, message);
    write_optional(m, hint);
    for (int i = 0; i < 3; i++) write_optional(m, NULL);
}

static void write_trace(mlua *m) {
    strand *s = m->strand;
    size_t length = s ? s->inner_trace.length + s->trace.length : 0;
    if (length == 0) {
        buffer_tag(m, &m->output, MLUA_NULL);
        return;
    }
    size_t start = m->output.length;
    buffer_string(m, &m->output, "", 0);
    buffer_bytes(m, &m->output, s->inner_trace.start, s->inner_trace.length);
    if (s->inner_trace.length && s->trace.length) buffer_text(m, &m->output, "\n");
    buffer_bytes(m, &m->output, s->trace.start, s->trace.length);
    uint32_t size = (uint32_t)(m->output.length - start - 5);
    memcpy(m->output.start + start + 1, &size, 4);
}

// Without place and subject: Swift reads the place from the message or the trace.
static void encode_message(mlua *m, const char *code, const char *message, size_t length, const char *hint) {
    m->output.length = 0;
    write_optional(m, code);
    buffer_string(m, &m->output, message, length);
    write_optional(m, hint);
    write_optional(m, NULL);
    write_optional(m, NULL);
    write_trace(m);
}

static void write_field(lua_State *L, int index, const char *field) {
    mlua *m = isolate_of(L);
    lua_pushstring(L, field);
    int type = lua_rawget(L, index);
    if (type == LUA_TTABLE) {
        // A snapshot stands for its name.
        lua_pushliteral(L, "name");
        if (lua_rawget(L, -2) != LUA_TSTRING) {
            lua_pop(L, 1);
            lua_pushliteral(L, "id");
            lua_rawget(L, -2);
        }
        lua_remove(L, -2);
        type = lua_type(L, -1);
    }
    if (type == LUA_TSTRING || type == LUA_TNUMBER) {
        size_t length;
        const char *text = lua_tolstring(L, -1, &length);
        buffer_string(m, &m->output, text, length);
    } else if (strcmp(field, "traceback") == 0) {
        write_trace(m);
    } else {
        buffer_tag(m, &m->output, MLUA_NULL);
    }
    lua_pop(L, 1);
}

static void encode_error_table(lua_State *L, int index) {
    mlua *m = isolate_of(L);
    lua_pushliteral(L, "message");
    bool has_message = lua_rawget(L, index) != LUA_TNIL;
    lua_pop(L, 1);
    if (!has_message) {
        size_t length;
        const char *text = push_text(L, index, &length);
        lua_pushfstring(L, luaL_getmetafield(L, index, "__tostring") ? "%s" : "(error object is a %s)", text);
        text = lua_tolstring(L, -1, &length);
        encode_message(m, NULL, text, length, NULL);
        return;
    }
    m->output.length = 0;
    static const char *const fields[] = {"code", "message", "hint", "place", "resource", "traceback"};
    for (int i = 0; i < 6; i++) write_field(L, index, fields[i]);
}

// Writes the error value to the output. Outside protected code `can_raise` is false, and only what allocates nothing is done.
void encode_error(lua_State *L, int index, bool can_raise) {
    mlua *m = isolate_of(L);
    index = lua_absindex(L, index);
    void *mark = lua_islightuserdata(L, index) ? lua_touserdata(L, index) : NULL;
    size_t length;
    if (m->expired || mark == &expired_mark) {
        static const char text[] = "the script computed too long without waiting";
        encode_message(m, "budget", text, sizeof text - 1, "look for a loop without end, or split the work with sleep");
    } else if (mark == &memory_mark) {
        static const char text[] = "the policy's memory is used up";
        encode_message(m, "memory", text, sizeof text - 1,
                       "look for a table that only grows or a function that calls itself without end, or raise the limit");
    } else if (lua_type(L, index) == LUA_TSTRING) {
        const char *text = lua_tolstring(L, index, &length);
        encode_message(m, NULL, text, length, NULL);
    } else if (can_raise && lua_type(L, index) == LUA_TTABLE) {
        encode_error_table(L, index);
    } else if (can_raise && lua_type(L, index) == LUA_TNUMBER) {
        const char *text = push_text(L, index, &length);
        encode_message(m, NULL, text, length, NULL);
    } else {
        char text[64];
        snprintf(text, sizeof text, "(error object is a %s value)", luaL_typename(L, index));
        encode_message(m, NULL, text, strlen(text), NULL);
    }
}

static int error_text(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    static const char *const fields[] = {"place", "message", "code"};
    for (int i = 0; i < 3; i++) {
        lua_pushstring(L, fields[i]);
        lua_rawget(L, 1);
    }
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    if (lua_type(L, 2) == LUA_TSTRING) {
        luaL_addstring(&b, lua_tostring(L, 2));
        luaL_addstring(&b, ": ");
    }
    luaL_addstring(&b, lua_type(L, 3) == LUA_TSTRING ? lua_tostring(L, 3) : "error");
    if (lua_type(L, 4) == LUA_TSTRING) {
        luaL_addstring(&b, " [");
        luaL_addstring(&b, lua_tostring(L, 4));
        luaL_addstring(&b, "]");
    }
    luaL_pushresult(&b);
    return 1;
}

static int error_concatenate(lua_State *L) {
    push_text(L, 1, NULL);
    push_text(L, 2, NULL);
    lua_concat(L, 2);
    return 1;
}

// Gives the class of error objects its text.
void open_errors(lua_State *L) {
    push_class(L, "error", 5);
    lua_pushcfunction(L, error_text);
    lua_setfield(L, -2, "__tostring");
    lua_pushcfunction(L, error_concatenate);
    lua_setfield(L, -2, "__concat");
    lua_pop(L, 1);
}
