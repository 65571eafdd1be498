// Text of values without addresses: objects are numbered in the order in which their run first shows them.
#include "internal.h"

// Pushes the number of the object at `index`.
static void push_identity(lua_State *L, run *r, int index) {
    if (lua_rawgeti(L, LUA_REGISTRYINDEX, r->identities_ref) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        // Weak, so that showing a table does not keep it; numbers only grow, so collection changes none.
        push_weak_keys(L);
        lua_setmetatable(L, -2);
        r->used = true;
        lua_pushvalue(L, -1);
        lua_rawseti(L, LUA_REGISTRYINDEX, r->identities_ref);
    }
    lua_pushvalue(L, index);
    if (lua_rawget(L, -2) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_pushinteger(L, ++r->next_identity);
        lua_pushvalue(L, index);
        lua_pushvalue(L, -2);
        lua_rawset(L, -4);
    }
    lua_remove(L, -2);
}

static void push_object_text(lua_State *L, int index) {
    mlua *m = isolate_of(L);
    const char *kind = luaL_typename(L, index);
    bool named = luaL_getmetafield(L, index, "__name") == LUA_TSTRING;
    if (named) kind = lua_tostring(L, -1);
    if (m->strand == NULL || lua_type(L, index) == LUA_TLIGHTUSERDATA) {
        lua_pushstring(L, kind);
    } else {
        push_identity(L, m->strand->run, index);
        lua_pushfstring(L, "%s: %d", kind, (int)lua_tointeger(L, -1));
        lua_remove(L, -2);
    }
}

// Pushes the text of a value as tostring gives it.
const char *push_text(lua_State *L, int index, size_t *length) {
    index = lua_absindex(L, index);
    int top = lua_gettop(L);
    check_stack(L, 8);
    if (luaL_callmeta(L, index, "__tostring")) {
        if (!lua_isstring(L, -1)) luaL_error(L, "'__tostring' must return a string");
    } else if (lua_type(L, index) == LUA_TNUMBER && lua_tonumber(L, index) != lua_tonumber(L, index)) {
        // The sign of a NaN differs between machines.
        lua_pushliteral(L, "nan");
    } else if (lua_type(L, index) >= LUA_TTABLE || lua_type(L, index) == LUA_TLIGHTUSERDATA) {
        push_object_text(L, index);
    } else {
        luaL_tolstring(L, index, NULL);
    }
    lua_insert(L, top + 1);
    lua_settop(L, top + 1);
    return lua_tolstring(L, -1, length);
}
