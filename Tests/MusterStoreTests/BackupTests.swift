import Foundation
import MusterCore
import MusterEngine
import MusterStore
import Testing

@Suite struct BackupTests {
    let folder: Folder
    var state: String { folder.path + "/state" }
    var file: String { folder.path + "/muster.backup" }

    init() throws {
        folder = try Folder()
        try FileManager.default.createDirectory(atPath: folder.path + "/state", withIntermediateDirectories: true)
    }

    /// A fleet with a server that is claimed, under a run.
    private func fill(_ store: SQLiteStore) async throws {
        let at = Timestamp(milliseconds: 1_700_000_000_000)
        var batch = Batch()
        var general = General()
        general.lastEvent = EventID(10)
        general.lastEpoch = Epoch(7)
        general.lastRun = RunID(3)
        let mac = try #require(MACAddress("52:54:00:77:00:01"))
        var server = Server(id: ServerID("shop"), image: ImageID("shop"))
        server.target = .running
        let step = Step(run: RunID(3), address: "1", name: "resource.fence", arguments: [], intended: at)
        batch.events = [event(10)]
        batch.changes = [
            .general(general), .resource(Resource(id: ResourceID("node1"), macs: [mac])),
            .image(Image(id: ImageID("shop"), path: "/shop.raw")),
            .server(server),
            .claim(Claim(epoch: Epoch(7), server: ServerID("shop"), image: ImageID("shop"), resource: ResourceID("node1"), at: at)),
            .evidence(Evidence(id: Evidence.ID(1), kind: .off, resource: ResourceID("node1"), epoch: Epoch(7), at: at, detail: "read off")),
            .run(
                Run(
                    id: RunID(3), hook: HookID("failover#1"), key: "node1", cause: .event(EventID(10)), code: "abc", status: .running,
                    at: at, argument: .null, seed: 1)),
            .step(step),
        ]
        try await store.commit(batch)
    }

    private func event(_ id: Int64) -> Event {
        Event(
            id: EventID(id), at: Timestamp(milliseconds: 0), name: "user.load",
            data: ["text": .string(String(repeating: "x", count: 2_000))])
    }

    private func restoring(force: Bool = false) -> Restoring { Restoring(file: file, state: state, replacing: force, operatorName: "Ann") }

    private func refuses(_ code: MusterError.Code, _ body: () async throws -> some Sendable) async {
        do {
            _ = try await body()
            Issue.record("it was done")
        } catch {
            #expect((error as? MusterError)?.code == code, "\(error)")
        }
    }

    @Test func aBackupIsOneMomentOfAStoreThatGoesOn() async throws {
        let store = try SQLiteStore(path: state + "/muster.sqlite")
        try await fill(store)
        for number in 11...1_500 {
            var batch = Batch()
            batch.events = [event(Int64(number))]
            try await store.commit(batch)
        }
        async let report = store.backup(to: file, replacing: false)
        var next: Int64 = 1_501
        // Commits go on while it is written.
        while store.backupProgress == nil, next < 1_600 {
            var batch = Batch()
            batch.events = [event(next)]
            try await store.commit(batch)
            next += 1
        }
        let written = try await report
        #expect(written.bytes > 2_000 * 1_490 && written.path == file)
        #expect(store.backupProgress == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["muster.backup", "state"])
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        // All numbers up to some commit, without a gap.
        let copy = try SQLiteStore(path: file)
        let events = try await copy.events(after: EventID(0), limit: 10_000).map(\.id.rawValue)
        #expect(events == Array(10...(events.last ?? 0)) && events.count >= 1_491)
    }

    @Test func aBackupOverwritesNothingUnasked() async throws {
        let store = try SQLiteStore(path: state + "/muster.sqlite")
        try await fill(store)
        _ = try await store.backup(to: file, replacing: false)
        await refuses("file_exists") { try await store.backup(to: file, replacing: false) }
        _ = try await store.backup(to: file, replacing: true)
        await refuses(.badArgument) { try await store.backup(to: state + "/copy", replacing: true) }
        await refuses(.badArgument) { try await store.backup(to: state + "/../state/copy", replacing: true) }
        await refuses(.badArgument) { try await store.backup(to: "copy", replacing: true) }
        await refuses("file_exists") { try await store.backup(to: folder.path + "/state", replacing: true) }
        await refuses(.storeFailed) { try await store.backup(to: folder.path + "/absent/copy", replacing: true) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["muster.backup", "state"])
    }

