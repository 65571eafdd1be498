import CLinuxShim
import Foundation
import MusterCore

/// The three pipes of a child process. Numbers are above 2, so that none is in the way when they become 0, 1 and 2.
final class ProgramPipes {
    struct Pair {
        var read: Int32 = -1
        var write: Int32 = -1
    }

    private(set) var input = Pair()
    private(set) var output = Pair()
    private(set) var errors = Pair()

    /// Errors: `exec_failed` when the process has no file descriptors left.
    init() throws {
        input = try Self.pair()
        output = try Self.pair()
        errors = try Self.pair()
        for file in [input.write, output.read, errors.read] { _ = fcntl(file, F_SETFL, O_NONBLOCK) }
    }

    deinit {
        for file in [input.read, input.write, output.read, output.write, errors.read, errors.write] where file >= 0 { close(file) }
    }

    private static func pair() throws -> Pair {
        var files: [Int32] = [-1, -1]
        guard muster_pipe(&files) == 0 else {
            throw MusterError(
                "exec_failed", "no pipe for a program: \(String(cString: strerror(errno)))", hint: "raise the limit of open files")
        }
        let moved = files.map { fcntl($0, F_DUPFD_CLOEXEC, 3) }
        for file in files { close(file) }
        return Pair(read: moved[0], write: moved[1])
    }

    /// Closes the ends that the child has.
    func closeTheirEnds() {
        for file in [input.read, output.write, errors.write] where file >= 0 { close(file) }
        (input.read, output.write, errors.write) = (-1, -1, -1)
    }

    func closeInput() {
        if input.write >= 0 { close(input.write) }
        input.write = -1
    }
}
