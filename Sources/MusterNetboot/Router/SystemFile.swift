import Glibc

/// Small files of the kernel's.
enum SystemFile {
    /// At most 64 KiB of the file's text; nil when it cannot be read.
    static func text(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var octets: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while octets.count < 65536 {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return count == 0 ? String(decoding: octets, as: UTF8.self) : nil }
            octets += buffer[..<count]
        }
        return String(decoding: octets, as: UTF8.self)
    }
}
