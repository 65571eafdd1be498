import Foundation

/// A folder of a test's own, removed with it.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "muster-drivers-\(UUID().uuidString.prefix(13))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    func write(_ name: String, _ text: String, executable: Bool = false) throws {
        try text.write(toFile: file(name), atomically: true, encoding: .utf8)
        if executable { try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file(name)) }
    }

    /// The text of a file without its last newline; empty when there is none.
    func read(_ name: String) -> String {
        let text = (try? String(contentsOfFile: file(name), encoding: .utf8)) ?? ""
        return text.trimmingCharacters(in: .newlines)
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: file(name)) }
    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name)) }
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String
}

/// Polls until the condition holds; throws with `what` when it does not within the deadline.
func eventually(_ what: String, seconds: Double = 30, _ condition: () async throws -> Bool) async throws {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while try await !condition() {
        guard Date() < deadline else { throw TestFailure(description: "never happened within \(seconds) s: \(what)") }
        try await Task.sleep(for: .milliseconds(10))
    }
}
