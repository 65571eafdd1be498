import CLinuxShim
import Foundation
import MusterCore
import MusterEngine

/// One child process: started, fed, listened to, and ended with everything in its group. Blocks.
struct ProgramProcess {
    private let command: [String]
    private let request: ProgramRequest
    private let watch = Stopwatch()

    /// - Parameter command: The program's path and its arguments; the request's own, or the client's that carries it elsewhere.
    init(_ command: [String], _ request: ProgramRequest) {
        self.command = command
        self.request = request
    }

    /// Errors: `exec_failed`, `timeout`.
    func run() throws -> ProgramResult {
        muster_ignore_broken_pipes()
        let pipes = try ProgramPipes()
        let process = try start(pipes)
        var talk = ProgramTalk(pipes, input: request.input, most: request.most)
        var ended = false
        while !ended, watch.elapsed < request.timeout {
            talk.turn(milliseconds: Int32(clamping: min(50, request.timeout - watch.elapsed)))
            ended = muster_await_exit(process, talk.isOver ? Int32(clamping: min(50, max(0, request.timeout - watch.elapsed))) : 0) == 1
        }
        // While it is not reaped its number is the group's and nobody else's: what it left behind goes too.
        kill(-process, SIGKILL)
        var status: Int32 = 0
        while waitpid(process, &status, 0) == -1, errno == EINTR {}
        guard ended else { throw late(talk) }
        talk.drain()
        return ProgramResult(
            code: Self.code(status), output: talk.output.text, errors: talk.errors.text, isCut: talk.output.isCut || talk.errors.isCut)
    }

    private func start(_ pipes: ProgramPipes) throws -> pid_t {
        let pointers = command.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var process: pid_t = 0
        let error = muster_spawn_piped(command[0], pointers, [pipes.input.read, pipes.output.write, pipes.errors.write], &process)
        pipes.closeTheirEnds()
        guard error == 0 else {
            throw MusterError(
                "exec_failed", "cannot execute \(command[0]): \(String(cString: strerror(error)))",
                hint: "check that it exists and may be executed")
        }
        return process
    }

    private func late(_ talk: ProgramTalk) -> MusterError {
        let said = talk.errors.text.split(separator: "\n").last.map { "; it said: \($0.prefix(200))" } ?? ""
        return MusterError(
            .timeout, "\(request.program) was not done within \(Quantity.people(milliseconds: request.timeout)) and was killed\(said)",
            hint: "give it more time: timeout = \"2m\"")
    }

    /// The exit status as a shell counts it.
    private static func code(_ status: Int32) -> Int {
        let signal = Int(status & 0x7f)
        return signal == 0 ? Int(status >> 8 & 0xff) : 128 + signal
    }
}
