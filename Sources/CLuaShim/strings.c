// The string library of scripts: no addresses from format, no endless rep, no bytecode.
#include "internal.h"

enum { REPEAT_LIMIT = 64 << 20 };

// Whether the format asks for an address.
static bool wants_address(const char *format, size_t length) {
    const char *end = format + length;
    while ((format = memchr(format, '%', (size_t)(end - format))) != NULL) {
        format++;
        while (format < end && strchr("-+ #0123456789.", *format) != NULL && *format != '\0') format++;
        if (format < end && *format == 'p') return true;
        if (format < end) format++;
    }
    return false;
}

static int safe_format(lua_State *L) {
    size_t length;
    const char *format = luaL_checklstring(L, 1, &length);
    if (wants_address(format, length)) luaL_argerror(L, 1, "'%p' is not available in scripts");
    for (int index = lua_gettop(L); index > 1; index--) {
        int type = lua_type(L, index);
        if (type < LUA_TTABLE && type != LUA_TLIGHTUSERDATA) continue;
        push_text(L, index, NULL);
        lua_replace(L, index);
    }
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

static int bounded_rep(lua_State *L) {
    size_t length, separator;
    luaL_checklstring(L, 1, &length);
    lua_Integer count = luaL_checkinteger(L, 2);
    luaL_optlstring(L, 3, "", &separator);
    size_t each = length + separator;
    if (count <= 0 || each == 0) {
        // Lua would count to the end even when there is nothing to repeat.
        lua_pushliteral(L, "");
        return 1;
    }
    if ((lua_Unsigned)count > REPEAT_LIMIT / each) return luaL_error(L, "resulting string too large");
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

static void wrap(lua_State *L, const char *name, lua_CFunction wrapper) {
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, wrapper, 1);
    lua_setfield(L, -2, name);
}

// Changes the library in place, because the methods of texts are found there.
void open_strings(lua_State *L) {
    lua_getfield(L, -1, "string");
    wrap(L, "format", safe_format);
    wrap(L, "rep", bounded_rep);
    lua_pushnil(L);
    lua_setfield(L, -2, "dump");
    lua_pop(L, 1);
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
}
