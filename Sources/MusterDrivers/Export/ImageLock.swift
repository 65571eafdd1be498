import CLinuxShim
import Foundation
import MusterCore

/// Whether anybody can write to an image now.
enum ImageLock {
    /// QEMU locks single bytes from 100 (permissions used) and from 200 (permissions not shared) of every file that it opens.
    private static let qemuBytes: (start: Int, length: Int) = (100, 200)

    /// Throws `image_in_use` when a QEMU program holds a lock of the image, or any program has it open for writing (a loop
    /// mount, for example; known on file systems with leases), `image_missing` when there is none.
    static func check(_ image: Image) throws {
        let file = try open(image)
        defer { close(file) }
        let locked = muster_range_locked(file, qemuBytes.start, qemuBytes.length)
        guard locked >= 0 else {
            throw MusterError(
                .exportFailed,
                "the lock of image \(image.id) (\(image.path)) cannot be read: \(String(cString: strerror(errno)))",
                hint: "keep images on a file system with open-file-description locks", subject: image.id.rawValue)
        }
        if locked == 1 { throw inUse(image, "a QEMU program holds its lock") }
        if muster_open_for_writing(file) == 1 { throw inUse(image, "a program has it open for writing") }
    }

    /// Whether nobody holds the image. An image that is gone is held by nobody.
    static func isFree(_ image: Image) throws -> Bool {
        do {
            try check(image)
            return true
        } catch let error as MusterError where error.code == .imageMissing {
            return true
        } catch let error as MusterError where error.code == .imageInUse {
            return false
        }
    }

    /// Brings everything written to the image to the disk.
    static func flush(_ image: Image) throws {
        guard access(image.path, F_OK) == 0 else { return }
        let file = try open(image)
        defer { close(file) }
        guard fsync(file) == 0 else {
            throw MusterError(
                .exportFailed, "flushing image \(image.id) (\(image.path)) failed: \(String(cString: strerror(errno)))",
                hint: "look at the disk that holds it", subject: image.id.rawValue)
        }
    }

    private static func open(_ image: Image) throws -> Int32 {
        let file = Glibc.open(image.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        if file >= 0 {
            var status = stat()
            let kind = fstat(file, &status) == 0 ? status.st_mode & S_IFMT : 0
            if kind == S_IFREG || kind == S_IFBLK { return file }
            close(file)
            throw missing(image, "is neither a file nor a disk")
        }
        throw missing(image, "cannot be opened: \(String(cString: strerror(errno)))")
    }

    private static func missing(_ image: Image, _ what: String) -> MusterError {
        MusterError(
            .imageMissing, "image \(image.id): \(image.path) \(what)", hint: "check the image's path in fleet.lua",
            subject: image.id.rawValue)
    }

    static func inUse(_ image: Image, _ what: String) -> MusterError {
        MusterError(
            .imageInUse, "image \(image.id) (\(image.path)) is in use: \(what)",
            hint: "cut the export that holds it, or end the program (`fuser -v \(image.path)` names it)",
            subject: image.id.rawValue)
    }
}
