import Foundation
import Synchronization

/// Runs a program to its end.
public struct Program: Sendable {
    public struct Outcome: Sendable {
        public var status: Int32
        public var output: String
        public var errors: String
    }

    public let path: String
    public var environment: [String: String]

    public init(_ path: String, environment: [String: String] = ProcessInfo.processInfo.environment) {
        self.path = path
        self.environment = environment
    }

    /// The `muster` that was built beside these tests, without the settings of the one who runs them.
    public static var muster: Program {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/"
        let folder = (tests as NSString).deletingLastPathComponent
        var environment = ProcessInfo.processInfo.environment
        for name in ["MUSTER_SOCKET", "NO_COLOR", "SUDO_USER"] { environment[name] = nil }
        environment["TERM"] = "xterm"
        return Program(folder + "/muster", environment: environment)
    }

    /// Starts it with pipes for its streams.
    public func start(_ arguments: [String], input: String? = nil) throws -> RunningProgram {
        try RunningProgram(self, arguments, input: input)
    }

    public func run(_ arguments: [String], input: String? = nil) async throws -> Outcome {
        try await start(arguments, input: input).end()
    }
}

/// A program that runs.
public final class RunningProgram: Sendable {
    private let process: Process
    private let output: LineCollector
    private let errors: LineCollector
    private let ended: AsyncStream<Int32>

    fileprivate init(_ program: Program, _ arguments: [String], input: String?) throws {
        let (process, output, errors) = (Process(), Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: program.path)
        process.arguments = arguments
        process.environment = program.environment
        process.standardOutput = output
        process.standardError = errors
        let (ended, end) = AsyncStream.makeStream(of: Int32.self)
        self.ended = ended
        process.terminationHandler = {
            // As a shell tells it.
            end.yield($0.terminationReason == .exit ? $0.terminationStatus : 128 + $0.terminationStatus)
            end.finish()
        }
        let source = input.map { _ in Pipe() }
        process.standardInput = source ?? FileHandle.nullDevice
        self.output = LineCollector(output.fileHandleForReading)
        self.errors = LineCollector(errors.fileHandleForReading)
        self.process = process
        try process.run()
        if let source, let input {
            DispatchQueue.global().async {
                try? source.fileHandleForWriting.write(contentsOf: Data(input.utf8))
                try? source.fileHandleForWriting.close()
            }
        }
    }

    public var pid: Int32 { process.processIdentifier }
    public var outputSoFar: String { output.text }
    public var errorsSoFar: String { errors.text }

    public func signal(_ number: Int32) { kill(pid, number) }

    /// Waits for its end.
    public func end() async -> Program.Outcome {
        var status: Int32 = -1
        for await code in ended { status = code }
        return Program.Outcome(status: status, output: await output.all(), errors: await errors.all())
    }
}

/// What a stream brought so far.
private final class LineCollector: Sendable {
    private let data: Mutex<Data>
    private let ended: AsyncStream<Void>

    init(_ handle: FileHandle) {
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        self.ended = ended
        data = Mutex(Data())
        // A thread of its own: it waits for as long as the program runs.
        Thread.detachNewThread { [self] in
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(handle.fileDescriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                data.withLock { $0 += buffer[..<count] }
            }
            end.finish()
        }
    }

    var text: String { data.withLock { String(decoding: $0, as: UTF8.self) } }

    /// All of it, once the stream has ended.
    func all() async -> String {
        for await _ in ended {}
        return text
    }
}
