import CLinuxShim
import Foundation
import MusterCore

/// The export process of one epoch: how it is started, found again, and ended.
struct ExportProcess {
    let folder: ExportFolder
    /// The program, looked up in PATH.
    let program: String

    static let exportID = "export"
    private static let imageNode = "image"
    private static let exclusiveNode = "exclusive"
    private static let fileNode = "file"

    /// Starts the process with the epoch's lock and the listening socket; it inherits nothing else. Errors: `export_failed`.
    func start(_ record: ExportRecord, lock: Int32, socket: Int32) throws -> Int32 {
        // Numbers above those that the child gets, so that none overwrites another while they are put in place.
        let handed = [lock, socket].map { fcntl($0, F_DUPFD_CLOEXEC, 64) }
        defer { for descriptor in handed where descriptor >= 0 { close(descriptor) } }
        let words = [program] + arguments(record, socket: 4)
        let pointers = words.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var pid: pid_t = 0
        let error = muster_spawn_detached(program, pointers, folder.path, folder.log, handed, Int32(handed.count), &pid)
        guard error == 0, !handed.contains(-1) else {
            throw MusterError(
                .exportFailed, "cannot start \(program): \(String(cString: strerror(error)))",
                hint: "install it: `apt-get install qemu-system-common`")
        }
        return pid
    }

    private func arguments(_ record: ExportRecord, socket: Int) -> [String] {
        let image = record.image
        var status = stat()
        let isDevice = stat(image.path, &status) == 0 && status.st_mode & S_IFMT == S_IFBLK
        let file: Value = [
            "driver": isDevice ? "host_device" : "file", "node-name": .string(Self.fileNode), "filename": .string(image.path),
            "locking": "on", "discard": "unmap",
        ]
        // An NBD export shares the permission to write with everyone. qcow2 takes it back for its file; for raw images this node
        // does so, without which QEMU's lock would let a second writer in.
        let exclusive: Value = [
            "driver": "blkdebug", "node-name": .string(Self.exclusiveNode), "image": .string(Self.fileNode), "discard": "unmap",
            "unshare-child-perms": ["write", "resize"],
        ]
        let format: Value = [
            "driver": .string(image.format.rawValue), "node-name": .string(Self.imageNode), "file": .string(Self.exclusiveNode),
            "discard": "unmap",
        ]
        return [
            "--pidfile", folder.pidFile,
            "--chardev", "socket,id=monitor,path=\(ExportFolder.monitorName),server=on,wait=off",
            "--monitor", "chardev=monitor",
            "--blockdev", file.json,
            "--blockdev", exclusive.json,
            "--blockdev", format.json,
            "--nbd-server", "addr.type=fd,addr.str=\(socket),max-connections=0",
            "--export",
            "type=nbd,id=\(Self.exportID),node-name=\(Self.imageNode),name=\(record.export.name),writable=on",
        ]
    }

    /// Whether it serves: QEMU writes the pid file after the image is locked and the export made, just before it accepts.
    var isReady: Bool {
        guard let text = try? String(contentsOfFile: folder.pidFile, encoding: .utf8) else { return false }
        return Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)) != nil
    }

    /// The running process: by the record when it is still the same one, else by its arguments, which name the epoch's folder.
    func find(_ recorded: ProcessIdentity?) -> ProcessIdentity? {
        if let recorded, ProcessTable.isAlive(recorded), ProcessTable.hasArgument(recorded.pid, folder.pidFile) {
            return recorded
        }
        return ProcessTable.find(argument: folder.pidFile)
    }

    /// Ends the export over its monitor: stop accepting, disconnect, wait for requests under way, flush, close the image, quit.
    /// Throws `Monitor.Failure` when the process does not play along.
    func closeInOrder(timeout: Int64) throws {
        let monitor = try Monitor(folder: folder, timeout: timeout)
        // Returns once the export is gone and no request of it is under way.
        try monitor.execute("nbd-server-stop")
        guard monitor.saw(event: "BLOCK_EXPORT_DELETED", id: Self.exportID) else {
            throw Monitor.Failure(words: "the export's end was not announced")
        }
        // Deleting the nodes flushes the image and gives its lock back.
        for node in [Self.imageNode, Self.exclusiveNode, Self.fileNode] {
            try monitor.execute("blockdev-del", ["node-name": .string(node)])
        }
        // It may close the connection before the answer.
        _ = try? monitor.execute("quit")
    }

    /// The last line that it wrote, for an error.
    var lastWords: String {
        let text = (try? String(contentsOfFile: folder.log, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").last.map(String.init) ?? "it wrote nothing"
    }
}
