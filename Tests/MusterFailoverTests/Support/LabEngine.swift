import Foundation
import MusterConsole
import MusterCore
import MusterLab

/// The real engine process inside a lab; it can be killed and started again on the same state.
final class LabEngine: Sendable {
    let lab: Lab
    /// The folder of hook files.
    let hooks: String
    /// The fleet that it applies at each start.
    let fleet: String

    init(lab: Lab, hooks: String, fleet: String) {
        self.lab = lab
        self.hooks = hooks
        self.fleet = fleet
    }

    var state: String { lab.folder + "/state" }
    var log: String { lab.folder + "/engine.log" }
    var client: ConsoleClient { ConsoleClient(lab.folder + "/muster.sock") }

    /// The program under test: MUSTER_PROGRAM, or the `muster` beside these tests.
    static let program: String = {
        if let given = ProcessInfo.processInfo.environment["MUSTER_PROGRAM"] {
            return URL(fileURLWithPath: given).resolvingSymlinksInPath().path
        }
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/"
        let candidates = [tests, CommandLine.arguments.first ?? "/", Bundle.main.bundlePath + "/muster"].map {
            URL(fileURLWithPath: $0).resolvingSymlinksInPath().deletingLastPathComponent().path + "/muster"
        }
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0) } ?? candidates[0]
    }()

    /// The source tree, which has `hooks`, `stdlib`, `guest` and `lab`.
    static let sources = (0..<4).reduce(URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()) { path, _ in
        path.deletingLastPathComponent()
    }.path

    /// The engine's process, by its number outside the lab; nil when it does not run.
    var pid: Int32? { ProcessScan.find(program: Self.program, naming: state).first }

    /// Starts it, and returns when it answers.
    func start() async throws {
        guard FileManager.default.isExecutableFile(atPath: Self.program) else {
            throw MusterError(
                "program_missing", "there is no program \(Self.program)",
                hint: "swift build --product muster, or set MUSTER_PROGRAM")
        }
        // Each engine's log goes on where the last one's ended.
        let descriptor = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw MusterError("file_failed", "cannot write \(log)") }
        let output = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = try lab.enter([
            "setsid", Self.program, "serve", "--fleet", fleet, "--state", state, "--socket", client.socketPath, "--hooks", hooks,
            "--library", Self.sources + "/stdlib",
        ])
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        _ = try await eventually("the engine answers") { try? await client.request("status", [:], timeout: .seconds(5)) }
    }

    /// Ends it by a signal, and returns when it is gone.
    func end(_ signal: Int32 = SIGKILL) async throws {
        guard let pid else { throw MusterError(.notFound, "no engine runs on \(state)") }
        kill(pid, signal)
        _ = try await eventually("the engine's process \(pid) is gone") { ProcessScan.isAlive(pid) ? nil : true }
    }

    /// The processes that serve images of this engine.
    var exports: [Int32] { ProcessScan.find(program: "qemu-storage-daemon", naming: state) }

    /// The BMC of a machine, as a process.
    func controller(of machine: String) throws -> Int32 {
        guard let pid = ProcessScan.find(program: "ipmi_sim", workingIn: "\(lab.folder)/machines/\(machine)").first else {
            throw MusterError(.notFound, "the BMC of \(machine) does not run")
        }
        return pid
    }
}
