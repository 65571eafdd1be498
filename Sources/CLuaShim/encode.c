// Lua values to flat bytes. Runs inside protected code: what cannot cross raises.
#include <stdio.h>

#include "internal.h"

enum { DEPTH_LIMIT = 32 };

typedef struct {
    lua_State *L;
    mlua *m;
    buffer *out;
    int functions;
} encoder;

static void encode_one(encoder *e, int index, int depth, bool in_object);

static void need(encoder *e, bool written) {
    if (!written) raise_error(e->L, "bad_argument", "a value is too large to cross", "pass less at once");
}

// Room for so many bytes, which are written already.
static inline uint8_t *extend(encoder *e, size_t length) {
    buffer *b = e->out;
    if (b->capacity - b->length < length) need(e, buffer_reserve(e->m, b, length));
    uint8_t *end = b->start + b->length;
    b->length += length;
    return end;
}

static void encode_count(encoder *e, uint8_t tag, uint32_t count) {
    uint8_t *end = extend(e, 5);
    *end = tag;
    memcpy(end + 1, &count, 4);
}

static void encode_text(encoder *e, const char *text, size_t length) {
    uint32_t size = (uint32_t)length;
    uint8_t *end = extend(e, 5 + length);
    *end = MLUA_STRING;
    memcpy(end + 1, &size, 4);
    memcpy(end + 5, text, length);
}

static void encode_word(encoder *e, uint8_t tag, const void *word) {
    uint8_t *end = extend(e, 9);
    *end = tag;
    memcpy(end + 1, word, 8);
}

static void encode_integer(encoder *e, lua_Integer number) { encode_word(e, MLUA_INTEGER, &number); }

// The length when the keys are exactly 1…length, else 0.
static lua_Unsigned sequence_length(lua_State *L, int index) {
    lua_Unsigned length = lua_rawlen(L, index), count = 0;
    if (length == 0) return 0;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        lua_pop(L, 1);
        bool inside = lua_isinteger(L, -1) && (lua_Unsigned)lua_tointeger(L, -1) - 1 < length;
        if (!inside || ++count > length) {
            lua_pop(L, 1);
            return 0;
        }
    }
    return count == length ? length : 0;
}

static void encode_object(encoder *e, int index, int depth) {
    lua_State *L = e->L;
    size_t start = e->out->length;
    uint32_t count = 0;
    encode_count(e, MLUA_OBJECT, 0);
    if (lua_getmetatable(L, index)) {
        lua_rawgetp(L, -1, &class_key);
        if (lua_type(L, -1) == LUA_TSTRING) {
            size_t length;
            const char *name = lua_tolstring(L, -1, &length);
            encode_text(e, "$type", 5);
            encode_text(e, name, length);
            count++;
        }
        lua_pop(L, 2);
    }
    lua_pushnil(L);
    while (lua_next(L, index)) {
        if (lua_type(L, -2) == LUA_TSTRING) {
            size_t length;
            const char *key = lua_tolstring(L, -2, &length);
            encode_text(e, key, length);
        } else if (lua_isinteger(L, -2)) {
            char text[24];
            int length = snprintf(text, sizeof text, LUA_INTEGER_FMT, lua_tointeger(L, -2));
            encode_text(e, text, (size_t)length);
        } else {
            raise_error(L, "bad_argument", lua_pushfstring(L, "a table with a %s as key cannot cross", luaL_typename(L, -2)),
                  "use text keys, or a sequence");
        }
        encode_one(e, lua_gettop(L), depth + 1, true);
        lua_pop(L, 1);
        count++;
    }
    memcpy(e->out->start + start + 1, &count, 4);
}

static void encode_table(encoder *e, int index, int depth) {
    lua_State *L = e->L;
    if (depth >= DEPTH_LIMIT) {
        raise_error(L, "bad_argument", "a value is nested too deep to cross, or contains itself", "pass plain, finite data");
    }
    check_stack(L, 8);
    lua_Unsigned length = sequence_length(L, index);
    if (length == 0) {
        encode_object(e, index, depth);
        return;
    }
    encode_count(e, MLUA_ARRAY, (uint32_t)length);
    for (lua_Unsigned i = 1; i <= length; i++) {
        lua_rawgeti(L, index, (lua_Integer)i);
        encode_one(e, lua_gettop(L), depth + 1, false);
        lua_pop(L, 1);
    }
}

static void encode_function(encoder *e, int index, int depth, bool in_object) {
    lua_State *L = e->L;
    bool allowed = e->functions == FUNCTIONS_KEPT ? !in_object : e->functions == FUNCTIONS_DIRECT && depth == 0;
    run *r = e->m->strand ? e->m->strand->run : NULL;
    if (!allowed || r == NULL) raise_error(L, "bad_argument", "a function cannot be passed here", NULL);
    int number = keep_function(L, r, index);
    encode_count(e, MLUA_OBJECT, 1);
    encode_text(e, "$function", 9);
    encode_integer(e, number);
}

static void encode_one(encoder *e, int index, int depth, bool in_object) {
    lua_State *L = e->L;
    size_t length;
    switch (lua_type(L, index)) {
        case LUA_TNIL: *extend(e, 1) = MLUA_NULL; return;
        case LUA_TBOOLEAN: *extend(e, 1) = lua_toboolean(L, index) ? MLUA_TRUE : MLUA_FALSE; return;
        case LUA_TNUMBER:
            if (lua_isinteger(L, index)) {
                encode_integer(e, lua_tointeger(L, index));
            } else {
                lua_Number number = lua_tonumber(L, index);
                encode_word(e, MLUA_NUMBER, &number);
            }
            return;
        case LUA_TSTRING: {
            const char *text = lua_tolstring(L, index, &length);
            encode_text(e, text, length);
            return;
        }
        case LUA_TTABLE: encode_table(e, index, depth); return;
        default: break;
    }
    if (e->functions == FUNCTIONS_NAMED) {
        const char *text = push_text(L, index, &length);
        encode_text(e, text, length);
        lua_pop(L, 1);
    } else if (lua_type(L, index) == LUA_TFUNCTION) {
        encode_function(e, index, depth, in_object);
    } else {
        raise_error(L, "bad_argument", lua_pushfstring(L, "a %s cannot be passed here", luaL_typename(L, index)), NULL);
    }
}

// Encodes stack slots `first`…`last` as one array.
void encode_values(lua_State *L, buffer *b, int first, int last, int functions) {
    encoder e = {L, isolate_of(L), b, functions};
    check_stack(L, 8);
    encode_count(&e, MLUA_ARRAY, (uint32_t)(last - first + 1));
    for (int index = first; index <= last; index++) encode_one(&e, index, 0, false);
}

// Gives the function a number in its run, and keeps it unless the run waits for one number only.
int keep_function(lua_State *L, run *r, int index) {
    int number = ++r->function_count;
    if (r->wanted != 0) {
        if (r->wanted != number) return number;
        lua_pushvalue(L, index);
        lua_rawseti(L, LUA_REGISTRYINDEX, r->handler_ref);
        return number;
    }
    index = lua_absindex(L, index);
    if (lua_rawgeti(L, LUA_REGISTRYINDEX, r->functions_ref) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        r->used = true;
        lua_pushvalue(L, -1);
        lua_rawseti(L, LUA_REGISTRYINDEX, r->functions_ref);
    }
    lua_pushvalue(L, index);
    lua_rawseti(L, -2, number);
    lua_pop(L, 1);
    return number;
}
