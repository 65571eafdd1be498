import Foundation
import MusterCore

/// The end of one export, from stopping it to seeing the image free. Blocks; may be repeated after a crash at any point.
struct ExportCut {
    let folder: ExportFolder
    let process: ExportProcess
    /// Milliseconds for each of: the orderly end, SIGTERM, SIGKILL.
    let patience: Int64
    let children: ExportChildren

    /// How the process came to its end.
    private enum Ending {
        case inOrder
        case terminated(why: String)
        case killed
        case byItself(clean: Bool)
    }

    /// Returns what was seen, in words. Errors: `export_failed` when the process cannot be ended, `image_in_use`.
    func run(_ record: ExportRecord) throws -> String {
        if record.state == .cut, let words = record.words { return words }
        var record = record
        if record.state != .cutting {
            record.state = .cutting
            try folder.write(record)
        }
        let ending = try end(record)
        guard try ImageLock.isFree(record.image) else {
            throw ImageLock.inUse(record.image, "the export of epoch \(record.export.epoch) has ended, but someone else has it")
        }
        try ImageLock.flush(record.image)
        let words = describe(ending, record)
        record.state = .cut
        record.words = words
        try folder.write(record)
        return words
    }

    private func end(_ record: ExportRecord) throws -> Ending {
        guard try isThere(record) else {
            // QEMU removes its pid file when it ends in order.
            return .byItself(clean: access(folder.pidFile, F_OK) != 0)
        }
        var why = "it could not be asked"
        do {
            try process.closeInOrder(timeout: patience)
            if try waitUntilGone(record) { return .inOrder }
            why = "it did not end after its image was closed"
        } catch let failure as Monitor.Failure {
            why = failure.words
        }
        // SIGTERM is an orderly end for QEMU as well: it drains, flushes and closes the image.
        if try waitUntilGone(record, sending: SIGTERM) { return .terminated(why: why) }
        if try waitUntilGone(record, sending: SIGKILL) { return .killed }
        throw MusterError(
            .exportFailed, "the export process of epoch \(record.export.epoch) does not end, not even by SIGKILL",
            hint: "it waits for the disk that holds \(record.image.path): repair that first")
    }

    /// Sends the signal again and again: a process that was only just started is not found by its arguments at first.
    private func waitUntilGone(_ record: ExportRecord, sending number: Int32? = nil) throws -> Bool {
        let watch = Stopwatch()
        repeat {
            if let number, let found = process.find(record.process) { ProcessTable.signal(found, number) }
            for _ in 0..<10 {
                if try !isThere(record) { return true }
                usleep(10_000)
            }
        } while watch.elapsed < patience
        return false
    }

    /// Both signs must agree: the epoch's lock and the process table. A zombie holds nothing and counts as gone.
    private func isThere(_ record: ExportRecord) throws -> Bool {
        children.reap(folder.path)
        if try folder.isAlive() { return true }
        guard let recorded = record.process, ProcessTable.isAlive(recorded) else { return false }
        return ProcessTable.hasArgument(recorded.pid, folder.pidFile)
    }

    private func describe(_ ending: Ending, _ record: ExportRecord) -> String {
        let export = record.export
        let number = record.process.map { ", process \($0.pid)" } ?? ""
        let name = "export of epoch \(export.epoch) (\(export.host):\(export.port)\(number))"
        let free = "process gone, lock of \(record.image.path) free"
        let orderly = "stopped accepting, clients disconnected, writes drained and flushed, \(free)"
        switch ending {
        case .inOrder: return "\(name) cut: \(orderly)"
        case .terminated(let why): return "\(name) cut by SIGTERM (\(why)): \(orderly)"
        case .byItself(clean: true): return "\(name) had ended in order before: \(free)"
        case .byItself(clean: false):
            return "\(name) had died uncleanly before the cut; writes not flushed by its client may be lost: \(free)"
        case .killed:
            return "\(name) did not react and was killed uncleanly; writes not flushed by its client may be lost: \(free)"
        }
    }
}
