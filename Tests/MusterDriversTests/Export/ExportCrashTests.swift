import Foundation
import MusterCore
import MusterEngine
import Testing

@testable import MusterDrivers

/// Crashes between any two steps: the folders as they are then, and what a new engine makes of them.
@Suite struct ExportCrashTests {
    /// Starts an export and puts its record back to what it was at an earlier moment.
    private func opened(_ bench: ExportBench, _ image: Image, _ change: (inout ExportRecord) -> Void) async throws -> Export {
        let export = try await bench.driver().open(bench.request(1, image))
        var record = try #require(try bench.folder(1).readRecord())
        change(&record)
        try bench.folder(1).write(record)
        return export
    }

    @Test func afterTheRecordBeforeTheProcess() async throws {
        let bench = try ExportBench()
        let image = try await bench.image()
        let export = Export(epoch: Epoch(1), host: bench.host, port: 10_001, name: "muster-1-told-to-nobody")
        try FileManager.default.createDirectory(atPath: bench.scratch.file("exports"), withIntermediateDirectories: true)
        try bench.folder(1).make()
        try bench.folder(1).write(ExportRecord(state: .opening, export: export, image: image))
        let driver = bench.driver()
        #expect(await driver.alive() == [])
        #expect(await driver.died() == [], "nobody was ever told of it")
        let fresh = try await driver.open(bench.request(1, image))
        #expect(fresh.name != export.name)
        _ = try await driver.cut(Epoch(1), image: image)
    }

    @Test func afterTheProcessBeforeItsNumber() async throws {
        let bench = try ExportBench()
        let image = try await bench.image()
        let export = try await opened(bench, image) {
            $0.state = .opening
            $0.process = nil
        }
        let driver = bench.driver()
        #expect(try await driver.open(bench.request(1, image)) == export, "found by its arguments and adopted")
        #expect(try bench.process(1) == ProcessTable.find(argument: bench.folder(1).pidFile))
        _ = try await driver.cut(Epoch(1), image: image)
        #expect(!bench.isRunning(1))
    }

    @Test func aProcessWithoutNumberIsCut() async throws {
        let bench = try ExportBench()
        let image = try await bench.image()
        _ = try await opened(bench, image) {
            $0.state = .opening
            $0.process = nil
        }
        let words = try await bench.driver().cut(Epoch(1), image: image)
        #expect(words.contains("cut: stopped accepting"), "\(words)")
        #expect(!bench.isRunning(1))
        #expect(try ImageLock.isFree(image))
    }

    @Test func betweenTheStagesOfACut() async throws {
        let bench = try ExportBench()
        let image = try await bench.image()
        // The first engine got as far as stopping the server.
        _ = try await opened(bench, image) { $0.state = .cutting }
        try Monitor(folder: bench.folder(1), timeout: 30_000).execute("nbd-server-stop")
        let driver = bench.driver()
        #expect(await driver.alive() == [], "an export that is being cut is for nobody")
        #expect(try await failing { try await driver.open(bench.request(1, image)) }.code == .exportFailed)
        let words = try await driver.cut(Epoch(1), image: image)
        #expect(words.contains("cut by SIGTERM"), "\(words)")
        #expect(try ImageLock.isFree(image))
    }

    @Test func afterTheCutBeforeItsRecord() async throws {
        let bench = try ExportBench()
        let image = try await bench.image()
        _ = try await opened(bench, image) { $0.state = .cutting }
        try ExportProcess(folder: bench.folder(1), program: "qemu-storage-daemon").closeInOrder(timeout: 30_000)
        try await eventually("it is gone") { try !bench.folder(1).isAlive() }
        let words = try await bench.driver().cut(Epoch(1), image: image)
        #expect(words.contains("had ended in order before"), "\(words)")
    }

    @Test func aProcessThatDoesNotReactIsKilledAndThatIsSaid() async throws {
        let bench = try ExportBench()
        let image = try await bench.image()
        _ = try await bench.driver().open(bench.request(1, image))
        let process = try bench.process(1)
        ProcessTable.signal(process, SIGSTOP)
        let impatient = NBDExportDriver(directory: bench.scratch.file("exports"), portRange: ExportBench.ports, patience: 300)
        let words = try await impatient.cut(Epoch(1), image: image)
        #expect(words.contains("did not react and was killed uncleanly"), "\(words)")
        #expect(!ProcessTable.isAlive(process))
        #expect(try ImageLock.isFree(image))
    }

    @Test func anUnreadableRecordIsAnError() async throws {
        let bench = try ExportBench()
        let image = try await bench.image()
        _ = try await bench.driver().open(bench.request(1, image))
        try "no json".write(toFile: bench.folder(1).record, atomically: false, encoding: .utf8)
        let other = try await bench.image("other")
        #expect(try await failing { try await bench.driver().open(bench.request(1, image)) }.code == .exportFailed)
        #expect(try await failing { try await bench.driver().cut(Epoch(1), image: image) }.code == .exportFailed)
        _ = try await bench.driver().open(bench.request(2, other))
        #expect(await bench.driver().alive().map(\.epoch) == [Epoch(2)], "the others are seen all the same")
        _ = try await bench.driver().cut(Epoch(2), image: other)
    }
}
