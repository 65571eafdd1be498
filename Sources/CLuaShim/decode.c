// Flat bytes to Lua values. Runs inside protected code. The bytes come from Swift and are well formed.
#include "internal.h"

typedef struct {
    lua_State *L;
    const uint8_t *next;
} decoder;

static uint32_t read_size(decoder *d) {
    uint32_t size;
    memcpy(&size, d->next, 4);
    d->next += 4;
    return size;
}

static void decode_one(decoder *d);

static void push_function(lua_State *L, lua_Integer number) {
    mlua *m = isolate_of(L);
    if (m->strand == NULL || lua_rawgeti(L, LUA_REGISTRYINDEX, m->strand->run->functions_ref) != LUA_TTABLE) {
        raise_error(L, "bad_argument", "a function reference is not of this run", NULL);
    }
    lua_rawgeti(L, -1, number);
    lua_remove(L, -2);
}

static void decode_object(decoder *d) {
    lua_State *L = d->L;
    uint32_t count = read_size(d);
    lua_createtable(L, 0, (int)count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t length = read_size(d);
        const char *key = (const char *)d->next;
        d->next += length;
        if (length > 0 && key[0] == '$') {
            if (length == 5 && memcmp(key, "$type", 5) == 0 && d->next[0] == MLUA_STRING) {
                d->next++;
                uint32_t size = read_size(d);
                push_class(L, (const char *)d->next, size);
                d->next += size;
                lua_setmetatable(L, -2);
                continue;
            }
            if (count == 1 && length == 9 && memcmp(key, "$function", 9) == 0 && d->next[0] == MLUA_INTEGER) {
                int64_t number;
                memcpy(&number, d->next + 1, 8);
                d->next += 9;
                lua_pop(L, 1);
                push_function(L, number);
                return;
            }
        }
        lua_pushlstring(L, key, length);
        decode_one(d);
        lua_rawset(L, -3);
    }
}

static void decode_one(decoder *d) {
    lua_State *L = d->L;
    luaL_checkstack(L, 4, "nested value");
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
            lua_pushlstring(L, (const char *)d->next, length);
            d->next += length;
            break;
        }
        case MLUA_ARRAY: {
            uint32_t count = read_size(d);
            lua_createtable(L, (int)count, 0);
            for (uint32_t i = 1; i <= count; i++) {
                decode_one(d);
                lua_rawseti(L, -2, i);
            }
            break;
        }
        case MLUA_OBJECT: decode_object(d); break;
        default: lua_pushnil(L); break;
    }
}

// Pushes the elements of an encoded array and returns how many.
int decode_values(lua_State *L, mlua_bytes bytes) {
    if (bytes.length == 0) return 0;
    decoder d = {L, bytes.start + 1};
    uint32_t count = read_size(&d);
    luaL_checkstack(L, (int)count + 8, "values");
    for (uint32_t i = 0; i < count; i++) decode_one(&d);
    return (int)count;
}

void decode_value(lua_State *L, mlua_bytes bytes) {
    decoder d = {L, bytes.start};
    decode_one(&d);
}
