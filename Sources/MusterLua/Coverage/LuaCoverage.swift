import CLuaShim
import MusterCore

/// Counts of executed lines, for isolates that execute on one thread: the runs of a policy under test.
///
/// Used by the thread of its isolates, and kept longer than they.
public final class LuaCoverage: @unchecked Sendable {
    let counts: OpaquePointer

    /// Errors: `memory`.
    public init() throws(MusterError) {
        guard let counts = mlua_coverage_open() else {
            throw MusterError(.memory, "no memory to count lines in", hint: "test fewer files at once, or without --coverage")
        }
        self.counts = counts
    }

    deinit { mlua_coverage_close(counts) }

    /// How often each line was executed, by the names under which errors show the sources. Lines never executed are not in it.
    public var lines: [String: [Int: Int]] {
        var files: [String: [Int: Int]] = [:]
        for file in 0..<mlua_coverage_count(counts) {
            var length = 0
            let start = mlua_coverage_lines(counts, file, &length)
            var lines: [Int: Int] = [:]
            for (line, count) in UnsafeBufferPointer(start: start, count: length).enumerated() where count > 0 { lines[line] = Int(count) }
            files[String(cString: mlua_coverage_name(counts, file))] = lines
        }
        return files
    }
}

extension LuaCoverage: Hashable {
    public static func == (one: LuaCoverage, other: LuaCoverage) -> Bool { one === other }
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
