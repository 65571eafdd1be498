import Foundation
import MusterCore

/// What a program printed and how it ended.
public struct CommandResult: Sendable {
    /// The exit code, or 128 plus the signal that ended it.
    public var status: Int32
    public var output: Data
    /// Standard error, as text without the last line end.
    public var errors: String

    public var text: String { String(decoding: output, as: UTF8.self) }
}

/// Runs helper programs to their end.
enum Command {
    /// Runs a program and returns what it printed, whatever its exit code.
    ///
    /// - Parameter deadline: seconds after which it is killed; the status is then 137.
    static func result(of arguments: [String], input: Data = Data(), deadline: Double = 60) throws(MusterError) -> CommandResult {
        let (stdin, stdout, stderr) = (try temporaryFile(), try temporaryFile(), try temporaryFile())
        defer { [stdin, stdout, stderr].forEach { try? $0.close() } }
        do {
            try stdin.write(contentsOf: input)
            try stdin.seek(toOffset: 0)
        } catch {
            throw MusterError("no_space", "the input of \(arguments[0]) cannot be written: \(error.localizedDescription)")
        }
        let streams = Spawn.Streams(
            input: stdin.fileDescriptor, output: stdout.fileDescriptor, error: stderr.fileDescriptor)
        let pid = try Spawn.start(arguments, streams)
        let end = ContinuousClock.now + .seconds(deadline)
        var status = Spawn.status(of: pid, wait: false)
        while status == nil {
            if ContinuousClock.now > end { kill(pid, SIGKILL) }
            usleep(2_000)
            status = Spawn.status(of: pid, wait: false)
        }
        let errors = String(decoding: everything(in: stderr), as: UTF8.self)
        return CommandResult(
            status: status ?? -1, output: everything(in: stdout),
            errors: errors.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// Runs a program that must succeed and returns its standard output.
    @discardableResult
    static func run(_ arguments: [String], input: Data = Data(), deadline: Double = 60, hint: String? = nil)
        throws(MusterError) -> Data
    {
        let result = try result(of: arguments, input: input, deadline: deadline)
        guard result.status == 0 else {
            let last = result.errors.split(separator: "\n").suffix(3).joined(separator: "; ")
            throw MusterError(
                "command_failed", "`\(arguments.joined(separator: " "))` ended with \(result.status): \(last)", hint: hint)
        }
        return result.output
    }

    /// A nameless file: unlike a pipe it never fills up while the other stream is being read.
    private static func temporaryFile() throws(MusterError) -> FileHandle {
        var path = Array((NSTemporaryDirectory() + "/muster-XXXXXX").utf8CString)
        let descriptor = mkstemp(&path)
        guard descriptor >= 0 else {
            throw MusterError("no_space", "no temporary file in \(NSTemporaryDirectory()): \(String(cString: strerror(errno)))")
        }
        unlink(path)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    private static func everything(in file: FileHandle) -> Data {
        try? file.seek(toOffset: 0)
        return (try? file.readToEnd()) ?? Data()
    }
}
