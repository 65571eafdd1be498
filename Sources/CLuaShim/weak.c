// Weak tables show when garbage was collected, which no replay repeats. `setmetatable` refuses `__mode`, but a script may set it
// afterwards, in a table that is a metatable already, and no function of ours is called then. So the name itself is taken away:
// the collector looks the mode up by the one interned text that it has for it. That text gets other bytes, and what scripts
// write as "__mode" is from then on another text, an ordinary field.
#include <sys/random.h>

#include "internal.h"

enum { NAME_LENGTH = 6 };

// Called once, while nothing but the collector holds the name.
void hide_weak_mode(lua_State *L) {
    mlua *m = isolate_of(L);
    char *name = (char *)lua_pushlstring(L, "__mode", NAME_LENGTH);  // interned: the collector's own
    // Bytes that no script can guess: a text of the same bytes could otherwise, rarely, be found in its place.
    unsigned char secret[NAME_LENGTH];
    if (getrandom(secret, sizeof secret, 0) != NAME_LENGTH) luaL_error(L, "the system gives no random bytes");
    memcpy(name, secret, NAME_LENGTH);
    name[0] = 0;
    m->weak_mode_ref = luaL_ref(L, LUA_REGISTRYINDEX);
}

// Pushes a metatable of tables that do not keep their keys, for the shim's own.
void push_weak_keys(lua_State *L) {
    lua_createtable(L, 0, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, isolate_of(L)->weak_mode_ref);
    lua_pushliteral(L, "k");
    lua_rawset(L, -3);
}
