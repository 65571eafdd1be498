import Foundation
import MusterCore
import MusterEngine
import MusterStore
import Testing

/// Rule 7: a reserve lets what was accepted go on when the disk is full.
@Suite struct ReserveTests {
    private let disk: SmallDisk
    private let path: String

    init() throws {
        disk = try SmallDisk(megabytes: 4)
        path = disk.path + "/muster.sqlite"
    }

    private func batch(_ number: Int64, bytes: Int = 200) -> Batch {
        var batch = Batch()
        batch.events = [
            Event(
                id: EventID(number), at: Timestamp(milliseconds: 0), name: "user.filler",
                data: ["text": .string(String(repeating: "x", count: bytes))])
        ]
        return batch
    }

    private func room(_ store: SQLiteStore, isShort: Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while store.isShort != isShort, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(5)) }
        #expect(store.isShort == isShort)
    }

    @Test func commitsGoOnFromTheReserveAndItIsMadeAgain() async throws {
        // Nothing looks at the room but the commit that finds none.
        let store = try SQLiteStore(path: path, reserve: 1 << 20, watching: .seconds(3600))
        #expect(!store.isShort)
        try disk.fill()
        for number in 1...30 { try await store.commit(batch(Int64(number), bytes: 2_000)) }
        #expect(store.isShort)
        #expect(try await store.events(after: EventID(0), limit: 1_000).count == 30)
    }

    @Test func whenTheReserveIsUsedUpNothingIsHalfWritten() async throws {
        let store = try SQLiteStore(path: path, reserve: 256 << 10, watching: .milliseconds(10))
        try disk.fill()
        var accepted: Int64 = 0
        var refusal: MusterError?
        while refusal == nil, accepted < 1_000 {
            do {
                try await store.commit(batch(accepted + 1, bytes: 4_000))
                accepted += 1
            } catch { refusal = error as? MusterError }
        }
        #expect(refusal?.code == .storeFull)
        #expect(accepted > 5 && store.isShort)
        disk.empty()
        try await room(store, isShort: false)
        try await store.commit(batch(accepted + 1))
        #expect(try await store.events(after: EventID(0), limit: 1_000).map(\.id.rawValue) == Array(1...(accepted + 1)))
    }

    @Test func whoeverFillsTheDiskDoesNotTakeTheReserve() async throws {
        let store = try SQLiteStore(path: path, reserve: 1 << 20, watching: .milliseconds(5))
        try disk.fill()
        try await room(store, isShort: true)
        // What writes without end takes what was given away, but not what went into the log.
        try disk.fill("again")
        for number in 1...40 { try await store.commit(batch(Int64(number), bytes: 2_000)) }
    }

    @Test func anEngineStartsOnAFullDisk() async throws {
        var store: SQLiteStore? = try SQLiteStore(path: path, reserve: 1 << 20, watching: .seconds(3600))
        try await store?.commit(batch(1))
        store = nil
        try disk.fill()
        let next = try SQLiteStore(path: path, reserve: 1 << 20, watching: .seconds(3600))
        #expect(next.isShort)
        for number in 2...20 { try await next.commit(batch(Int64(number))) }
        #expect(try await next.events(after: EventID(0), limit: 100).count == 20)
    }
}

/// A file system in memory that is small enough to be filled, gone with the test.
final class SmallDisk: Sendable {
    let path: String

    init(megabytes: Int) throws {
        path = NSTemporaryDirectory() + "muster-disk-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let isMounted = mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m") == 0
        if !isMounted { rmdir(path) }
        try #require(isMounted, "this test mounts a small tmpfs: run it as root")
    }

    deinit {
        umount2(path, 2 /* MNT_DETACH */)
        rmdir(path)
    }

    /// Writes until there is no room for another byte.
    func fill(_ name: String = "filler") throws {
        let descriptor = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let bytes = [UInt8](repeating: 1, count: 4_096)
        while write(descriptor, bytes, bytes.count) > 0 {}
    }

    func empty() {
        unlink(path + "/filler")
        unlink(path + "/again")
    }
}
