import GRDB

/// The tables of the SQLite store. Objects are JSON bodies under their identifiers; what is searched for has columns of its own.
enum Schema {
    /// Brings a file to this version. Two processes may find a new file at once (`muster serve` and `muster secret set`): the one that
    /// comes second finds the tables made and is content.
    static func migrate(_ pool: DatabasePool) throws {
        do {
            try migrator.migrate(pool)
        } catch {
            guard try pool.read(migrator.hasCompletedMigrations) else { throw error }
        }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
                    CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
                    INSERT INTO meta VALUES ('term', 0);
                    CREATE TABLE objects (kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id))
                        STRICT, WITHOUT ROWID;
                    CREATE TABLE claims (epoch INTEGER PRIMARY KEY, live INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
                    CREATE INDEX claims_live ON claims (live) WHERE live;
                    CREATE TABLE evidence (id INTEGER PRIMARY KEY, live INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
                    CREATE INDEX evidence_live ON evidence (live) WHERE live;
                    CREATE TABLE events (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL) STRICT;
                    CREATE TABLE runs (id INTEGER PRIMARY KEY, live INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
                    CREATE INDEX runs_live ON runs (live) WHERE live;
                    CREATE TABLE steps (
                        run INTEGER NOT NULL, address TEXT NOT NULL, name TEXT NOT NULL, arguments TEXT NOT NULL,
                        intended INTEGER NOT NULL, done INTEGER, sequence INTEGER, value TEXT, error TEXT,
                        PRIMARY KEY (run, address)) STRICT, WITHOUT ROWID;
                    CREATE TABLE code (hash TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
                    CREATE TABLE secrets (name TEXT PRIMARY KEY, box BLOB NOT NULL) STRICT, WITHOUT ROWID;
                    """)
        }
        return migrator
    }
}
