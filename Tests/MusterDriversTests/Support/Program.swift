import Foundation

/// Programs that tests run.
enum Program {
    /// The path of a program, or a failure that says how to get it.
    static func path(_ name: String, package: String) throws -> String {
        let search = (ProcessInfo.processInfo.environment["PATH"] ?? "") + ":/usr/sbin:/sbin"
        let folders: [Substring] = search.split(separator: ":")
        for folder in folders where FileManager.default.isExecutableFile(atPath: "\(folder)/\(name)") {
            return "\(folder)/\(name)"
        }
        throw TestFailure(description: "\(name) is missing: apt-get install \(package)")
    }

    /// Runs a program to its end; returns its status and everything that it wrote.
    static func run(_ name: String, package: String, _ arguments: [String]) async throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try path(name, package: package))
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try start(process)
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let data = (try? pipe.fileHandleForReading.readToEnd()) ?? Data()
                process.waitUntilExit()
                continuation.resume(returning: (process.terminationStatus, String(decoding: data, as: UTF8.self)))
            }
        }
    }

    private static let starting = NSLock()

    /// Starts a process, one at a time: Foundation learns of a process's end by a descriptor that only this process may have, and another one
    /// started in the same moment would inherit it and hide the end until its own.
    static func start(_ process: Process) throws {
        starting.lock()
        defer { starting.unlock() }
        try process.run()
    }

    /// Ends a process that a test started. SIGKILL, because Foundation hands its children a mask that blocks SIGTERM.
    static func end(_ process: Process) {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
