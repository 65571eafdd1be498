import Foundation
import MusterCore
import MusterNetboot
import Synchronization
import Testing

/// Two network namespaces and a wire between them: in one a bridge with the boot service as a program of its own, in the other
/// the clients. Both are gone when the test process is.
final class BootLab: Sendable {
    static let mac = "52:54:00:77:00:01"
    /// The interface of the client's namespace.
    static let wire = "c0"

    let folder: URL
    let server: Companion
    let client: Companion
    private let arguments: [String]
    private let running: Mutex<Companion>
    var service: Companion { running.withLock { $0 } }

    private init(_ setup: Setup, arguments: [String]) throws {
        folder = setup.folder
        server = setup.server
        client = setup.client
        self.arguments = arguments
        running = Mutex(try Companion(arguments))
    }

    /// Sets all up, runs the body, and takes all down.
    static func run(
        range: String = "10.77.0.50-10.77.0.59", arguments: String = "console=ttyS0",
        prepare: (BootLab.Setup) async throws -> Void = { _ in },
        _ body: (BootLab) async throws -> Void
    ) async throws {
        try #require(geteuid() == 0, "the live tests make network namespaces: run them as root")
        let folder = FileManager.default.temporaryDirectory.appending(path: "muster-netboot-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let setup = Setup(server: try await namespace(), client: try await namespace(), folder: folder)
        try await setup.connect()
        try await prepare(setup)
        let lab = try BootLab(
            setup,
            arguments: [
                try Tool.path("nsenter"), "-n", "-t", "\(setup.server.pid)", try probe(), "br0", "10.77.0.1/24", range,
                folder.path,
                arguments,
            ])
        var failure: (any Error)?
        do {
            _ = try await lab.service.line("ready")
            try await body(lab)
        } catch {
            failure = error
        }
        let status = await lab.service.end()
        for companion in [setup.client, setup.server] { _ = await companion.end() }
        if let failure { throw failure }
        #expect(status == 0, "the service did not end by itself: \(lab.service.log)")
    }

    /// Kills the service as a crash would, and starts it anew.
    func crash() async throws {
        kill(service.pid, SIGKILL)
        _ = await service.end()
        let anew = try Companion(arguments)
        running.withLock { $0 = anew }
        _ = try await anew.line("ready")
    }

    struct Setup: Sendable {
        var server: Companion
        var client: Companion
        var folder: URL

        fileprivate func connect() async throws {
            for line in [
                "link set lo up", "link add br0 type bridge", "link set br0 up", "address add 10.77.0.1/24 dev br0",
                "link add p0 type veth peer name \(BootLab.wire) address \(BootLab.mac) netns \(client.pid)",
                "link set p0 master br0 up",
            ] { try await ip(server, line) }
            try await ip(client, "link set lo up")
            try await ip(client, "link set \(BootLab.wire) up")
        }

        func ip(_ namespace: Companion, _ line: String) async throws {
            let words = line.split(separator: " ").map(String.init)
            let output = try await Tool.run(["nsenter", "-n", "-t", "\(namespace.pid)", try Tool.path("ip")] + words)
            try #require(output.status == 0, "ip \(line): \(output.errors)")
        }
    }

    private static func namespace() async throws -> Companion {
        let holder = try Companion([try Tool.path("unshare"), "-n", "sh", "-c", "echo made it; exec cat"])
        _ = try await holder.line("made")
        return holder
    }

    /// The boot service's program, built beside the tests.
    static func probe() throws -> String {
        let folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let candidates = [folder, Bundle.main.bundleURL, Bundle.main.bundleURL.deletingLastPathComponent()]
        let found = candidates.map { $0.appending(path: "netboot-probe").path }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
        return try #require(found, "netboot-probe is not built: swift build")
    }

    /// Runs a program in the clients' namespace.
    func client(_ arguments: [String], seconds: Double = 60) async throws -> Tool.Output {
        try await Tool.run(
            ["nsenter", "-n", "-t", "\(client.pid)", try Tool.path(arguments[0])] + arguments.dropFirst(), seconds: seconds)
    }

    /// Runs `ip` in one of the namespaces.
    func ip(_ namespace: Companion, _ line: String) async throws {
        try await Setup(server: server, client: client, folder: folder).ip(namespace, line)
    }

    /// Tells the service's authority something, and waits until it knows.
    func tell(_ command: String) async throws {
        let seen = service.lines.count
        try service.send(command)
        _ = try await service.line("done", after: seen)
    }

    func counters() async throws -> BootCounters {
        let seen = service.lines.count
        try service.send("counters")
        return try Value(json: try await service.line("counters", after: seen)).decode(BootCounters.self)
    }

    func file(_ name: String, _ data: Data) throws { try data.write(to: folder.appending(path: name)) }

    /// Bytes that no two tests or places of a file share.
    static func noise(_ count: Int) -> Data {
        var random = SeededGenerator(seed: UInt64.random(in: 0...UInt64.max))
        var data = Data(capacity: count + 8)
        while data.count < count { withUnsafeBytes(of: random.next()) { data.append(contentsOf: $0) } }
        return data.prefix(count)
    }
}

/// All tests with real clients: one after the other, since each is a little network.
@Suite("Live", .serialized) enum Live {}
