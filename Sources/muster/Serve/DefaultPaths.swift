import Foundation
import MusterCore

/// Where things are when no option says otherwise.
enum DefaultPaths {
    static var state: String {
        getuid() == 0 ? "/var/lib/muster" : home("XDG_STATE_HOME", ".local/state") + "/muster"
    }

    static var socket: String {
        if let path = ProcessInfo.processInfo.environment["MUSTER_SOCKET"] { return path }
        if getuid() == 0 { return "/run/muster/muster.sock" }
        return (ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"] ?? "/tmp/muster-\(getuid())") + "/muster.sock"
    }

    private static func home(_ variable: String, _ fallback: String) -> String {
        ProcessInfo.processInfo.environment[variable] ?? NSHomeDirectory() + "/" + fallback
    }

    /// The standard library: beside an installed program in `share/muster/stdlib`, or in the source tree the program was built in.
    static func library() throws -> String {
        guard let path = folder("stdlib") else {
            throw MusterError(.notFound, "the standard library is nowhere near this program", hint: "name it with --library DIR")
        }
        return path
    }

    /// A folder of Muster's own files (`stdlib`, `hooks`), nil when there is none.
    static func folder(_ name: String) -> String? {
        let program = URL(fileURLWithPath: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/")
        var folder = program.deletingLastPathComponent()
        while folder.path != "/" {
            for candidate in [folder.appendingPathComponent("share/muster/\(name)"), folder.appendingPathComponent(name)]
            where FileManager.default.fileExists(atPath: candidate.path) && isOurs(candidate.path, name) {
                return candidate.path
            }
            folder = folder.deletingLastPathComponent()
        }
        return nil
    }

    private static func isOurs(_ path: String, _ name: String) -> Bool {
        let mark = name == "stdlib" ? "muster/recover.lua" : "failover.lua"
        return FileManager.default.fileExists(atPath: path + "/" + mark)
    }
}
