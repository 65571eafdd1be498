import Foundation
import MusterCore
import MusterEngine
import MusterStore
import Testing

/// A folder that is gone with the test.
final class Folder: Sendable {
    let path: String
    init() throws {
        path = NSTemporaryDirectory() + "muster-store-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite struct SQLiteStoreTests {
    let folder: Folder
    let path: String

    init() throws {
        folder = try Folder()
        path = folder.path + "/muster.sqlite"
    }

    private func batch() throws -> Batch {
        var batch = Batch()
        let at = Timestamp(milliseconds: 1_700_000_000_000)
        batch.events = [
            Event(id: EventID(1), at: at, name: "resource.failed", resource: ResourceID("node1"), incarnation: 3, data: ["silence": 10_000])
        ]
        var general = General()
        general.lastEvent = EventID(1)
        general.lastEpoch = Epoch(7)
        let mac = try #require(MACAddress("52:54:00:77:00:01"))
        var claim = Claim(epoch: Epoch(7), server: ServerID("shop"), image: ImageID("shop"), resource: ResourceID("node1"), at: at)
        claim.export = Export(epoch: Epoch(7), host: "10.77.0.1", port: 10_809, name: "x")
        var run = Run(
            id: RunID(1), hook: HookID("failover#1"), key: "node1", cause: .event(EventID(1)), code: "abc", status: .running, at: at,
            argument: ["$type": "event", "name": "resource.failed"], seed: 42)
        run.servers = [ServerID("shop")]
        var done = Step(run: RunID(1), address: "1", name: "resource.servers", arguments: [["name": "node1"]], intended: at)
        done.done = at
        done.sequence = 1
        done.outcome = .value(["a", 1, 1.5, true, nil])
        var failed = Step(run: RunID(1), address: "2", name: "resource.fence", arguments: [], intended: at)
        failed.done = at
        failed.sequence = 2
        failed.outcome = .error(MusterError(.bmcSilent, "silent", hint: "look"))
        let intended = Step(run: RunID(1), address: "3", name: "resource.fence", arguments: [["name": "node1"]], intended: at)
        batch.changes = [
            .general(general), .resource(Resource(id: ResourceID("node1"), macs: [mac], memoryMiB: 256)),
            .image(Image(id: ImageID("shop"), path: "/shop.raw")),
            .server(Server(id: ServerID("shop"), image: ImageID("shop"), address: IPv4Network("10.77.0.100/24"))),
            .claim(claim),
            .evidence(Evidence(id: Evidence.ID(1), kind: .off, resource: ResourceID("node1"), epoch: Epoch(6), at: at, detail: "read off")),
            .code(CodeBundle(hash: "abc", main: "failover.lua", sources: ["failover.lua": "-- ünïcode"])),
            .hook(
                Hook(
                    declaration: HookDeclaration(
                        id: HookID("failover#1"), trigger: .event("resource.failed"), key: "resource", place: "failover.lua:1"),
                    file: "failover.lua", code: "abc", cursor: 1)),
            .run(run), .step(done), .step(failed), .step(intended),
        ]
        return batch
    }

    @Test func whatWasCommittedIsLoadedByTheNextEngine() async throws {
        let batch = try batch()
        try await SQLiteStore(path: path).commit(batch)
        let store = try SQLiteStore(path: path)
        let snapshot = try await store.load()
        func has(_ change: Change) -> Bool { batch.changes.contains(change) }
        #expect(has(.general(snapshot.general)))
        #expect(snapshot.resources.map { has(.resource($0)) } == [true])
        #expect(snapshot.images.map { has(.image($0)) } == [true])
        #expect(snapshot.servers.map { has(.server($0)) } == [true])
        #expect(snapshot.claims.map { has(.claim($0)) } == [true])
        #expect(snapshot.evidence.map { has(.evidence($0)) } == [true])
        #expect(snapshot.hooks.map { has(.hook($0)) } == [true])
        #expect(snapshot.code.map { has(.code($0)) } == [true])
        #expect(snapshot.runs.map { has(.run($0)) } == [true])
        #expect(snapshot.steps.map { has(.step($0)) } == [true, true, true])
        #expect(try await store.events(after: EventID(0), limit: 10) == batch.events)
        #expect(try await store.steps(of: RunID(1)).map(\.address) == ["1", "2", "3"])
    }

    @Test func endedThingsAreHistoryAndNotLoaded() async throws {
        let store = try SQLiteStore(path: path)
        try await store.commit(try batch())
        var ending = Batch()
        for change in try batch().changes {
            if case .run(var run) = change {
                run.status = .done
                ending.changes.append(.run(run))
            }
            if case .claim(var claim) = change {
                claim.ended = Evidence.ID(1)
                claim.exportCut = true
                ending.changes.append(.claim(claim))
            }
        }
        try await store.commit(ending)
        let snapshot = try await store.load()
        #expect(snapshot.runs.isEmpty && snapshot.steps.isEmpty && snapshot.claims.isEmpty)
        #expect(try await store.run(RunID(1))?.status == .done)
        #expect(try await store.steps(of: RunID(1)).count == 3)
    }

    @Test func aNewerTermEndsTheOlderEnginesRightToCommit() async throws {
        let old = try SQLiteStore(path: path)
        let new = try SQLiteStore(path: path)
        await #expect { try await old.commit(try batch()) } throws: { ($0 as? MusterError)?.code == .storeTerm }
        try await new.commit(try batch())
    }

    @Test func aBatchIsWholeOrNotAtAll() async throws {
        let store = try SQLiteStore(path: path)
        try await store.commit(try batch())
        var second = try batch()
        // The event's number exists: the whole batch must leave no trace.
        second.changes = [.image(Image(id: ImageID("other"), path: "/other"))]
        await #expect(throws: MusterError.self) { try await store.commit(second) }
        #expect(try await store.load().images.map(\.id) == [ImageID("shop")])
    }

    @Test func aDamagedFileIsNamedWithWhatToDo() throws {
        try Data(repeating: 0x5a, count: 8192).write(to: URL(fileURLWithPath: path))
        #expect { try SQLiteStore(path: path) } throws: { error in
            let error = error as? MusterError
            return error?.code == .storeCorrupt && error?.hint?.contains("backup") == true && error?.message.contains(path) == true
        }
    }

