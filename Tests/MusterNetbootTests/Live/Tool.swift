import Foundation
import Testing

/// Runs programs of the system: the real clients of the live tests.
enum Tool {
    struct Output: Sendable {
        /// The exit status, or the negative number of the signal that ended it.
        var status: Int32
        var bytes: Data
        var errors: String
        var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    /// The program's path. Errors: an issue that names the package to install.
    static func path(_ name: String) throws -> String {
        let found = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"].map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
        return try #require(found, "\(name) is missing: apt-get install \(packages[name] ?? name)")
    }

    private static let packages = [
        "ip": "iproute2", "nsenter": "util-linux", "unshare": "util-linux", "busybox": "busybox-static",
        "qemu-system-x86_64": "qemu-system-x86 ipxe-qemu",
    ]

    /// Runs to the end, at most so many seconds.
    static func run(_ arguments: [String], seconds: Double = 60) async throws -> Output {
        let output = try ScratchFile()
        let errors = try ScratchFile()
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { close(null) }
        let pid = try Spawn.start(
            [try path(arguments[0])] + arguments.dropFirst(), input: null, output: output.descriptor, errors: errors.descriptor)
        let status = await Spawn.end(pid, seconds: seconds)
        return Output(status: status, bytes: Data(output.bytes), errors: String(decoding: errors.bytes, as: UTF8.self))
    }
}
