import Foundation

/// Living processes, as `/proc` shows them; numbers are those outside the lab.
enum ProcessScan {
    /// The processes whose program has this name, or this path, and whose words all together contain a text.
    static func find(program: String, naming text: String) -> [Int32] {
        all.filter { pid in
            guard let path = link("/proc/\(pid)/exe"), path == program || path.hasSuffix("/" + program) else { return false }
            return commandLine(pid).contains(text)
        }
    }

    /// The processes of a program that work in a folder.
    static func find(program: String, workingIn folder: String) -> [Int32] {
        all.filter { pid in
            link("/proc/\(pid)/exe")?.hasSuffix("/" + program) == true && link("/proc/\(pid)/cwd") == folder
        }
    }

    /// The command lines of all processes that name a folder.
    static func commandLines(naming folder: String) -> [String] {
        all.map(commandLine).filter { $0.contains(folder) }
    }

    /// Whether a process is there and no zombie.
    static func isAlive(_ pid: Int32) -> Bool { link("/proc/\(pid)/exe") != nil }

    private static var all: [Int32] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }.sorted()
    }

    private static func commandLine(_ pid: Int32) -> String {
        let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
        return String(decoding: data, as: UTF8.self).replacingOccurrences(of: "\0", with: " ")
    }

    private static func link(_ path: String) -> String? { try? FileManager.default.destinationOfSymbolicLink(atPath: path) }
}
