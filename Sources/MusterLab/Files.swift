import Foundation
import MusterCore

/// File work with errors that name the file.
enum Files {
    static func read(_ path: String) throws(MusterError) -> Data {
        do { return try Data(contentsOf: URL(fileURLWithPath: path)) } catch { throw failure("read", path, error) }
    }

    /// Writes a file; it is readable for its owner only when it is secret.
    static func write(_ data: Data, _ path: String, mode: Int = 0o644) throws(MusterError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode_t(mode))
        guard descriptor >= 0 else {
            throw MusterError("file_failed", "cannot write \(path): \(String(cString: strerror(errno)))", subject: path)
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do { try file.write(contentsOf: data) } catch { throw failure("write", path, error) }
    }

    static func write(_ text: String, _ path: String, mode: Int = 0o644) throws(MusterError) {
        try write(Data(text.utf8), path, mode: mode)
    }

    static func copy(_ source: String, _ target: String, mode: Int = 0o644) throws(MusterError) {
        try write(try read(source), target, mode: mode)
    }

    static func makeFolder(_ path: String, mode: Int = 0o755) throws(MusterError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: mode])
        } catch { throw failure("make the folder", path, error) }
    }

    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    private static func failure(_ verb: String, _ path: String, _ error: any Error) -> MusterError {
        MusterError("file_failed", "cannot \(verb) \(path): \(error.localizedDescription)", subject: path)
    }
}
