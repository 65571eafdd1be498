// Flat bytes to Lua values. Runs inside protected code. The bytes come from Swift and are well formed.
#include "internal.h"

typedef struct {
    lua_State *L;
    mlua *m;
    const uint8_t *next;
    int depth;
} decoder;

static uint32_t read_size(decoder *d) {
    uint32_t size;
    memcpy(&size, d->next, 4);
    d->next += 4;
    return size;
}

static void decode_one(decoder *d);

__attribute__((noinline)) static void push_new_text(decoder *d) {
    lua_State *L = d->L;
    bool kept = *d->next++ == MLUA_NEW_TEXT;
    int slot = kept ? *d->next++ : 0;
    uint32_t length = read_size(d);
    lua_pushlstring(L, (const char *)d->next, length);
    d->next += length;
    if (!kept) return;
    lua_pushvalue(L, -1);
    lua_rawseti(L, LUA_REGISTRYINDEX, d->m->first_text_ref + slot);
    d->m->texts_kept++;
}

// Pushes the text at the reader.
static inline void push_text_value(decoder *d) {
    if (d->next[0] == MLUA_TEXT) {
        lua_rawgeti(d->L, LUA_REGISTRYINDEX, d->m->first_text_ref + d->next[1]);
        d->next += 2;
    } else {
        push_new_text(d);
    }
}

// Reserves neighbouring places in the registry for the texts that Swift names by their slots: finding such a text costs less than
// Lua's own hash of every byte.
void open_texts(lua_State *L) {
    mlua *m = isolate_of(L);
    for (int i = 0; i < MLUA_TEXT_SLOTS; i++) {
        lua_pushboolean(L, 0);
        int reference = luaL_ref(L, LUA_REGISTRYINDEX);
        if (i == 0) m->first_text_ref = reference;
    }
}

static void push_function(lua_State *L, lua_Integer number) {
    mlua *m = isolate_of(L);
    if (m->strand == NULL || lua_rawgeti(L, LUA_REGISTRYINDEX, m->strand->run->functions_ref) != LUA_TTABLE) {
        raise_error(L, "bad_argument", "a function reference is not of this run", NULL);
    }
    lua_rawgeti(L, -1, number);
    lua_remove(L, -2);
}

// Makes sure of stack for the next levels of nesting.
static void open_table(decoder *d) {
    enum { LEVELS = 8, SLOTS = 3 };
    if (d->depth++ % LEVELS == 0) check_stack(d->L, (LEVELS + 1) * SLOTS + 8);
}

// Gives the table on top the metatable of its class, whose name comes next.
static void give_class(decoder *d) {
    lua_State *L = d->L;
    lua_rawgeti(L, LUA_REGISTRYINDEX, d->m->classes_ref);
    push_text_value(d);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -3) == LUA_TNIL) {
        lua_pop(L, 1);
        size_t length;
        const char *name = lua_tolstring(L, -1, &length);
        push_class(L, name, length);
    }
    lua_setmetatable(L, -4);
    lua_pop(L, 2);
}

// Whether the key at the reader is this one, which is then read.
static bool take_key(decoder *d, const char *name, uint32_t size) {
    uint32_t length;
    memcpy(&length, d->next + 1, 4);
    if (length != size || memcmp(d->next + 5, name, size) != 0) return false;
    d->next += 5 + size;
    return true;
}

static void decode_object(decoder *d) {
    lua_State *L = d->L;
    uint32_t count = read_size(d);
    open_table(d);
    lua_createtable(L, 0, (int)count);
    for (uint32_t i = 0; i < count; i++) {
        // Keys that mean something are written in full.
        if (d->next[0] == MLUA_STRING && d->next[5] == '$') {
            const uint8_t *key = d->next;
            if (take_key(d, "$type", 5)) {
                if (d->next[0] == MLUA_STRING || d->next[0] >= MLUA_TEXT) {
                    give_class(d);
                    continue;
                }
                d->next = key;
            } else if (count == 1 && take_key(d, "$function", 9)) {
                if (d->next[0] == MLUA_INTEGER) {
                    int64_t number;
                    memcpy(&number, d->next + 1, 8);
                    d->next += 9;
                    lua_pop(L, 1);
                    push_function(L, number);
                    d->depth--;
                    return;
                }
                d->next = key;
            }
        }
        push_text_value(d);
        decode_one(d);
        lua_rawset(L, -3);
    }
    d->depth--;
}

static void decode_one(decoder *d) {
    lua_State *L = d->L;
    uint8_t tag = *d->next++;
    switch (tag) {
        case MLUA_FALSE: lua_pushboolean(L, 0); break;
        case MLUA_TRUE: lua_pushboolean(L, 1); break;
        case MLUA_INTEGER: {
            int64_t number;
            memcpy(&number, d->next, 8);
            d->next += 8;
            lua_pushinteger(L, number);
            break;
        }
        case MLUA_NUMBER: {
            double number;
            memcpy(&number, d->next, 8);
            d->next += 8;
            lua_pushnumber(L, number);
            break;
        }
        case MLUA_STRING:
        case MLUA_TEXT:
        case MLUA_NEW_TEXT:
            d->next--;
            push_text_value(d);
            break;
        case MLUA_ARRAY: {
            uint32_t count = read_size(d);
            open_table(d);
            lua_createtable(L, (int)count, 0);
            for (uint32_t i = 1; i <= count; i++) {
                decode_one(d);
                lua_rawseti(L, -2, i);
            }
            d->depth--;
            break;
        }
        case MLUA_OBJECT: decode_object(d); break;
        default: lua_pushnil(L); break;
    }
}

// Pushes the elements of an encoded array and returns how many.
int decode_values(lua_State *L, mlua_bytes bytes) {
    if (bytes.length == 0) return 0;
    decoder d = {L, isolate_of(L), bytes.start + 1, 0};
    uint32_t count = read_size(&d);
    check_stack(L, (int)count + 8);
    for (uint32_t i = 0; i < count; i++) decode_one(&d);
    return (int)count;
}

void decode_value(lua_State *L, mlua_bytes bytes) {
    decoder d = {L, isolate_of(L), bytes.start, 0};
    decode_one(&d);
}
