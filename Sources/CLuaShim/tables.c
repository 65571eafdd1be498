// The table library of scripts: its loops run in C, where no hook can stop them, so their lengths are bounded.
#include "internal.h"

enum { LENGTH_LIMIT = 10000000 };

static int original(lua_State *L) { return lua_tocfunction(L, lua_upvalueindex(1))(L); }

// A length that the script computes itself could be anything.
static void refuse_length_metamethod(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    if (luaL_getmetafield(L, 1, "__len") != LUA_TNIL) {
        raise_error(L, "bad_argument", "this table function takes no table with __len", "copy its elements into a plain table");
    }
}

static int bounded_by_length(lua_State *L) {
    refuse_length_metamethod(L);
    return original(L);
}

static int bounded_move(lua_State *L) {
    lua_Integer first = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3);
    if (last >= first && (lua_Unsigned)last - (lua_Unsigned)first >= LENGTH_LIMIT) {
        return luaL_argerror(L, 3, "too many elements to move");
    }
    return original(L);
}

static int bounded_concat(lua_State *L) {
    lua_Integer first = luaL_optinteger(L, 3, 1);
    if (lua_isnoneornil(L, 4)) {
        refuse_length_metamethod(L);
        lua_settop(L, 3);
    } else {
        lua_Integer last = luaL_checkinteger(L, 4);
        if (last >= first && (lua_Unsigned)last - (lua_Unsigned)first >= LENGTH_LIMIT) {
            return luaL_argerror(L, 4, "too many elements");
        }
    }
    return original(L);
}

static void wrap(lua_State *L, const char *name, lua_CFunction wrapper) {
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, wrapper, 1);
    lua_setfield(L, -2, name);
}

void open_tables(lua_State *L) {
    lua_getfield(L, -1, "table");
    wrap(L, "insert", bounded_by_length);
    wrap(L, "remove", bounded_by_length);
    wrap(L, "move", bounded_move);
    wrap(L, "concat", bounded_concat);
    open_sort(L);
    lua_pop(L, 1);
}