    @Test func aRestoredStoreBelievesNothing() async throws {
        do {
            let store = try SQLiteStore(path: state + "/muster.sqlite")
            try await fill(store)
            _ = try await store.backup(to: file, replacing: false)
        }
        try FileManager.default.removeItem(atPath: state)
        let report = try await restoring().run()
        #expect(report.kept == nil && !report.hasKey && report.servers == 1)
        let store = try SQLiteStore(path: state + "/muster.sqlite")
        let snapshot = try await store.load()
        #expect(!snapshot.general.armed && snapshot.general.restored?.backup == report.backup)
        #expect(snapshot.general.lastEpoch >= Epoch(1_000_007) && snapshot.general.lastRun >= RunID(1_000_003))
        #expect(snapshot.runs.isEmpty && snapshot.evidence.isEmpty)
        #expect(snapshot.claims.map(\.unproven) == [true])
        #expect(snapshot.resources.map(\.unproven) == [true])
        let run = try #require(try await store.run(RunID(3)))
        #expect(run.status == .failed && run.error?.code == "restored")
        let told = try await store.latestEvents(limit: 2)
        #expect(told.map(\.name) == ["engine.restored", "server.blocked"])
        #expect(told.last?.data["remedy"]?.string?.contains("muster arm") == true)
        #expect(try !FileManager.default.contentsOfDirectory(atPath: state).contains { $0.hasPrefix("restoring") })
    }

    @Test func whatIsThereIsPutAsideOnlyWhenAskedAndNoEngineRuns() async throws {
        let database = state + "/muster.sqlite"
        do {
            let store = try SQLiteStore(path: database)
            try await fill(store)
            _ = try await store.backup(to: file, replacing: false)
            var later = Batch()
            later.events = [event(11)]
            try await store.commit(later)
        }
        try Data("key".utf8).write(to: URL(fileURLWithPath: state + "/secret.key"))
        await refuses("state_exists") { try await restoring().run() }
        do {
            let engine = try StateDirectory(state)
            await refuses(.storeLocked) { try await restoring(force: true).run() }
            withExtendedLifetime(engine) {}
        }
        #expect(try await SQLiteStore(path: database).latestEvents(limit: 1).map(\.id) == [EventID(11)])
        let report = try await restoring(force: true).run()
        let kept = try #require(report.kept)
        #expect(report.hasKey)
        #expect(try await SQLiteStore(path: kept).latestEvents(limit: 1).map(\.id) == [EventID(11)])
        #expect(try await SQLiteStore(path: database).events(after: EventID(10), limit: 1).map(\.name) == ["engine.restored"])
    }

    @Test func aFileThatIsNoGoodChangesNothing() async throws {
        await refuses(.notFound) { try await restoring().run() }
        do {
            let store = try SQLiteStore(path: folder.path + "/other.sqlite")
            try await fill(store)
        }
        try FileManager.default.moveItem(atPath: folder.path + "/other.sqlite", toPath: file)
        await refuses("bad_backup") { try await restoring().run() }
        try FileManager.default.removeItem(atPath: file)
        do {
            let other = folder.path + "/other"
            try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
            let store = try SQLiteStore(path: other + "/muster.sqlite")
            try await fill(store)
            for number in 11...200 {
                var batch = Batch()
                batch.events = [event(Int64(number))]
                try await store.commit(batch)
            }
            _ = try await store.backup(to: file, replacing: false)
        }
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
        for page in stride(from: 30, to: 90, by: 3) {
            try handle.seek(toOffset: UInt64(page * 4096))
            try handle.write(contentsOf: Data(repeating: 0x5a, count: 200))
        }
        try handle.close()
        await refuses(.storeCorrupt) { try await restoring().run() }
        #expect(try FileManager.default.contentsOfDirectory(atPath: state) == ["lock"])
    }
}
