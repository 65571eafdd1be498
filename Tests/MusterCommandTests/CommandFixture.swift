import ConsoleFixture
import Foundation
import MusterCore
import Testing

extension TestConsole {
    /// `muster` with this console's engine.
    var muster: Program {
        var program = Program.muster
        program.environment["MUSTER_SOCKET"] = socket
        program.environment["XDG_STATE_HOME"] = folder + "/state"
        return program
    }

    /// Runs `muster` to its end.
    func run(_ arguments: String..., input: String? = nil) async throws -> Program.Outcome {
        try await muster.run(arguments, input: input)
    }

    /// `muster` at a terminal.
    func terminal(_ arguments: String...) throws -> TerminalProgram {
        try TerminalProgram(muster.path, arguments, environment: muster.environment)
    }

    /// Writes a file beside the socket and returns its path.
    func file(_ name: String, _ text: String) throws -> String {
        let path = "\(folder)/\(name)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }
}

/// Polls until a condition holds; fails after a generous deadline.
func eventually(_ condition: () async throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let deadline = ContinuousClock.now.advanced(by: .seconds(90))
    while ContinuousClock.now < deadline {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(20))
    }
    Issue.record("the condition did not come true", sourceLocation: sourceLocation)
}
