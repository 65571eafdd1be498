import CLinuxShim
import Foundation
import Synchronization

/// Room on the disk that is kept for the work that was accepted before the disk was full (design, rule 7): a file of its own, given
/// away when the last byte is gone, and made again when there is room again.
final class Reserve: Sendable {
    private let path: String
    private let size: Int64
    private let held = Mutex(false)

    /// Finds the reserve of an earlier engine, or makes it.
    init(path: String, size: Int64) {
        self.path = path
        self.size = size
        var information = stat()
        let isWhole = stat(path, &information) == 0 && Int64(information.st_blocks) * 512 >= size && Int64(information.st_size) == size
        if isWhole { held.withLock { $0 = true } } else { restore() }
    }

    var isHeld: Bool { held.withLock { $0 } }

    /// Whether the disk is so full that the reserve has to be given away or cannot be made: what is left is an eighth of it.
    var isRoomGone: Bool { Self.room(beside: path) < size / 8 }

    /// Gives the room to the store's log; false when it was given away before. Most of it goes into the log file at once, so that whoever
    /// filled the disk does not take this as well; the rest serves other small files of a failover.
    func release(to log: String) -> Bool {
        held.withLock { held in
            guard held else { return false }
            held = false
            unlink(path)
            var information = stat()
            let length = stat(log, &information) == 0 ? information.st_size : 0
            let descriptor = open(log, O_RDWR | O_CLOEXEC)
            if descriptor >= 0, size > 0 {
                // Frames of zeros are none: their salts do not match.
                _ = muster_allocate(descriptor, off_t(length), off_t(size * 3 / 4))
            }
            if descriptor >= 0 { close(descriptor) }
            return true
        }
    }

    /// Makes the file again when the disk has room for it and for some more; false when it has not.
    @discardableResult
    func restore() -> Bool {
        held.withLock { held in
            guard !held else { return true }
            guard Self.room(beside: path) >= size + max(size / 4, 128 << 10) else { return false }
            held = allocate()
            return held
        }
    }

    private func allocate() -> Bool {
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let error = size == 0 ? 0 : muster_allocate(descriptor, 0, off_t(size))
        if error == 0 || error == EOPNOTSUPP && fill(descriptor) { return true }
        unlink(path)
        return false
    }

    /// Where a file system cannot set blocks aside (NFS), bytes are written.
    private func fill(_ descriptor: Int32) -> Bool {
        let bytes = [UInt8](repeating: 0x5a, count: 1 << 16)
        var left = size
        while left > 0 {
            let count = write(descriptor, bytes, Int(min(left, Int64(bytes.count))))
            guard count > 0 else { return false }
            left -= Int64(count)
        }
        return fsync(descriptor) == 0
    }

    /// Bytes that this process may still write in a file's folder.
    static func room(beside path: String) -> Int64 {
        var information = statvfs()
        guard statvfs((path as NSString).deletingLastPathComponent, &information) == 0 else { return 0 }
        return Int64(information.f_bavail) * Int64(information.f_frsize)
    }
}
