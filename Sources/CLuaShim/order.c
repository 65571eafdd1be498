// Iteration in key order: numbers, texts, booleans, then objects by their id. Lua's own order follows addresses and a
// random seed, so that a replayed run could take another path.
#include <stdlib.h>

#include "internal.h"

enum { KIND_NUMBER, KIND_TEXT, KIND_BOOLEAN, KIND_OBJECT, KIND_OTHER };

typedef struct {
    int kind;
    int position;
    lua_Integer integer;
    lua_Number number;   // of a float key, which has a fraction or is infinite
    bool is_float;
    const char *text;    // anchored by the table being iterated
    size_t length;
} key;

static key read_key(lua_State *L, int index) {
    key k = {0};
    switch (lua_type(L, index)) {
        case LUA_TNUMBER:
            k.kind = KIND_NUMBER;
            k.is_float = !lua_isinteger(L, index);
            k.number = lua_tonumber(L, index);
            k.integer = k.is_float ? 0 : lua_tointeger(L, index);
            break;
        case LUA_TSTRING:
            k.kind = KIND_TEXT;
            k.text = lua_tolstring(L, index, &k.length);
            break;
        case LUA_TBOOLEAN:
            k.kind = KIND_BOOLEAN;
            k.integer = lua_toboolean(L, index);
            break;
        case LUA_TTABLE:
            k.kind = KIND_OTHER;
            lua_pushvalue(L, index);
            lua_pushliteral(L, "id");
            if (lua_rawget(L, -2) == LUA_TSTRING) {
                k.kind = KIND_OBJECT;
                k.text = lua_tolstring(L, -1, &k.length);
            }
            lua_pop(L, 2);
            break;
        default: k.kind = KIND_OTHER;
    }
    return k;
}

static int compare(const void *left_pointer, const void *right_pointer) {
    const key *left = left_pointer, *right = right_pointer;
    if (left->kind != right->kind) return left->kind < right->kind ? -1 : 1;
    switch (left->kind) {
        case KIND_NUMBER:
            if (left->is_float || right->is_float) return (left->number > right->number) - (left->number < right->number);
            return (left->integer > right->integer) - (left->integer < right->integer);
        case KIND_TEXT:
        case KIND_OBJECT: {
            size_t shorter = left->length < right->length ? left->length : right->length;
            int order = memcmp(left->text, right->text, shorter);
            return order ? order : (left->length > right->length) - (left->length < right->length);
        }
        case KIND_BOOLEAN: return (int)(left->integer - right->integer);
        default: return 0;
    }
}

static int refuse_unordered(lua_State *L) {
    return raise_error(L, "bad_argument", "this table's keys are tables or functions without an id, which have no lasting order",
                 "use names or ids as keys, or keep a sequence beside the table");
}

// Replaces a read-only table of the library at index 1 by what it shows.
static void look_behind_lock(lua_State *L) {
    if (!lua_getmetatable(L, 1)) return;
    if (lua_rawgetp(L, -1, &locked_key) == LUA_TTABLE) {
        lua_replace(L, 1);
        lua_pop(L, 1);
    } else {
        lua_pop(L, 2);
    }
}

static int raw_next(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    if (lua_next(L, 1)) return 2;
    lua_pushnil(L);
    return 1;
}

// Upvalues: the keys, their order, how many, and how many are done.
static int sorted_next(lua_State *L) {
    const key *keys = lua_touserdata(L, lua_upvalueindex(2));
    lua_Integer count = lua_tointeger(L, lua_upvalueindex(3));
    lua_Integer done = lua_tointeger(L, lua_upvalueindex(4));
    lua_settop(L, 1);
    while (done < count) {
        lua_rawgeti(L, lua_upvalueindex(1), keys[done++].position);
        lua_pushvalue(L, 2);
        // A key whose value was removed meanwhile is passed over.
        if (lua_rawget(L, 1) != LUA_TNIL) {
            lua_pushinteger(L, done);
            lua_replace(L, lua_upvalueindex(4));
            return 2;
        }
        lua_settop(L, 1);
    }
    lua_pushinteger(L, done);
    lua_replace(L, lua_upvalueindex(4));
    lua_pushnil(L);
    return 1;
}

// Counts the entries of the table at 1, and says whether Lua's own order is the right one.
static bool in_order(lua_State *L, lua_Integer *count) {
    key previous = {.kind = -1};
    bool ordered = true;
    *count = 0;
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        ++*count;
        if (!ordered) continue;
        key k = read_key(L, lua_gettop(L));
        if (*count > 1 && (k.kind == KIND_OTHER || compare(&previous, &k) >= 0)) ordered = false;
        previous = k;
    }
    return ordered;
}

static int sorted_iterator(lua_State *L, lua_Integer count) {
    lua_createtable(L, (int)count, 0);
    key *keys = lua_newuserdatauv(L, (size_t)count * sizeof(key), 0);
    lua_Integer filled = 0;
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        keys[filled] = read_key(L, lua_gettop(L));
        keys[filled].position = (int)filled + 1;
        filled++;
        lua_pushvalue(L, -1);
        lua_rawseti(L, 2, filled);
    }
    qsort(keys, (size_t)count, sizeof(key), compare);
    for (lua_Integer i = 1; i < count; i++) {
        if (keys[i].kind >= KIND_OBJECT && compare(&keys[i - 1], &keys[i]) == 0) return refuse_unordered(L);
    }
    lua_pushinteger(L, count);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, sorted_next, 4);
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

static int pairs_done(lua_State *L, int status, lua_KContext context) {
    (void)L, (void)status, (void)context;
    return 3;
}

static int ordered_pairs(lua_State *L) {
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_callk(L, 1, 3, 0, pairs_done);
        return 3;
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    look_behind_lock(L);
    lua_Integer count;
    if (!in_order(L, &count)) return sorted_iterator(L, count);
    lua_pushcfunction(L, raw_next);
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

// The entry with the smallest key after the given one: linear in the table's size.
static int ordered_next(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    look_behind_lock(L);
    bool from_start = lua_isnil(L, 2);
    key after = from_start ? (key){.kind = -1} : read_key(L, 2);
    key best = {.kind = -1};
    int others = 0;
    lua_pushnil(L);  // 3: the best key so far
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        key k = read_key(L, lua_gettop(L));
        if (k.kind == KIND_OTHER && ++others > 1) return refuse_unordered(L);
        if (!from_start && compare(&k, &after) <= 0) continue;
        if (best.kind >= 0 && compare(&k, &best) >= 0) continue;
        best = k;
        lua_pushvalue(L, -1);
        lua_replace(L, 3);
    }
    if (best.kind < 0) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushvalue(L, 3);
    lua_pushvalue(L, 3);
    lua_rawget(L, 1);
    return 2;
}

void open_order(lua_State *L) {
    lua_pushcfunction(L, ordered_pairs);
    lua_setfield(L, -2, "pairs");
    lua_pushcfunction(L, ordered_next);
    lua_setfield(L, -2, "next");
}
