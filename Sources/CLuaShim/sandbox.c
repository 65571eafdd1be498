// The basic functions of scripts: Lua's own where they are harmless, stricter ones where not.
#include "internal.h"

// Finalizers run at a time that no replay repeats and out of reach of every limit; weak tables show when garbage was collected.
static int strict_setmetatable(lua_State *L) {
    int type = lua_type(L, 2);
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL) return luaL_error(L, "cannot change a protected metatable");
    if (type == LUA_TTABLE) {
        static const char *const refused[] = {"__gc", "__mode"};
        for (int i = 0; i < 2; i++) {
            lua_pushstring(L, refused[i]);
            if (lua_rawget(L, 2) != LUA_TNIL) {
                return raise_error(L, "script_error", lua_pushfstring(L, "%s is not available in scripts", refused[i]),
                             i == 0 ? "use a <close> variable" : "keep the table's life in view yourself");
            }
            lua_pop(L, 1);
        }
    }
    lua_settop(L, 2);
    lua_setmetatable(L, 1);
    return 1;
}

static int strict_rawset(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 3);
    lua_settop(L, 3);
    if (lua_getmetatable(L, 1)) {
        if (lua_rawgetp(L, -1, &locked_key) != LUA_TNIL) {
            return raise_error(L, "script_error", "rawset on a read-only table", NULL);
        }
        lua_settop(L, 3);
    }
    lua_rawset(L, 1);
    return 1;
}

static int plain_tostring(lua_State *L) {
    luaL_checkany(L, 1);
    push_text(L, 1, NULL);
    return 1;
}

// Expects the library on top.
void open_sandbox(lua_State *L) {
    static const char *const copied[] = {
        "assert", "error", "getmetatable", "ipairs", "rawequal", "rawget", "rawlen", "select", "tonumber", "type", "_VERSION",
    };
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++) {
        lua_getglobal(L, copied[i]);
        lua_setfield(L, -2, copied[i]);
    }
    static const char *const libraries[] = {"string", "table", "math", "utf8"};
    for (int i = 0; i < 4; i++) {
        lua_getglobal(L, libraries[i]);
        lua_setfield(L, -2, libraries[i]);
    }
    lua_pushcfunction(L, strict_setmetatable);
    lua_setfield(L, -2, "setmetatable");
    lua_pushcfunction(L, strict_rawset);
    lua_setfield(L, -2, "rawset");
    lua_pushcfunction(L, plain_tostring);
    lua_setfield(L, -2, "tostring");
}
