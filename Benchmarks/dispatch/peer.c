// The peer of the dispatch benchmark: a plain C program that embeds Lua and does the same work for each event as Muster does.
// A fresh environment over a shared library, the file's main function, a table of the event with its resource (which has a
// class), the handler under a protected call with a traceback, its result. No budget, no memory cap, no coroutine.
//
// Usage: DispatchPeer HOOK EVENTS; prints nanoseconds of processor time and a checksum.
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { VARIETY = 64 };

typedef struct {
    long long sequence, time, epoch, id;
    char name[32], mac[32];
} event;

static event events[VARIETY];
static int handler_ref, main_ref, environment_meta_ref, class_ref;

static void make_events(void) {
    for (int i = 0; i < VARIETY; i++) {
        event *e = &events[i];
        e->sequence = i;
        e->time = 1700000000000 + i;
        e->epoch = i % 8;
        e->id = i;
        snprintf(e->name, sizeof e->name, "node%d", i);
        snprintf(e->mac, sizeof e->mac, "52:54:00:00:00:%02x", i);
    }
}

static int on(lua_State *L) {
    luaL_checkstring(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    luaL_checktype(L, 3, LUA_TFUNCTION);
    lua_settop(L, 3);
    lua_rawseti(L, LUA_REGISTRYINDEX, handler_ref);
    return 0;
}

static int refuse(lua_State *L) { return luaL_error(L, "undeclared global"); }

static int traceback(lua_State *L) {
    luaL_traceback(L, L, lua_tostring(L, 1), 1);
    return 1;
}

static void push_event(lua_State *L, const event *e) {
    lua_createtable(L, 0, 6);
    lua_pushinteger(L, e->sequence);
    lua_setfield(L, -2, "sequence");
    lua_pushstring(L, "resource.failed");
    lua_setfield(L, -2, "name");
    lua_pushstring(L, "silent");
    lua_setfield(L, -2, "kind");
    lua_pushinteger(L, e->time);
    lua_setfield(L, -2, "time");
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, "urgent");
    lua_createtable(L, 0, 6);
    lua_pushinteger(L, e->id);
    lua_setfield(L, -2, "id");
    lua_pushstring(L, e->name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, e->mac);
    lua_setfield(L, -2, "mac");
    lua_pushstring(L, "on");
    lua_setfield(L, -2, "power");
    lua_pushstring(L, "silent");
    lua_setfield(L, -2, "liveness");
    lua_pushinteger(L, e->epoch);
    lua_setfield(L, -2, "epoch");
    lua_rawgeti(L, LUA_REGISTRYINDEX, class_ref);
    lua_setmetatable(L, -2);
    lua_setfield(L, -2, "resource");
}

// Runs one event; returns what the handler returned.
static long long dispatch(lua_State *L, const event *e) {
    lua_pushcfunction(L, traceback);
    lua_rawgeti(L, LUA_REGISTRYINDEX, main_ref);
    lua_newtable(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, environment_meta_ref);
    lua_setmetatable(L, -2);
    lua_setupvalue(L, -2, 1);
    if (lua_pcall(L, 0, 0, 1) != LUA_OK) abort();
    lua_rawgeti(L, LUA_REGISTRYINDEX, handler_ref);
    push_event(L, e);
    if (lua_pcall(L, 1, 1, 1) != LUA_OK) abort();
    long long result = lua_tointeger(L, -1);
    lua_settop(L, 0);
    return result;
}

static int open_hook(lua_State *L, const char *path) {
    luaL_openlibs(L);
    lua_createtable(L, 0, 2);
    lua_pushglobaltable(L);
    lua_pushcfunction(L, on);
    lua_setfield(L, -2, "on");
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, refuse);
    lua_setfield(L, -2, "__newindex");
    environment_meta_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    luaL_newmetatable(L, "resource");
    lua_newtable(L);
    lua_setfield(L, -2, "__index");
    class_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pushboolean(L, 0);
    handler_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    if (luaL_loadfile(L, path) != LUA_OK) return 1;
    main_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

int main(int count, char **arguments) {
    if (count != 3) {
        fprintf(stderr, "usage: DispatchPeer HOOK EVENTS\n");
        return 2;
    }
    long long total = atoll(arguments[2]), sum = 0;
    make_events();
    lua_State *L = luaL_newstate();
    if (L == NULL || open_hook(L, arguments[1]) != 0) {
        fprintf(stderr, "cannot load %s\n", arguments[1]);
        return 1;
    }
    struct timespec start, end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    for (long long i = 0; i < total; i++) sum += dispatch(L, &events[i % VARIETY]);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    printf("%lld %lld\n", (long long)(end.tv_sec - start.tv_sec) * 1000000000 + end.tv_nsec - start.tv_nsec, sum);
    lua_close(L);
    return 0;
}
