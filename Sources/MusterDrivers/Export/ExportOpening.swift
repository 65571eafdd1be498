import Foundation
import MusterCore
import MusterEngine

/// The start of one epoch's export, or the finding of the one that runs. Blocks; may be repeated after a crash at any point.
struct ExportOpening {
    let folder: ExportFolder
    let process: ExportProcess
    let portRange: ClosedRange<Int>
    /// Milliseconds that the process has until it serves.
    let patience: Int64
    let children: ExportChildren
    /// Names the export of our own that holds an image.
    let holder: (Image) -> String?

    /// Errors: `image_in_use`, `image_missing`, `export_died`, `export_failed`, `bad_argument`.
    func run(_ request: ExportRequest) throws -> Export {
        children.reap(folder.path)
        let lives = try folder.isAlive()
        if let record = try folder.readRecord() {
            if let export = try adopt(record, lives: lives, request) { return export }
        } else if lives {
            throw MusterError(
                .exportFailed, "an export of epoch \(request.epoch) runs without a record", hint: "look at \(folder.path)")
        }
        return try start(request)
    }

    /// The export that is there already; nil when it was never told to anybody and may be started anew.
    private func adopt(_ record: ExportRecord, lives: Bool, _ request: ExportRequest) throws -> Export? {
        let epoch = request.epoch
        guard record.image.path == request.image.path else {
            throw MusterError(
                .exportFailed, "epoch \(epoch) exports \(record.image.path), not \(request.image.path)",
                hint: "a claim has one image; make a new claim")
        }
        switch (record.state, lives) {
        case (.open, true):
            return record.export
        case (.open, false):
            throw MusterError(
                "export_died", "the export of epoch \(epoch) ended without being cut; it is not opened again for the same epoch",
                hint: "fence its machine, then start the server anew: that makes a new epoch", subject: request.image.id.rawValue)
        case (.opening, true):
            return try finish(record)
        case (.opening, false):
            folder.remove()
            return nil
        case (.cutting, _), (.cut, _):
            throw MusterError(
                .exportFailed, "the export of epoch \(epoch) was cut; an epoch is not used twice", hint: "make a new claim",
                subject: request.image.id.rawValue)
        }
    }

    private func start(_ request: ExportRequest) throws -> Export {
        do {
            try ImageLock.check(request.image)
        } catch let error as MusterError where error.code == .imageInUse {
            guard let words = holder(request.image) else { throw error }
            throw ImageLock.inUse(request.image, words)
        }
        try folder.make()
        do {
            return try finish(try spawn(request))
        } catch {
            try abandon()
            throw error
        }
    }

    private func spawn(_ request: ExportRequest) throws -> ExportRecord {
        guard let lock = try folder.takeLock() else {
            throw MusterError(.exportFailed, "another export of epoch \(request.epoch) is being opened")
        }
        defer { close(lock) }
        let socket = try ListeningSocket.open(host: request.host, range: portRange, epoch: request.epoch)
        defer { close(socket.descriptor) }
        let name = "muster-\(request.epoch)-\(Self.randomName())"
        let export = Export(epoch: request.epoch, host: request.host, port: socket.port, name: name)
        var record = ExportRecord(state: .opening, export: export, image: request.image)
        try folder.write(record)
        let pid = try process.start(record, lock: lock, socket: socket.descriptor)
        children.add(pid, folder: folder.path)
        record.process = ProcessTable.identity(of: pid)
        try folder.write(record)
        return record
    }

    /// Waits until the process serves and records that its name may be told.
    private func finish(_ record: ExportRecord) throws -> Export {
        var record = record
        let watch = Stopwatch()
        while !process.isReady {
            children.reap(folder.path)
            guard try folder.isAlive() else { throw startFailure(record.image) }
            guard watch.elapsed < patience else {
                throw MusterError(
                    .exportFailed, "the export of image \(record.image.id) does not come up: \(process.lastWords)",
                    hint: "the machine may be overloaded, or the disk with \(record.image.path) slow",
                    subject: record.image.id.rawValue)
            }
            usleep(5_000)
        }
        record.process = process.find(record.process)
        record.state = .open
        try folder.write(record)
        return record.export
    }

    private func startFailure(_ image: Image) -> MusterError {
        let words = process.lastWords
        if words.contains("Failed to get") && words.contains("lock") { return ImageLock.inUse(image, words) }
        return MusterError(
            .exportFailed, "\(process.program) did not start for image \(image.id): \(words)",
            hint: words.contains("Image is not in") ? "set the image's format to what it is (`qemu-img info`)" : nil,
            subject: image.id.rawValue)
    }

    /// Ends a process whose name was told to nobody, and forgets it.
    private func abandon() throws {
        let watch = Stopwatch()
        while try folder.isAlive(), watch.elapsed < patience {
            if let found = process.find(nil) { ProcessTable.signal(found, SIGKILL) }
            usleep(10_000)
            children.reap(folder.path)
        }
        // While it lives its folder is what it is found by.
        if try !folder.isAlive() { folder.remove() }
    }

    /// 16 random bytes in hexadecimal.
    private static func randomName() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<16).map { _ in
            let byte = UInt8.random(in: .min ... .max, using: &generator)
            return (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}
