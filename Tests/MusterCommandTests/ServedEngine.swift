import ConsoleFixture
import Foundation
import MusterConsole
import MusterCore
import Synchronization
import Testing

/// A real engine in a process of its own (`muster serve`), which can be killed and started again on the same state.
final class ServedEngine: Sendable {
    let folder: String
    private let process = Mutex<RunningProgram?>(nil)

    var socket: String { folder + "/s" }
    var client: ConsoleClient { ConsoleClient(socket, operatorName: "tester") }

    /// `muster` that asks this engine.
    var muster: Program {
        var program = Program.muster
        program.environment["MUSTER_SOCKET"] = socket
        program.environment["XDG_STATE_HOME"] = folder + "/home"
        return program
    }

    private static let sources = (0..<3).reduce(URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()) { path, _ in
        path.deletingLastPathComponent()
    }.path

    private init(_ folder: String) { self.folder = folder }

    /// Serves while `body` runs.
    static func with<Answer>(_ body: (ServedEngine) async throws -> Answer) async throws -> Answer {
        try await withFolder { folder in
            let engine = ServedEngine(folder)
            do {
                try await engine.start()
                let answer = try await body(engine)
                await engine.kill()
                return answer
            } catch {
                await engine.kill()
                throw error
            }
        }
    }

    /// Starts it, and returns when it answers.
    func start() async throws {
        let started = try Program.muster.start([
            "serve", "--state", folder + "/state", "--socket", socket, "--library", Self.sources + "/stdlib", "--reserve", "1M",
        ])
        process.withLock { $0 = started }
        let deadline = ContinuousClock.now.advanced(by: .seconds(90))
        while (try? await client.request("status")) == nil {
            guard ContinuousClock.now < deadline else {
                Issue.record("the engine does not answer: \(started.errorsSoFar)")
                throw MusterError("no_engine", "the engine does not answer")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Kills it as `kill -9` does, and returns when it is gone.
    func kill() async {
        guard
            let running = process.withLock({ process in
                defer { process = nil }
                return process
            })
        else { return }
        running.signal(SIGKILL)
        _ = await running.end()
    }

    func file(_ name: String, _ text: String) throws -> String {
        let path = "\(folder)/\(name)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    func terminal(_ arguments: String...) throws -> TerminalProgram {
        try TerminalProgram(muster.path, arguments, environment: muster.environment)
    }

    /// What the live runs wait for.
    func waits() async throws -> [String] {
        let runs = try await client.request("runs", ["waiting": true]).array ?? []
        return runs.flatMap { $0["waits"].array ?? [] }.compactMap { $0["for"].string }
    }
}
