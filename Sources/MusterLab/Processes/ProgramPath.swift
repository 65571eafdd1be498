import Foundation

/// Where programs are found: PATH and the administrator's folders, which the PATH of other users lacks.
enum ProgramPath {
    static var folders: [String] {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        let folders = path.split(separator: ":").map { String($0) }
        return folders + ["/usr/local/sbin", "/usr/sbin", "/sbin"].filter { !folders.contains($0) }
    }

    /// The file of a program; nil when there is none. A name with a slash is taken as it is.
    static func find(_ name: String) -> String? {
        if name.contains("/") { return FileManager.default.isExecutableFile(atPath: name) ? name : nil }
        return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// This process's environment with that PATH, as `NAME=VALUE`.
    static var environment: [String] {
        var values = ProcessInfo.processInfo.environment
        values["PATH"] = folders.joined(separator: ":")
        return values.map { "\($0.key)=\($0.value)" }
    }
}