    @Test func aFullDiskStopsAcceptanceAndLeavesNothingHalfWritten() async throws {
        let mount = folder.path + "/small"
        try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: true)
        try #require(run("mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", mount) == 0, "this test mounts a small tmpfs: run it as root")
        defer { _ = run("umount", "-l", mount) }
        let store = try SQLiteStore(path: mount + "/muster.sqlite")
        var accepted: Int64 = 0
        var refusal: MusterError?
        while refusal == nil, accepted < 5_000 {
            var batch = Batch()
            batch.events = [
                Event(
                    id: EventID(accepted + 1), at: Timestamp(milliseconds: 0), name: "user.filler",
                    data: ["text": .string(String(repeating: "x", count: 4_000))])
            ]
            do {
                try await store.commit(batch)
                accepted += 1
            } catch { refusal = error as? MusterError }
        }
        #expect(refusal?.code == .storeFull)
        #expect(refusal?.hint?.contains("room") == true)
        #expect(try await store.events(after: EventID(0), limit: 10_000).count == Int(accepted))
    }

    @Test func oneEnginePerStateDirectory() throws {
        let first = try StateDirectory(folder.path + "/state")
        #expect { try StateDirectory(folder.path + "/state") } throws: { ($0 as? MusterError)?.code == .storeLocked }
        withExtendedLifetime(first) {}
    }

    private func run(_ arguments: String...) -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        do { try process.run() } catch { return -1 }
        process.waitUntilExit()
        return process.terminationStatus
    }
}
