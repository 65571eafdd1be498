import MusterCore

/// What people ask of the scripting side.
public protocol ScriptService: Sendable {
    /// Reads a fleet file's text. Errors: `bad_fleet` with every problem's place.
    func fleet(source: String, file: String) async throws -> FleetDeclaration

    /// Starts an operator's script as a run. Errors: `script_error` when it does not parse.
    func runScript(source: String, file: String, operatorName: String) async throws -> RunID

    /// Replays a recorded run without doing anything, against its own code or against `source` in the place of its main file. The answer
    /// has `run`, `steps` taken again of `recorded`, `same`, and `problem` when it is not.
    func replay(_ run: Run, _ steps: [Step], code: CodeBundle, source: String?) async throws -> Value

    /// Executes one line (or several) in a REPL session, which begins with its first line. The answer has `output` (text to show) or
    /// `incomplete: true` when the text wants another line, and `follow` when it asked for events: the pattern of their names, or false for
    /// none any more. When the task is cancelled, so is the line.
    func evaluate(session: String, text: String, operatorName: String) async throws -> Value

    /// The completions of the last word of a line: whole replacements for that word.
    func complete(session: String, text: String) async throws -> [String]

    /// Gives up the line that a session executes: its step is cancelled, and `evaluate` throws `cancelled`. The session goes on.
    func cancelLine(session: String) async

    /// Ends a REPL session.
    func endSession(_ session: String) async

    /// What the hook files gave: `file`, `hooks`, and `error` for one that does not load.
    func hookFiles() async -> Value
}
