import Foundation
import GRDB
import MusterCore
import MusterEngine
import MusterStore
import Testing

/// A file with a page that is not what was written: said clearly at the start, and left as it is for whoever repairs it.
@Suite struct DamageTests {
    let folder: Folder
    let path: String

    init() throws {
        folder = try Folder()
        path = folder.path + "/muster.sqlite"
    }

    /// A store with every kind of object, all of it in the main file.
    private func fill() async throws -> Snapshot {
        let store = try SQLiteStore(path: path)
        var batch = Batch()
        let at = Timestamp(milliseconds: 1_700_000_000_000)
        for number in 1...40 {
            let id = RunID(Int64(number))
            batch.events.append(Event(id: EventID(Int64(number)), at: at, name: "user.x", data: ["n": .int(Int64(number))]))
            let run = Run(
                id: id, hook: HookID("h#1"), key: "", cause: .event(EventID(1)), code: "abc", status: .running, at: at, argument: .null,
                seed: 1)
            batch.changes.append(.run(run))
            for step in 1...5 {
                batch.changes.append(.step(Step(run: id, address: "\(step)", name: "log", arguments: ["text"], intended: at)))
            }
            batch.changes.append(.image(Image(id: ImageID("image\(number)"), path: "/image")))
        }
        // Longer than a page: it overflows into others.
        let source = String(repeating: "-- a long policy\n", count: 900)
        batch.changes.append(.code(CodeBundle(hash: "abc", main: "h.lua", sources: ["h.lua": source])))
        try await store.commit(batch)
        let snapshot = try await store.load()
        let queue = try DatabaseQueue(path: path)
        try await queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        try queue.close()
        return snapshot
    }

    private func contents() -> [Data] { ["", "-wal"].map { FileManager.default.contents(atPath: path + $0) ?? Data() } }

    @Test func aDamagedPageIsNamedAtTheStartAndNothingIsWritten() async throws {
        let healthy = try await fill()
        let whole = try #require(FileManager.default.contents(atPath: path))
        let pages = whole.count / 4096
        #expect(pages > 20)
        var refused = 0
        for page in 0..<pages {
            for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
            var damaged = whole
            damaged.replaceSubrange(
                (page * 4096)..<(page * 4096 + 4096), with: (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ page) })
            try damaged.write(to: URL(fileURLWithPath: path))
            let before = contents()
            do {
                let store = try SQLiteStore(path: path)
                do {
                    let loaded = try await store.load()
                    // Not used by anything that is alive: history, or a free page.
                    #expect(
                        loaded.runs == healthy.runs && loaded.steps == healthy.steps && loaded.images == healthy.images, "page \(page + 1)")
                    #expect(loaded.code == healthy.code, "page \(page + 1)")
                } catch let error as MusterError {
                    #expect(error.code == .storeCorrupt, "page \(page + 1): \(error)")
                    refused += 1
                }
            } catch let error as MusterError {
                #expect(error.code == .storeCorrupt && error.hint?.contains("backup") == true, "page \(page + 1): \(error)")
                #expect(contents() == before, "page \(page + 1)")
                refused += 1
            }
        }
        #expect(refused >= pages - 2, "\(refused) of \(pages)")
    }
}
