import Foundation
import Synchronization
import Testing

/// Runs programs of the system: the real clients of the live tests.
enum Tool {
    struct Output: Sendable {
        var status: Int32
        var text: String
        var errors: String
        var bytes: Data
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
        let process = Process()
        process.executableURL = URL(filePath: try path(arguments[0]))
        process.arguments = Array(arguments.dropFirst())
        let folder = FileManager.default.temporaryDirectory
        let files = ["out", "err"].map { folder.appending(path: "muster-tool-\(UUID()).\($0)") }
        defer { files.forEach { try? FileManager.default.removeItem(at: $0) } }
        for file in files { try Data().write(to: file) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try FileHandle(forWritingTo: files[1])
        try process.run()
        let deadline = ContinuousClock.now + .seconds(seconds)
        while process.isRunning {
            if ContinuousClock.now > deadline { kill(process.processIdentifier, SIGKILL) }
            try await Task.sleep(for: .milliseconds(10))
        }
        let contents = try files.map { try Data(contentsOf: $0) }
        return Output(
            status: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
            text: String(decoding: contents[0], as: UTF8.self), errors: String(decoding: contents[1], as: UTF8.self),
            bytes: contents[0])
    }
}

/// A program that runs beside the test: lines in, lines out. It ends when its input ends, so that none is left when the test dies.
final class Companion: Sendable {
    private let process: Process
    private let input = Pipe()
    private let received = Mutex<[UInt8]>([])

    init(_ path: String, _ arguments: [String]) throws {
        process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        output.fileHandleForReading.readabilityHandler = { [weak self] handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            self?.received.withLock { $0 += data }
        }
        try process.run()
    }

    var pid: Int32 { process.processIdentifier }

    var lines: [String] {
        let octets = received.withLock { $0 }
        return String(decoding: octets, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    func send(_ line: String) throws { try input.fileHandleForWriting.write(contentsOf: Data("\(line)\n".utf8)) }

    /// Waits for a line that begins with a word, after those already seen, and returns the rest of it.
    func line(_ word: String, after seen: Int = 0, seconds: Double = 30) async throws -> String {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < deadline {
            if let line = lines.dropFirst(seen).first(where: { $0.hasPrefix(word + " ") }) {
                return String(line.dropFirst(word.count + 1))
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw Missing(word: word, lines: lines)
    }

    struct Missing: Error { var word: String, lines: [String] }

    func end() async throws {
        try input.fileHandleForWriting.close()
        let deadline = ContinuousClock.now + .seconds(20)
        while process.isRunning {
            if ContinuousClock.now > deadline { kill(pid, SIGKILL) }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
