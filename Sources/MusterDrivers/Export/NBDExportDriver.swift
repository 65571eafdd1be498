import Foundation
import MusterCore
import MusterEngine

/// Exports images over NBD, one `qemu-storage-daemon` process for each claim.
///
/// Why this program and not `qemu-nbd`: both serve the same and end in order on SIGTERM. But `qemu-nbd` tells nothing while it
/// does so, whereas the storage daemon's monitor stops accepting, closes the export (which it announces when the last request
/// is done), flushes and closes the image as separate steps with an answer each, so that the evidence of a cut is what was seen.
/// It also lets the image be locked against every other writer (`ExportProcess`) and takes a listening socket from its parent
/// (`ListeningSocket`).
///
/// Writes: a write is answered when it is in the host's page cache, flush and FUA when they are on the disk, as with a real
/// disk's write cache. Every answered write survives a cut, and the end of the engine. An unclean end of the export process
/// itself may cost answered writes which the client had not flushed (in formats with tables of their own, like qcow2), which
/// is why such an export is never opened again for the same epoch.
///
/// Connections are not limited: only the claim's machine knows the name, and after each of its resets one half-open connection
/// stays behind until keepalive ends it; a limit would lock the machine out of its own root.
///
/// Crash safety: the record is durable before the process starts, and the process holds the epoch's lock from its first
/// moment, so that a new engine finds everything (`ExportFolder`).
public final class NBDExportDriver: ExportDriver {
    private let directory: String
    private let portRange: ClosedRange<Int>
    private let program: String
    private let patience: Int64
    private let children = ExportChildren()
    private let keptRecords: Int
    private let lanes: SerialLanes<String>

    /// `directory` holds a folder for each epoch, `portRange` the ports to listen on; `patience` is the milliseconds that a
    /// process has for starting, and for each stage of its end. The records of the last `keptRecords` cut exports are kept.
    public init(
        directory: String, portRange: ClosedRange<Int> = 10809...11808, program: String = "qemu-storage-daemon",
        patience: Int64 = 10_000, keptRecords: Int = 256
    ) {
        self.keptRecords = keptRecords
        self.directory = Self.absolute(directory)
        self.portRange = portRange
        self.program = program
        self.patience = patience
        lanes = SerialLanes(pool: ThreadPool(name: "muster-export", limit: 16))
    }

    /// Errors beside those of the protocol: `export_died` when this epoch's export ended without a cut. Its machine may hold
    /// answers that the image does not, so it must be fenced and the server started anew under the next epoch.
    public func open(_ request: ExportRequest) async throws -> Export {
        var request = request
        request.image.path = Self.absolute(request.image.path)
        let whole = request
        return try await lanes.run(whole.image.path) { [self] in
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            return try opening(whole.epoch).run(whole)
        }
    }

    public func cut(_ epoch: Epoch, image: Image) async throws -> String {
        var image = image
        image.path = Self.absolute(image.path)
        let whole = image
        return try await lanes.run(whole.path) { [self] in
            let folder = ExportFolder(directory: directory, epoch: epoch)
            if let record = try folder.readRecord() {
                let process = ExportProcess(folder: folder, program: program)
                let words = try ExportCut(folder: folder, process: process, patience: patience, children: children).run(record)
                forgetOldest()
                return words
            }
            guard try !folder.isAlive() else {
                throw MusterError(
                    .exportFailed, "an export of epoch \(epoch) runs without a record", hint: "look at \(folder.path)")
            }
            guard try ImageLock.isFree(whole) else {
                throw ImageLock.inUse(whole, holder(of: whole) ?? "and epoch \(epoch) has no export to cut")
            }
            return "no export of epoch \(epoch) was open: lock of \(whole.path) free"
        }
    }

    public func alive() async -> [Export] {
        await survey { $0.state == .open && $1 }
    }

    /// The exports that ended without a cut, by themselves or with the host. Their machines must be fenced; `cut` settles them.
    public func died() async -> [Export] {
        await survey { $0.state == .open && !$1 }
    }

    private func survey(_ wanted: @escaping @Sendable (ExportRecord, Bool) -> Bool) async -> [Export] {
        let found = try? await lanes.run("") { [self] in
            children.reapAll()
            return folders().compactMap { folder -> Export? in
                // A record that cannot be read is reported when its epoch is used; here it must not hide the others.
                guard let record = try? folder.readRecord(), let lives = try? folder.isAlive() else { return nil }
                return wanted(record, lives) ? record.export : nil
            }
        }
        return (found ?? []).sorted { $0.epoch < $1.epoch }
    }

    private func folders() -> [ExportFolder] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.compactMap { Int64($0) }.map { ExportFolder(directory: directory, epoch: Epoch($0)) }
    }

    /// Removes the oldest records of exports that were cut; the engine's own history has their evidence.
    private func forgetOldest() {
        let settled = folders().filter { folder in
            (try? folder.readRecord())?.state == .cut && (try? folder.isAlive()) == false
        }
        let byEpoch = settled.sorted { $0.epoch < $1.epoch }
        for folder in byEpoch.dropLast(keptRecords) { folder.remove() }
    }

    private func opening(_ epoch: Epoch) -> ExportOpening {
        let folder = ExportFolder(directory: directory, epoch: epoch)
        return ExportOpening(
            folder: folder, process: ExportProcess(folder: folder, program: program), portRange: portRange, patience: patience,
            children: children, holder: { [self] in holder(of: $0) })
    }

    /// Which of our own exports holds an image, in words.
    private func holder(of image: Image) -> String? {
        for folder in folders() {
            guard let record = try? folder.readRecord(), record.state != .cut, record.image.path == image.path,
                (try? folder.isAlive()) == true
            else { continue }
            return "the export of epoch \(record.export.epoch) holds it"
        }
        return nil
    }

    private static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }
}
