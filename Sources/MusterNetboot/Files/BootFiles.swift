import Glibc

/// The folder with kernels, ramdisks and boot loaders. Names are flat: what has a slash, begins with a dot, or is no regular file
/// is not there. A link in the folder is followed: only the operator can make one.
struct BootFiles: Sendable {
    private let folder: String

    init(folder: String) { self.folder = folder }

    struct File: Hashable, Sendable {
        var path: String
        /// Octets.
        var size: Int64
    }

    /// Nil when there is no such file. Blocks for a look into the file system.
    func file(_ name: String) -> File? {
        guard Self.isName(name) else { return nil }
        let path = folder + "/" + name
        var information = stat()
        guard stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return nil }
        return File(path: path, size: Int64(information.st_size))
    }

    static func isName(_ name: String) -> Bool {
        guard !name.isEmpty, name.utf8.count <= 128, !name.hasPrefix(".") else { return false }
        return name.utf8.allSatisfy { $0.isDigit || $0.isLetter || "._-+".utf8.contains($0) }
    }
}
