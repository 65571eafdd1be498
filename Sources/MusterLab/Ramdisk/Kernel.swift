import Foundation
import MusterCore

/// A Linux kernel with its modules, installed or unpacked from a Debian package.
public struct Kernel: Sendable, Hashable {
    public var version: String
    /// The boot image.
    public var image: String
    /// `lib/modules/VERSION`, with its `modules.dep`.
    public var modules: String

    /// The kernel of this version in the system.
    public static func installed(_ version: String) throws(MusterError) -> Kernel {
        try Kernel(version: version, root: "")
    }

    /// The kernel in a folder that a `linux-image` package was unpacked into (`dpkg -x`).
    public static func unpacked(in folder: String) throws(MusterError) -> Kernel {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/lib/modules")) ?? []
        guard let version = versions.sorted().last else {
            throw MusterError(
                .notFound, "there is no kernel in \(folder)",
                hint: "unpack one there: apt-get download linux-image-…; dpkg -x linux-image-….deb \(folder)", subject: folder)
        }
        return try Kernel(version: version, root: folder)
    }

    private init(version: String, root: String) throws(MusterError) {
        self.version = version
        image = "\(root)/boot/vmlinuz-\(version)"
        modules = "\(root)/lib/modules/\(version)"
        for file in [image, modules] where !Files.exists(file) {
            throw MusterError(
                .notFound, "kernel \(version) lacks \(file)", hint: "name an installed kernel's version or an unpacked package",
                subject: file)
        }
        if !Files.exists("\(modules)/modules.dep") {
            try Command.run(["depmod", "-b", root.isEmpty ? "/" : root, version], hint: "package kmod has depmod")
        }
    }
}
