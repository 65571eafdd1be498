// The global table of a run: empty and its own, over the shared library, which is read-only.
#include "internal.h"

// In a metatable: marks a table that scripts may not change; for a library table, the table behind it.
char locked_key;

// A global is declared by assigning it while a file's top level runs; later only declared ones may be assigned.
static int assign_global(lua_State *L) {
    strand *s = isolate_of(L)->strand;
    bool open = s == NULL || s->run->loading > 0 || (s->run->flags & MLUA_TOP_LEVEL_EFFECTS);
    if (open) {
        lua_settop(L, 3);
        lua_rawset(L, 1);
        return 0;
    }
    const char *name = push_text(L, 2, NULL);
    return raise_error(L, "script_error", lua_pushfstring(L, "assignment to the undeclared global '%s'", name),
                 "write local before it, or assign it at the file's top level first");
}

static int refuse_assignment(lua_State *L) {
    const char *name = push_text(L, 2, NULL);
    return raise_error(L, "script_error", lua_pushfstring(L, "'%s' belongs to a read-only table of the library", name), NULL);
}

// Makes the metatable that all environments share.
void open_environment(lua_State *L) {
    mlua *m = isolate_of(L);
    lua_createtable(L, 0, 4);
    lua_rawgeti(L, LUA_REGISTRYINDEX, m->library_ref);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, assign_global);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pushboolean(L, 1);
    lua_rawsetp(L, -2, &locked_key);
    m->environment_meta_ref = luaL_ref(L, LUA_REGISTRYINDEX);
}

void push_environment(lua_State *L, mlua *m) {
    lua_newtable(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, m->environment_meta_ref);
    lua_setmetatable(L, -2);
}

static void lock_value(lua_State *L, int visited, int depth);

// Replaces the tables in the table on top by read-only views of them.
static void lock_members(lua_State *L, int visited, int depth) {
    int table = lua_gettop(L);
    lua_pushnil(L);
    while (lua_next(L, table)) {
        if (lua_type(L, -1) != LUA_TTABLE) {
            lua_pop(L, 1);
            continue;
        }
        lock_value(L, visited, depth);
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, table);
    }
}

// Replaces the table on top by its view.
static void lock_value(lua_State *L, int visited, int depth) {
    check_stack(L, 12);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, visited) == LUA_TTABLE) {
        lua_remove(L, -2);
        return;
    }
    lua_pop(L, 1);
    int table = lua_gettop(L);
    lua_newtable(L);
    int view = lua_gettop(L);
    lua_pushvalue(L, table);
    lua_pushvalue(L, view);
    lua_rawset(L, visited);
    lua_pushvalue(L, view);
    lua_pushvalue(L, view);
    lua_rawset(L, visited);
    lua_createtable(L, 0, 6);
    static const char *const kept[] = {"__call", "__tostring", "__name"};
    for (int i = 0; i < 3; i++) {
        if (luaL_getmetafield(L, table, kept[i]) != LUA_TNIL) lua_setfield(L, -2, kept[i]);
    }
    lua_pushvalue(L, table);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, refuse_assignment);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pushvalue(L, table);
    lua_rawsetp(L, -2, &locked_key);
    lua_setmetatable(L, view);
    lua_pushvalue(L, table);
    if (depth < 16) lock_members(L, visited, depth + 1);
    lua_pop(L, 1);
    lua_replace(L, table);
}

// Expects the library on top: makes every table in it read-only.
void lock_tables(lua_State *L) {
    int library = lua_gettop(L);
    lua_newtable(L);
    int visited = lua_gettop(L);
    lua_pushvalue(L, library);
    lock_members(L, visited, 0);
    lua_settop(L, library);
}
