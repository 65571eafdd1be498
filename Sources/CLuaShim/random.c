// math.random from the run's own seed: xoshiro256** (Blackman, Vigna, 2018), seeded by splitmix64.
#include "internal.h"

static uint64_t rotate(uint64_t word, int bits) { return word << bits | word >> (64 - bits); }

static uint64_t next_random(uint64_t *state) {
    uint64_t result = rotate(state[1] * 5, 7) * 9;
    uint64_t shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate(state[3], 45);
    return result;
}

static void seed_random(run *r, uint64_t seed) {
    r->seeded = true;
    for (int i = 0; i < 4; i++) {
        seed += 0x9e3779b97f4a7c15;
        uint64_t word = seed;
        word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
        word = (word ^ word >> 27) * 0x94d049bb133111eb;
        r->random[i] = word ^ word >> 31;
    }
}

static run *running(lua_State *L) {
    mlua *m = isolate_of(L);
    if (m->strand == NULL) raise_error(L, "wrong_state", "there are no random numbers outside of a run", NULL);
    run *r = m->strand->run;
    // Most runs draw no number.
    if (!r->seeded) seed_random(r, r->seed);
    return r;
}

// A number of 0…limit without bias: draws under the next power of two until one fits.
static uint64_t below_or_equal(uint64_t *state, uint64_t limit) {
    uint64_t mask = limit;
    for (int shift = 1; shift < 64; shift *= 2) mask |= mask >> shift;
    uint64_t number;
    do number = next_random(state) & mask;
    while (number > limit);
    return number;
}

static int random_number(lua_State *L) {
    run *r = running(L);
    lua_Integer low = 1, high;
    switch (lua_gettop(L)) {
        case 0: lua_pushnumber(L, (lua_Number)(next_random(r->random) >> 11) * 0x1p-53); return 1;
        case 1:
            high = luaL_checkinteger(L, 1);
            if (high == 0) {
                lua_pushinteger(L, (lua_Integer)next_random(r->random));
                return 1;
            }
            break;
        case 2:
            low = luaL_checkinteger(L, 1);
            high = luaL_checkinteger(L, 2);
            break;
        default: return luaL_error(L, "wrong number of arguments");
    }
    luaL_argcheck(L, low <= high, lua_gettop(L), "interval is empty");
    lua_pushinteger(L, (lua_Integer)((uint64_t)low + below_or_equal(r->random, (uint64_t)high - (uint64_t)low)));
    return 1;
}

// Without an argument the next seed comes from the run's own numbers, never from the clock.
static int random_seed(lua_State *L) {
    run *r = running(L);
    uint64_t seed;
    if (lua_isnoneornil(L, 1)) {
        seed = next_random(r->random);
    } else {
        lua_Number number = luaL_checknumber(L, 1);
        memcpy(&seed, &number, sizeof seed);
    }
    seed_random(r, seed);
    return 0;
}

// Expects the math table on top.
void open_random(lua_State *L) {
    lua_pushcfunction(L, random_number);
    lua_setfield(L, -2, "random");
    lua_pushcfunction(L, random_seed);
    lua_setfield(L, -2, "randomseed");
}
