// Classes of snapshots: a value with a type gets that type's metatable, and so its methods.
#include "internal.h"

// In a metatable: the name of its class.
char class_key;

// `resource "node1"`, by name, else by id.
static int class_text(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_pushliteral(L, "name");
    if (lua_rawget(L, 1) != LUA_TSTRING) {
        lua_pop(L, 1);
        lua_pushliteral(L, "id");
        lua_rawget(L, 1);
    }
    const char *name = lua_isstring(L, 2) ? lua_tostring(L, 2) : NULL;
    const char *kind = lua_tostring(L, lua_upvalueindex(1));
    if (name == NULL) {
        lua_pushstring(L, kind);
    } else {
        lua_pushfstring(L, "%s \"%s\"", kind, name);
    }
    return 1;
}

static void make_class(lua_State *L, const char *name, size_t length) {
    lua_createtable(L, 0, 6);
    lua_newtable(L);
    lua_setfield(L, -2, "__index");
    lua_pushlstring(L, name, length);
    lua_pushvalue(L, -1);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, -4, &class_key);
    lua_setfield(L, -3, "__name");
    lua_pushcclosure(L, class_text, 1);
    lua_setfield(L, -2, "__tostring");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
}

// Pushes the metatable of a class; a class not defined yet has no methods.
void push_class(lua_State *L, const char *name, size_t length) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, isolate_of(L)->classes_ref);
    lua_pushlstring(L, name, length);
    if (lua_rawget(L, -2) != LUA_TTABLE) {
        lua_pop(L, 1);
        make_class(L, name, length);
        lua_pushlstring(L, name, length);
        lua_pushvalue(L, -2);
        lua_rawset(L, -4);
    }
    lua_remove(L, -2);
}

// host.class(name, members): functions under plain names are methods, names like __eq set metamethods.
int class_define(lua_State *L) {
    size_t length;
    const char *name = luaL_checklstring(L, 1, &length);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    push_class(L, name, length);        // 3
    lua_getfield(L, 3, "__index");      // 4
    lua_pushnil(L);
    while (lua_next(L, 2)) {
        const char *member = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, strncmp(member, "__", 2) == 0 ? 3 : 4);
    }
    return 0;
}
