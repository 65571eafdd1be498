// table.sort as a merge sort: equal elements keep their order, and no clock chooses a pivot, so that a replay sorts alike.
#include "internal.h"

enum { SHORT = 8 };

// Stack: 1 the table being sorted, 2 the comparison or nil, 3 a scratch table.
static bool comes_before(lua_State *L, int left, int right) {
    if (lua_isnil(L, 2)) return lua_compare(L, left, right, LUA_OPLT);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, left);
    lua_pushvalue(L, right);
    lua_call(L, 2, 1);
    bool answer = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return answer;
}

static void insertion_sort(lua_State *L, int table, lua_Integer low, lua_Integer high) {
    for (lua_Integer i = low + 1; i <= high; i++) {
        lua_rawgeti(L, table, i);
        int element = lua_gettop(L);
        lua_Integer hole = i;
        while (hole > low) {
            lua_rawgeti(L, table, hole - 1);
            if (!comes_before(L, element, element + 1)) {
                lua_pop(L, 1);
                break;
            }
            lua_rawseti(L, table, hole--);
        }
        lua_rawseti(L, table, hole);
    }
}

// Merges two neighbouring runs of `from` into `to`.
static void merge(lua_State *L, int from, int to, lua_Integer low, lua_Integer middle, lua_Integer high) {
    lua_Integer left = low, right = middle + 1;
    for (lua_Integer i = low; i <= high; i++) {
        bool take_right = left > middle;
        if (!take_right && right <= high) {
            lua_rawgeti(L, from, right);
            lua_rawgeti(L, from, left);
            take_right = comes_before(L, lua_gettop(L) - 1, lua_gettop(L));
            lua_pop(L, 2);
        }
        lua_rawgeti(L, from, take_right ? right++ : left++);
        lua_rawseti(L, to, i);
    }
}

static int stable_sort(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    if (lua_getmetatable(L, 1)) {
        return raise_error(L, "bad_argument", "table.sort takes a plain table", "copy its elements into a plain table");
    }
    lua_Integer count = (lua_Integer)lua_rawlen(L, 1);
    lua_createtable(L, count > SHORT ? (int)count : 0, 0);
    check_stack(L, 8);
    for (lua_Integer low = 1; low <= count; low += SHORT) {
        insertion_sort(L, 1, low, low + SHORT - 1 < count ? low + SHORT - 1 : count);
    }
    int from = 1, to = 3;
    for (lua_Integer width = SHORT; width < count; width *= 2) {
        for (lua_Integer low = 1; low <= count; low += 2 * width) {
            lua_Integer middle = low + width - 1 < count ? low + width - 1 : count;
            lua_Integer high = low + 2 * width - 1 < count ? low + 2 * width - 1 : count;
            merge(L, from, to, low, middle, high);
        }
        int swap = from;
        from = to;
        to = swap;
    }
    if (from == 3) {
        for (lua_Integer i = 1; i <= count; i++) {
            lua_rawgeti(L, 3, i);
            lua_rawseti(L, 1, i);
        }
    }
    return 0;
}

// Expects the table library on top.
void open_sort(lua_State *L) {
    lua_pushcfunction(L, stable_sort);
    lua_setfield(L, -2, "sort");
}
