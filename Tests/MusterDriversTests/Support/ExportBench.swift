import Foundation
import MusterCore
import MusterEngine

@testable import MusterDrivers

/// A state folder with images and a driver; ends every export process of its own when it goes.
final class ExportBench: Sendable {
    let scratch: Scratch
    let host = LoopbackAddress.next()
    static let ports = 10_000...10_019

    init() throws { scratch = try Scratch() }

    deinit {
        // Whatever a failed test left: found by this bench's own folder in its arguments, and by nothing else.
        for epoch in (try? FileManager.default.contentsOfDirectory(atPath: scratch.file("exports"))) ?? [] {
            if let left = ProcessTable.find(argument: scratch.file("exports/\(epoch)/pid")) { ProcessTable.signal(left, SIGKILL) }
        }
    }

    /// A driver as a new engine makes it.
    func driver(ports: ClosedRange<Int> = ports, program: String = "qemu-storage-daemon") -> NBDExportDriver {
        NBDExportDriver(directory: scratch.file("exports"), portRange: ports, program: program, patience: 30_000)
    }

    func image(_ name: String = "shop", format: Image.Format = .raw, mebibytes: Int = 16) async throws -> Image {
        let image = Image(id: ImageID(name), path: scratch.file("\(name).\(format)"), format: format)
        let made = try await Program.run(
            "qemu-img", package: "qemu-utils", ["create", "-q", "-f", format.rawValue, image.path, "\(mebibytes)M"])
        guard made.status == 0 else { throw TestFailure(description: made.output) }
        return image
    }

    func request(_ epoch: Int64, _ image: Image) -> ExportRequest {
        ExportRequest(epoch: Epoch(epoch), image: image, host: host)
    }

    func folder(_ epoch: Int64) -> ExportFolder { ExportFolder(directory: scratch.file("exports"), epoch: Epoch(epoch)) }

    func process(_ epoch: Int64) throws -> ProcessIdentity {
        guard let process = try folder(epoch).readRecord()?.process else {
            throw TestFailure(description: "no process recorded for epoch \(epoch)")
        }
        return process
    }

    func isRunning(_ epoch: Int64) -> Bool { ProcessTable.find(argument: folder(epoch).pidFile) != nil }
}

/// Real NBD and image tools.
enum QEMU {
    static func url(_ export: Export, name: String? = nil) -> String {
        "nbd://\(export.host):\(export.port)/\(name ?? export.name)"
    }

    /// Runs `qemu-io` commands on an image or NBD address.
    static func io(_ target: String, format: Image.Format = .raw, _ commands: String...) async throws -> (
        status: Int32, output: String
    ) {
        try await Program.run(
            "qemu-io", package: "qemu-utils", ["-f", format.rawValue] + commands.flatMap { ["-c", $0] } + [target])
    }
}
