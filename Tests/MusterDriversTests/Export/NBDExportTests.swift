import Foundation
import MusterCore
import MusterEngine
import Testing

@testable import MusterDrivers

/// Exports as machines use them, with real export processes and real NBD clients.
@Suite struct NBDExportTests {
    @Test(arguments: Image.Format.allCases)
    func whatAClientWroteIsInTheImageAfterTheCut(format: Image.Format) async throws {
        let bench = try ExportBench()
        let driver = bench.driver()
        let image = try await bench.image(format: format)
        let export = try await driver.open(bench.request(1, image))
        let written = try await QEMU.io(QEMU.url(export), "write -P 0x5a 1M 64k", "flush")
        #expect(written.status == 0, "\(written.output)")

        let words = try await driver.cut(Epoch(1), image: image)
        #expect(words.hasPrefix("export of epoch 1 (\(export.host):\(export.port), process "), "\(words)")
        #expect(words.contains("cut: stopped accepting, clients disconnected, writes drained and flushed"), "\(words)")
        #expect(words.hasSuffix("lock of \(image.path) free"), "\(words)")
        #expect(!bench.isRunning(1))
        let read = try await QEMU.io(image.path, format: format, "read -P 0x5a 1M 64k")
        #expect(read.status == 0 && !read.output.contains("failed"), "\(read.output)")
    }

    @Test func theNameIsUnguessableAndNeeded() async throws {
        let bench = try ExportBench()
        let driver = bench.driver()
        let image = try await bench.image()
        let export = try await driver.open(bench.request(3, image))
        #expect(export.name.hasPrefix("muster-3-"))
        #expect(export.name.count == "muster-3-".count + 32)
        #expect(ExportBench.ports.contains(export.port) && export.host == bench.host)
        let wrong = try await QEMU.io(QEMU.url(export, name: "muster-3-0000"), "read 0 512")
        #expect(wrong.status != 0)
        let info = try await Program.run("nbdinfo", package: "libnbd-bin", ["--size", QEMU.url(export)])
        #expect(info.output.trimmingCharacters(in: .newlines) == "16777216")
        _ = try await driver.cut(Epoch(3), image: image)
    }

    @Test func afterTheCutTheOldClientCannotWrite() async throws {
        let bench = try ExportBench()
        let driver = bench.driver()
        let image = try await bench.image()
        let export = try await driver.open(bench.request(1, image))
        let client = try NBDClient(export)
        try client.write(at: 0, [UInt8](repeating: 0x11, count: 4096))
        try client.flush()

        _ = try await driver.cut(Epoch(1), image: image)
        #expect(throws: NBDClient.Gone.self) { try client.write(at: 0, [UInt8](repeating: 0x22, count: 4096)) }
        #expect(throws: NBDClient.Gone.self) { _ = try NBDClient(export) }
        let again = try await QEMU.io(QEMU.url(export), "write -P 0x22 0 4k")
        #expect(again.status != 0)

        // Nor under the next epoch, though that may listen on the very same port.
        let narrow = bench.driver(ports: export.port...export.port)
        let next = try await narrow.open(bench.request(2, image))
        #expect(next.port == export.port && next.name != export.name)
        #expect(throws: NBDClient.Gone.self) { _ = try NBDClient(next, name: export.name) }
        _ = try await narrow.cut(Epoch(2), image: image)
        let read = try await QEMU.io(image.path, "read -P 0x11 0 4k")
        #expect(!read.output.contains("failed"), "\(read.output)")
    }

    @Test func writesUnderWayDuringTheCutAreLostOnlyIfUnanswered() async throws {
        let bench = try ExportBench()
        let driver = bench.driver()
        let image = try await bench.image(format: .qcow2, mebibytes: 256)
        let export = try await driver.open(bench.request(1, image))
        let block = 16 << 10
        let started = Signal()
        let threads = SerialLanes<String>(pool: ThreadPool(name: "writer", limit: 1))
        let writer = Task { try await threads.run("writer") { try Self.writeUntilGone(export, block: block, started: started) } }
        try await eventually("writes flow") { started.isSet }
        let words = try await driver.cut(Epoch(1), image: image)
        #expect(words.contains("cut: stopped accepting"), "\(words)")
        let acknowledged = try await writer.value
        #expect(acknowledged > 100)

        let contents = bench.scratch.file("contents")
        let converted = try await Program.run(
            "qemu-img", package: "qemu-utils", ["convert", "-f", "qcow2", "-O", "raw", image.path, contents])
        #expect(converted.status == 0, "\(converted.output)")
        let bytes = try #require(FileManager.default.contents(atPath: contents))
        let missing = (0..<acknowledged).filter { index in
            let place = index * block
            return !bytes[place..<place + block].allSatisfy { $0 == UInt8(index % 251 + 1) }
        }
        #expect(missing == [], "acknowledged writes that are not in the image, of \(acknowledged)")
    }

    /// Writes block after block, eight under way at once, until the server is gone; returns how many were acknowledged in order.
    private static func writeUntilGone(_ export: Export, block: Int, started: Signal) throws -> Int {
        let client = try NBDClient(export)
        var acknowledged: Set<UInt64> = []
        do {
            for index in 0..<(256 << 20) / block {
                _ = try client.submitWrite(
                    at: UInt64(index * block), [UInt8](repeating: UInt8(index % 251 + 1), count: block))
                if index >= 8 { acknowledged.insert(try client.acknowledgement()) }
                if index == 200 { started.set() }
            }
            while true { acknowledged.insert(try client.acknowledgement()) }
        } catch is NBDClient.Gone {}
        // Handles count from 1; blocks after the first unacknowledged one are not judged.
        return (0..<acknowledged.count).first { !acknowledged.contains(UInt64($0 + 1)) } ?? acknowledged.count
    }

    @Test func aSecondClientOfTheSameMachineIsServed() async throws {
        let bench = try ExportBench()
        let driver = bench.driver()
        let image = try await bench.image()
        let export = try await driver.open(bench.request(1, image))
        // The connection of a machine that was reset stays half open; the same machine boots again under the same claim.
        let before = try NBDClient(export)
        try before.write(at: 0, [UInt8](repeating: 1, count: 512))
        let after = try NBDClient(export)
        try after.write(at: 0, [UInt8](repeating: 2, count: 512))
        withExtendedLifetime(before) {}
        _ = try await driver.cut(Epoch(1), image: image)
        let read = try await QEMU.io(image.path, "read -P 2 0 512")
        #expect(!read.output.contains("failed"), "\(read.output)")
    }

    @Test func connectionsAreKeptAliveByTheServer() async throws {
        let bench = try ExportBench()
        let driver = bench.driver()
        let image = try await bench.image()
        let export = try await driver.open(bench.request(1, image))
        let client = try NBDClient(export)
        let sockets = try await Program.run(
            "ss", package: "iproute2", ["-Htno", "state", "established", "( sport = :\(export.port) and src \(export.host) )"])
        #expect(sockets.output.contains("keepalive"), "\(sockets.output)")
        withExtendedLifetime(client) {}
        _ = try await driver.cut(Epoch(1), image: image)
    }
}

/// A flag that one thread sets and others see.
final class Signal: @unchecked Sendable {
    private let lock = NSLock()
    private var value = false
    func set() { lock.withLock { value = true } }
    var isSet: Bool { lock.withLock { value } }
}
