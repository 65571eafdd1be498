import Foundation
import MusterCore
import MusterEngine
import Testing

@testable import MusterDrivers

/// What a new engine makes of the exports that it finds.
@Suite struct ExportAdoptionTests {
    @Test func aNewDriverAdoptsAndCuts() async throws {
        let bench = try ExportBench()
        let image = try await bench.image()
        let export = try await bench.driver().open(bench.request(7, image))
        let process = try bench.process(7)

        let next = bench.driver()
        #expect(await next.alive() == [export])
        #expect(try await next.open(bench.request(7, image)) == export, "the same export, not a second one")
        #expect(try bench.process(7) == process)
        let client = try NBDClient(export)
        try client.write(at: 512, [UInt8](repeating: 9, count: 512))
        let words = try await next.cut(Epoch(7), image: image)
        #expect(words.contains("process \(process.pid)"), "\(words)")
        #expect(!ProcessTable.isAlive(process))
        #expect(await next.alive() == [])
    }

    @Test func theExportIsDetached() async throws {
        let bench = try ExportBench()
        let image = try await bench.image()
        _ = try await bench.driver().open(bench.request(1, image))
        let pid = try bench.process(1).pid
        #expect(getsid(pid) == pid, "a session of its own")
        let folder = "/proc/\(pid)/fd"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        let targets = names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)") }
        let foreign = targets.filter { target in
            target.hasPrefix("/") && target != "/dev/null" && target != image.path
                && !target.hasPrefix(bench.folder(1).path)
        }
        #expect(foreign == [], "no file of the engine is inherited")
        let mode = try FileManager.default.attributesOfItem(atPath: bench.folder(1).path)[.posixPermissions] as? Int
        #expect(mode == 0o700, "the export's name is nobody else's business")
        _ = try await bench.driver().cut(Epoch(1), image: image)
    }

    @Test func cutsAreIdempotent() async throws {
        let bench = try ExportBench()
        let driver = bench.driver()
        let image = try await bench.image()
        let none = try await driver.cut(Epoch(1), image: image)
        #expect(none.hasPrefix("no export of epoch 1 was open"), "\(none)")
        _ = try await driver.open(bench.request(1, image))
        let first = try await driver.cut(Epoch(1), image: image)
        _ = try await driver.open(bench.request(2, image))
        #expect(try await driver.cut(Epoch(1), image: image) == first, "the same evidence, though epoch 2 has the image now")
        #expect(bench.isRunning(2))
        #expect(try await failing { try await driver.open(bench.request(1, image)) }.code == .exportFailed)
        _ = try await driver.cut(Epoch(2), image: image)
    }

    @Test func aDeadExportIsNotOpenedAgainForItsEpoch() async throws {
        let bench = try ExportBench()
        let driver = bench.driver()
        let image = try await bench.image()
        let export = try await driver.open(bench.request(1, image))
        #expect(await driver.died() == [])
        ProcessTable.signal(try bench.process(1), SIGKILL)
        try await eventually("the death is seen") { await driver.died() == [export] }
        #expect(await driver.alive() == [])
        let refused = try await failing { try await driver.open(bench.request(1, image)) }
        #expect(refused.code == "export_died")
        #expect(refused.hint?.contains("fence") == true)
        let words = try await driver.cut(Epoch(1), image: image)
        #expect(words.contains("had died uncleanly before the cut"), "\(words)")
        #expect(await driver.died() == [])
        _ = try await driver.open(bench.request(2, image))
        _ = try await driver.cut(Epoch(2), image: image)
    }

    @Test func anotherProcessWithTheRecordedNumberIsLeftAlone() async throws {
        let bench = try ExportBench()
        let driver = bench.driver()
        let image = try await bench.image()
        _ = try await driver.open(bench.request(1, image))
        ProcessTable.signal(try bench.process(1), SIGKILL)
        try await eventually("it is gone") { await driver.died().count == 1 }

        // A stranger gets the number of the dead export, first with the recorded start time wrong, then with it right.
        let stranger = Process()
        stranger.executableURL = URL(fileURLWithPath: "/bin/sleep")
        stranger.arguments = ["600"]
        try Program.start(stranger)
        defer { Program.end(stranger) }
        let now = try #require(ProcessTable.identity(of: stranger.processIdentifier))
        for identity in [ProcessIdentity(pid: now.pid, started: now.started - 1, boot: now.boot), now] {
            var record = try #require(try bench.folder(1).readRecord())
            record.state = .open
            record.process = identity
            try bench.folder(1).write(record)
            #expect(await bench.driver().alive() == [])
            _ = try await bench.driver().cut(Epoch(1), image: image)
            #expect(stranger.isRunning, "it was neither taken for the export nor ended")
        }
    }

    @Test func portsThatAreTakenArePassedOver() async throws {
        let bench = try ExportBench()
        let driver = bench.driver(ports: 10_000...10_001)
        let images = [try await bench.image("a"), try await bench.image("b"), try await bench.image("c")]
        let first = try await driver.open(bench.request(1, images[0]))
        let second = try await driver.open(bench.request(3, images[1]))
        #expect(Set([first.port, second.port]) == [10_000, 10_001])
        let full = try await failing { try await driver.open(bench.request(5, images[2])) }
        #expect(full.code == .exportFailed)
        #expect(full.message.contains("no port"))
        _ = try await driver.cut(Epoch(1), image: images[0])
        let third = try await driver.open(bench.request(5, images[2]))
        #expect(third.port == first.port, "a port is free again at once")
        _ = try await driver.cut(Epoch(3), image: images[1])
        _ = try await driver.cut(Epoch(5), image: images[2])
    }

    @Test func aForeignAddressAndAMissingProgramAreTold() async throws {
        let bench = try ExportBench()
        let image = try await bench.image()
        let foreign = ExportRequest(epoch: Epoch(1), image: image, host: "192.0.2.1")
        #expect(try await failing { try await bench.driver().open(foreign) }.code == .exportFailed)
        let missing = bench.driver(program: "no-such-storage-daemon")
        let error = try await failing { try await missing.open(bench.request(1, image)) }
        #expect(error.code == .exportFailed)
        #expect(error.hint?.contains("apt-get install") == true)
        #expect(try bench.folder(1).readRecord() == nil)
    }

    @Test func oldRecordsAreForgotten() async throws {
        let bench = try ExportBench()
        let image = try await bench.image()
        let driver = NBDExportDriver(
            directory: bench.scratch.file("exports"), portRange: ExportBench.ports, patience: 30_000, keptRecords: 2)
        for epoch in 8...11 {
            _ = try await driver.open(bench.request(Int64(epoch), image))
            _ = try await driver.cut(Epoch(Int64(epoch)), image: image)
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: bench.scratch.file("exports")).sorted()
        #expect(left == ["10", "11"])
    }
}
