import Foundation
import MusterCore
import MusterEngine
import Testing

@testable import MusterDrivers

/// One writer: what the image's lock refuses.
@Suite struct ImageLockTests {
    @Test func anotherEpochGetsTheImageOnlyAfterTheCut() async throws {
        let bench = try ExportBench()
        let driver = bench.driver()
        let image = try await bench.image()
        _ = try await driver.open(bench.request(1, image))
        let refused = try await failing { try await driver.open(bench.request(2, image)) }
        #expect(refused.code == .imageInUse)
        #expect(refused.message.contains("the export of epoch 1 holds it"), "\(refused)")
        #expect(try bench.folder(2).readRecord() == nil, "nothing is left of the refused one")
        _ = try await driver.cut(Epoch(1), image: image)
        _ = try await driver.open(bench.request(2, image))
        #expect(await driver.alive().map(\.epoch) == [Epoch(2)])
        _ = try await driver.cut(Epoch(2), image: image)
    }

    @Test func anotherPathToTheSameImageIsNoWayAround() async throws {
        let bench = try ExportBench()
        let driver = bench.driver()
        let image = try await bench.image()
        _ = try await driver.open(bench.request(1, image))
        try FileManager.default.createSymbolicLink(atPath: bench.scratch.file("link"), withDestinationPath: image.path)
        try FileManager.default.linkItem(atPath: image.path, toPath: bench.scratch.file("hard"))
        for name in ["link", "hard"] {
            let other = Image(id: ImageID(name), path: bench.scratch.file(name))
            #expect(try await failing { try await driver.open(bench.request(2, other)) }.code == .imageInUse)
        }
        _ = try await driver.cut(Epoch(1), image: image)
    }

    @Test func aForeignQEMUProgramHoldsTheImage() async throws {
        let bench = try ExportBench()
        let image = try await bench.image()
        let other = Process()
        other.executableURL = URL(fileURLWithPath: try Program.path("qemu-io", package: "qemu-utils"))
        other.arguments = ["-f", "raw", image.path]
        let input = Pipe()
        let output = Pipe()
        other.standardInput = input
        other.standardOutput = output
        try Program.start(other)
        defer { Program.end(other) }
        try await eventually("qemu-io holds the lock") { try !ImageLock.isFree(image) }
        let driver = bench.driver()
        #expect(try await failing { try await driver.open(bench.request(1, image)) }.code == .imageInUse)
        #expect(try await failing { try await driver.cut(Epoch(1), image: image) }.code == .imageInUse)
    }

    @Test func aProgramWithoutQEMUsLocksIsSeenToo() async throws {
        let bench = try ExportBench()
        let driver = bench.driver()
        let image = try await bench.image()
        let file = open(image.path, O_RDWR | O_CLOEXEC)
        let refused = try await failing { try await driver.open(bench.request(1, image)) }
        #expect(refused.code == .imageInUse)
        #expect(refused.message.contains("open for writing"))
        close(file)
        _ = try await driver.open(bench.request(1, image))
        _ = try await driver.cut(Epoch(1), image: image)
    }

    @Test func theExportProcessItselfTakesTheLock() async throws {
        let bench = try ExportBench()
        let image = try await bench.image()
        _ = try await bench.driver().open(bench.request(1, image))
        let intruder = try await QEMU.io(image.path, "write 0 512")
        #expect(intruder.status != 0)
        #expect(intruder.output.contains("lock"), "\(intruder.output)")
        _ = try await bench.driver().cut(Epoch(1), image: image)
    }

    @Test func aMissingImage() async throws {
        let bench = try ExportBench()
        let driver = bench.driver()
        let image = Image(id: ImageID("gone"), path: bench.scratch.file("gone.raw"))
        let error = try await failing { try await driver.open(bench.request(1, image)) }
        #expect(error.code == .imageMissing)
        #expect(error.message.contains(image.path))
        let folder = Image(id: ImageID("folder"), path: bench.scratch.path)
        #expect(try await failing { try await driver.open(bench.request(1, folder)) }.code == .imageMissing)
    }

    @Test func aWrongFormatIsTold() async throws {
        let bench = try ExportBench()
        let driver = bench.driver()
        var image = try await bench.image()
        image.format = .qcow2
        let error = try await failing { try await driver.open(bench.request(1, image)) }
        #expect(error.code == .exportFailed)
        #expect(error.hint?.contains("format") == true, "\(error)")
        #expect(try bench.folder(1).readRecord() == nil)
        #expect(!bench.isRunning(1))
    }
}
