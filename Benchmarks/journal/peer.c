// The journal's peer: the same rows into the same table with plain SQLite, prepared once, WAL, synchronous=FULL.
// Usage: JournalPeer FILE STEPS BATCH ; prints nanoseconds of wall time.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void check(int status, sqlite3 *database) {
    if (status == SQLITE_OK || status == SQLITE_DONE || status == SQLITE_ROW) return;
    fprintf(stderr, "sqlite: %s\n", sqlite3_errmsg(database));
    exit(1);
}

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int count, char **words) {
    if (count < 4) return 2;
    long steps = atol(words[2]), batch = atol(words[3]);
    sqlite3 *database;
    check(sqlite3_open(words[1], &database), database);
    check(sqlite3_exec(database,
                       "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                       "CREATE TABLE steps (run INTEGER NOT NULL, address TEXT NOT NULL, name TEXT NOT NULL, arguments TEXT NOT NULL,"
                       " intended INTEGER NOT NULL, done INTEGER, sequence INTEGER, value TEXT, error TEXT, PRIMARY KEY (run, address))"
                       " STRICT, WITHOUT ROWID",
                       0, 0, 0), database);
    sqlite3_stmt *insert;
    check(sqlite3_prepare_v2(database, "INSERT OR REPLACE INTO steps VALUES (?,?,?,?,?,?,?,?,?)", -1, &insert, 0), database);
    const char *arguments = "[{\"incarnation\":3,\"name\":\"node1\"},{}]";
    const char *value = "{\"$type\":\"resource\",\"name\":\"node1\",\"power\":\"off\",\"state\":\"fenced\"}";
    long long began = now();
    for (long step = 0; step < steps;) {
        sqlite3_exec(database, "BEGIN IMMEDIATE", 0, 0, 0);
        for (long i = 0; i < batch && step < steps; i++, step++) {
            char address[24];
            snprintf(address, sizeof address, "%ld", step % 1000 + 1);
            sqlite3_bind_int64(insert, 1, step / 1000 + 1);
            sqlite3_bind_text(insert, 2, address, -1, SQLITE_TRANSIENT);
            sqlite3_bind_text(insert, 3, "resource.refresh", -1, SQLITE_STATIC);
            sqlite3_bind_text(insert, 4, arguments, -1, SQLITE_STATIC);
            sqlite3_bind_int64(insert, 5, 1700000000000LL + step);
            sqlite3_bind_int64(insert, 6, 1700000000000LL + step);
            sqlite3_bind_int64(insert, 7, step % 1000 + 1);
            sqlite3_bind_text(insert, 8, value, -1, SQLITE_STATIC);
            sqlite3_bind_null(insert, 9);
            check(sqlite3_step(insert), database);
            sqlite3_reset(insert);
        }
        check(sqlite3_exec(database, "COMMIT", 0, 0, 0), database);
    }
    printf("%lld\n", now() - began);
    sqlite3_finalize(insert);
    sqlite3_close(database);
    return 0;
}
