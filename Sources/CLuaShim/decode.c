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

// The bytes of a short text as three words, which overlap or are zero where it is shorter than they are.
static void read_words(const char *text, uint32_t length, uint64_t words[3]) {
    words[1] = words[2] = 0;
    if (length >= 8) {
        memcpy(&words[0], text, 8);
        memcpy(&words[1], text + length - 8, 8);
        if (length > 16) memcpy(&words[2], text + 8, 8);
    } else if (length >= 4) {
        uint32_t first, last;
        memcpy(&first, text, 4);
        memcpy(&last, text + length - 4, 4);
        words[0] = (uint64_t)first << 32 | last;
    } else {
        words[0] = (uint8_t)text[0] | (uint64_t)(uint8_t)text[length / 2] << 8 | (uint64_t)(uint8_t)text[length - 1] << 16;
    }
}

// Pushes a text. Field names and states come again and again: finding them here is cheaper than Lua's own hash of every byte.
static void push_bytes(lua_State *L, mlua *m, const char *text, uint32_t length) {
    if (length - 1 >= CACHED_TEXT_LENGTH) {
        lua_pushlstring(L, text, length);
        return;
    }
    uint64_t words[3];
    read_words(text, length, words);
    uint64_t hash = (words[0] ^ (words[1] << 23 | words[1] >> 41) ^ words[2] ^ length) * 0x9e3779b97f4a7c15;
    int slot = (int)(hash >> (64 - TEXT_CACHE_BITS));
    cached_text *cached = &m->texts[slot];
    if (cached->words[0] == words[0] && cached->words[1] == words[1] && cached->words[2] == words[2] &&
        cached->length == length) {
        cached->recent = true;
        lua_rawgeti(L, LUA_REGISTRYINDEX, m->first_text_ref + slot);
        return;
    }
    lua_pushlstring(L, text, length);
    // A text used since the last miss keeps its slot: names of machines come and go, names of fields stay.
    if (cached->recent) {
        cached->recent = false;
        return;
    }
    lua_pushvalue(L, -1);
    lua_rawseti(L, LUA_REGISTRYINDEX, m->first_text_ref + slot);
    *cached = (cached_text){{words[0], words[1], words[2]}, length, false};
}

// Reserves the cache's neighbouring slots in the registry.
void open_texts(lua_State *L) {
    mlua *m = isolate_of(L);
    for (int i = 0; i < TEXT_CACHE_SIZE; i++) {
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

// Gives the table on top the metatable of its class.
static void give_class(decoder *d, const char *name, uint32_t length) {
    lua_State *L = d->L;
    lua_rawgeti(L, LUA_REGISTRYINDEX, d->m->classes_ref);
    push_bytes(L, d->m, name, length);
    if (lua_rawget(L, -2) == LUA_TNIL) {
        lua_pop(L, 1);
        push_class(L, name, length);
    }
    lua_setmetatable(L, -3);
    lua_pop(L, 1);
}

static void decode_object(decoder *d) {
    lua_State *L = d->L;
    uint32_t count = read_size(d);
    open_table(d);
    lua_createtable(L, 0, (int)count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t length = read_size(d);
        const char *key = (const char *)d->next;
        d->next += length;
        if (length > 0 && key[0] == '$') {
            if (length == 5 && memcmp(key, "$type", 5) == 0 && d->next[0] == MLUA_STRING) {
                d->next++;
                uint32_t size = read_size(d);
                give_class(d, (const char *)d->next, size);
                d->next += size;
                continue;
            }
            if (count == 1 && length == 9 && memcmp(key, "$function", 9) == 0 && d->next[0] == MLUA_INTEGER) {
                int64_t number;
                memcpy(&number, d->next + 1, 8);
                d->next += 9;
                lua_pop(L, 1);
                push_function(L, number);
                d->depth--;
                return;
            }
        }
        push_bytes(L, d->m, key, length);
        decode_one(d);
        lua_rawset(L, -3);
    }
    d->depth--;
}

static void decode_one(decoder *d) {
    lua_State *L = d->L;
    switch (*d->next++) {
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
        case MLUA_STRING: {
            uint32_t length = read_size(d);
            push_bytes(L, d->m, (const char *)d->next, length);
            d->next += length;
            break;
        }
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
