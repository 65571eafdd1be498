import Foundation
import MusterCore
import MusterEngine
import Testing

@testable import MusterDrivers

/// Real engines, in processes of their own, ended by SIGKILL.
@Suite struct EngineDeathTests {
    @Test func anExportOutlivesItsEngine() async throws {
        let bench = try ExportBench()
        let image = try await bench.image()
        let directory = bench.scratch.file("exports")
        let (host, path) = (bench.host, image.path)
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [directory = directory as String, host = host as String, path = path as String] in
            let engine = NBDExportDriver(directory: directory, portRange: ExportBench.ports)
            let image = Image(id: ImageID("shop"), path: path)
            let export = try await engine.open(ExportRequest(epoch: Epoch(1), image: image, host: host))
            try NBDClient(export).write(at: 0, [UInt8](repeating: 0x33, count: 4096))
            kill(getpid(), SIGKILL)
        }
        let driver = bench.driver()
        let export = try #require(await driver.alive().first)
        let client = try NBDClient(export)
        try client.write(at: 4096, [UInt8](repeating: 0x44, count: 4096))
        let words = try await driver.cut(Epoch(1), image: image)
        #expect(words.contains("cut: stopped accepting"), "\(words)")
        let read = try await QEMU.io(image.path, "read -P 0x33 0 4k", "read -P 0x44 4k 4k")
        #expect(!read.output.contains("failed"), "\(read.output)")
    }

    /// Kills an engine that opens an export after ever more time, so at ever other instructions, and sees that the next engine
    /// knows everything there is.
    @Test(arguments: 0..<16) func anEngineKilledWhileItOpensLeavesNothingUnknown(step: Int) async throws {
        let bench = try ExportBench()
        let image = try await bench.image()
        let directory = bench.scratch.file("exports")
        let (host, path) = (bench.host, image.path)
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [directory = directory as String, host = host as String, path = path as String, step = step as Int] in
            let engine = NBDExportDriver(directory: directory, portRange: ExportBench.ports)
            let image = Image(id: ImageID("shop"), path: path)
            Thread.detachNewThread {
                while access(directory + "/1", F_OK) != 0 { usleep(50) }
                usleep(UInt32(step * 5_000))
                kill(getpid(), SIGKILL)
            }
            _ = try await engine.open(ExportRequest(epoch: Epoch(1), image: image, host: host))
            try await Task.sleep(for: .seconds(60))
        }
        let driver = bench.driver()
        let record = try bench.folder(1).readRecord()
        if step % 2 == 0 {
            // Told to nobody: the epoch's export is adopted or started anew. Recorded as open: it runs.
            let export = try await driver.open(bench.request(1, image))
            if let record, record.state == .open { #expect(export == record.export) }
            try NBDClient(export).write(at: 0, [UInt8](repeating: 1, count: 512))
        }
        _ = try await driver.cut(Epoch(1), image: image)
        #expect(!bench.isRunning(1))
        #expect(try ImageLock.isFree(image))
        let next = try await driver.open(bench.request(2, image))
        try NBDClient(next).write(at: 0, [UInt8](repeating: 2, count: 512))
        _ = try await driver.cut(Epoch(2), image: image)
    }
}
