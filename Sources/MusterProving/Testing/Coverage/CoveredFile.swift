import Foundation
import MusterCore
import MusterLua

/// A policy's file, and how often each line was executed that can be.
public struct CoveredFile: Sendable {
    public var path: String
    /// By line, from 1. Lines that hold nothing but brackets and `end` are not in it.
    public var counts: [Int: Int]

    /// Nil when the file cannot be read or parsed any more.
    init?(path: String, executed: [Int: Int]) {
        guard let data = FileManager.default.contents(atPath: path), let isolate = try? LuaIsolate(Self.settings) else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        let active = isolate.performInline { lua in
            (try? lua.compile(LuaSource(name: path, text: text))).flatMap { try? lua.activeLines(of: $0) }
        }
        guard let active else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        self.path = path
        counts = active.filter { $0 <= lines.count && !Self.isEmpty(lines[$0 - 1]) }.reduce(into: [:]) { $0[$1] = executed[$1] ?? 0 }
    }

    private static var settings: LuaSettings {
        var settings = LuaSettings()
        settings.placement = .inline
        settings.slice = .none
        return settings
    }

    /// Whether a line only closes what others began: whether it is passed says nothing.
    static func isEmpty(_ line: Substring) -> Bool {
        let code = line.prefix(upTo: line.firstRange(of: "--")?.lowerBound ?? line.endIndex)
        let words = code.split { !$0.isLetter && !$0.isNumber && $0 != "_" && $0 != "\"" && $0 != "'" && $0 != "=" && $0 != "[" }
        return words.allSatisfy { $0 == "end" || $0 == "else" || $0 == "do" || $0 == "repeat" }
    }

    public var executedCount: Int { counts.values.count { $0 > 0 } }
    /// The part of all lines that was executed; 1 for a file without any.
    public var share: Double { counts.isEmpty ? 1 : Double(executedCount) / Double(counts.count) }

    /// The lines that were never executed, as `12`, `15-17`.
    public var missing: [String] {
        let lines = counts.keys.sorted()
        var ranges: [(first: Int, last: Int)] = []
        var isOpen = false
        for line in lines {
            guard counts[line] == 0 else {
                isOpen = false
                continue
            }
            // Lines between that hold no code do not part a range.
            if isOpen { ranges[ranges.count - 1].last = line } else { ranges.append((line, line)) }
            isOpen = true
        }
        return ranges.map { $0.first == $0.last ? "\($0.first)" : "\($0.first)-\($0.last)" }
    }
}

/// Coverage in the form of lcov's tracefiles (geninfo(1)).
public enum LCOV {
    public static func text(_ files: [CoveredFile]) -> String {
        files.map { file in
            let lines = file.counts.sorted { $0.key < $1.key }.map { "DA:\($0.key),\($0.value)\n" }.joined()
            return "TN:\nSF:\(file.path)\n\(lines)LF:\(file.counts.count)\nLH:\(file.executedCount)\nend_of_record\n"
        }.joined()
    }
}
