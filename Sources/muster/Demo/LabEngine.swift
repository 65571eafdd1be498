import Foundation
import MusterCore
import MusterLab

/// An engine inside the lab. It goes on when this process ends, and ends with the lab.
struct LabEngine: Sendable {
    let lab: Lab
    let state: String
    let socket: String
    let log: String

    func start() throws {
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        var arguments = [program, "serve", "--fleet", lab.fleetFile, "--state", state, "--socket", socket]
        if let hooks = DefaultPaths.folder("hooks") { arguments += ["--hooks", hooks] }
        let words = try lab.enter(["setsid"] + arguments)
        guard FileManager.default.createFile(atPath: log, contents: nil, attributes: [.posixPermissions: 0o600]),
            let output = FileHandle(forWritingAtPath: log)
        else {
            throw MusterError("file_failed", "cannot write \(log)")
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
    }
}
