import Foundation
import Testing

/// A program that runs beside the test: lines in, lines out. It ends when its input ends, so that none is left when the test
/// dies.
final class Companion: Sendable {
    let pid: pid_t
    private let input: Int32
    private let output: ScratchFile
    private let errors: ScratchFile

    init(_ arguments: [String]) throws {
        output = try ScratchFile()
        errors = try ScratchFile()
        var ends: [Int32] = [-1, -1]
        let made = pipe(&ends)
        try #require(made == 0)
        // A child that inherits the writing end would keep this program from seeing its input's end.
        ends.forEach { _ = fcntl($0, F_SETFD, FD_CLOEXEC) }
        input = ends[1]
        pid = try Spawn.start(arguments, input: ends[0], output: output.descriptor, errors: errors.descriptor)
        close(ends[0])
    }

    /// The whole lines written so far.
    var lines: [String] {
        let bytes = output.bytes
        let whole = bytes.prefix((bytes.lastIndex(of: 10) ?? -1) + 1)
        return String(decoding: whole, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// What it wrote as its errors.
    var log: String { String(decoding: errors.bytes, as: UTF8.self) }

    func send(_ line: String) throws {
        let bytes = Array("\(line)\n".utf8)
        try #require(write(input, bytes, bytes.count) == bytes.count)
    }

    /// Waits for a line that begins with a word, after those already seen, and returns the rest of it.
    func line(_ word: String, after seen: Int = 0, seconds: Double = 30) async throws -> String {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < deadline {
            if let line = lines.dropFirst(seen).first(where: { $0.hasPrefix(word + " ") }) {
                return String(line.dropFirst(word.count + 1))
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw Missing(word: word, lines: lines, log: log)
    }

    struct Missing: Error { var word: String, lines: [String], log: String }

    /// Ends its input, and waits for its end.
    func end() async -> Int32 {
        close(input)
        return await Spawn.end(pid, seconds: 20)
    }
}
