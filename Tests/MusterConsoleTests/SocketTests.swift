import ConsoleFixture
import Foundation
import MusterConsole
import MusterCore
import MusterEngine
import Testing

/// The socket file: its mode, its owner, and what is left of it.
@Suite(.serialized, .timeLimit(.minutes(5))) struct SocketTests {
    @Test func theSocketIsTheOwnersAlone() async throws {
        try await TestConsole.with { console in
            var status = stat()
            #expect(lstat(console.socket, &status) == 0)
            #expect(status.st_mode & 0o7777 == 0o600)
            #expect(status.st_mode & S_IFMT == S_IFSOCK)
            let left = try FileManager.default.contentsOfDirectory(atPath: console.folder)
            #expect(left == ["s"])
        }
    }

    @Test func nothingIsLeftAfterwards() async throws {
        try await TestConsole.with { console in
            try await withFolder { folder in
                let path = folder + "/run/muster.sock"
                try await served(console, at: path) {
                    try await expectAnswers(ConsoleClient(path))
                }
                let left = try FileManager.default.contentsOfDirectory(atPath: folder + "/run")
                #expect(left == [])
            }
        }
    }

    @Test func aDeadEnginesSocketIsReplaced() async throws {
        try await TestConsole.with { console in
            try await withFolder { folder in
                let path = folder + "/s"
                try leaveDeadSocket(path)
                try await served(console, at: path) {
                    try await expectAnswers(ConsoleClient(path))
                }
            }
        }
    }

    @Test func aLiveEngineIsNotReplaced() async throws {
        try await TestConsole.with { console in
            let failure = await #expect(throws: MusterError.self) { try await served(console, at: console.socket) {} }
            #expect(failure?.code == "console_busy")
            try await expectAnswers(console.client)
        }
    }

    @Test func anOrdinaryFileIsNotReplaced() async throws {
        try await TestConsole.with { console in
            let path = console.folder + "/file"
            try Data("precious".utf8).write(to: URL(fileURLWithPath: path))
            let failure = await #expect(throws: MusterError.self) { try await served(console, at: path) {} }
            #expect(failure?.code == "console_failed")
            #expect(FileManager.default.contents(atPath: path) == Data("precious".utf8))
        }
    }

    @Test func aPathThatIsTooLongIsNamed() async throws {
        try await TestConsole.with { console in
            let path = console.folder + "/" + String(repeating: "x", count: 120)
            let failure = await #expect(throws: MusterError.self) { try await served(console, at: path) {} }
            #expect(failure?.message.contains("107") == true)
        }
    }

    @Test func itStopsWhileManyConnect() async throws {
        try await TestConsole.with { console in
            let path = console.folder + "/other"
            let clients = (0..<8).map { _ in
                Task {
                    var answers = 0
                    while !Task.isCancelled {
                        if (try? await ConsoleClient(path).request("arm")) != nil { answers += 1 }
                    }
                    return answers
                }
            }
            for _ in 0..<20 {
                try await served(console, at: path) { try await expectAnswers(ConsoleClient(path)) }
            }
            for client in clients {
                client.cancel()
                let answers = await client.value
                #expect(answers > 0)
            }
        }
    }

    @Test func itStopsWhileALineIsEvaluated() async throws {
        try await TestConsole.with { console in
            let path = console.folder + "/other"
            let waiting = try await console.serving(at: path) {
                let waiting = Task {
                    try await ConsoleClient(path).request("evaluate", ["session": "s", "text": "deaf"], timeout: nil)
                }
                try await eventually { await console.scripts.liveSessions["s"] == 1 }
                return waiting
            }
            await #expect(throws: MusterError.self) { try await waiting.value }
        }
    }

    private func served(_ console: TestConsole, at path: String, _ body: () async throws -> Void) async throws {
        try await console.serving(at: path, body)
    }

    /// A socket that was bound and whose process is gone.
    private func leaveDeadSocket(_ path: String) throws {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
    }
}
