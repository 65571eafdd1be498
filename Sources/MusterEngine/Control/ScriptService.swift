import MusterCore

/// What people ask of the scripting side.
public protocol ScriptService: Sendable {
    /// Reads a fleet file's text. Errors: `bad_fleet` with every problem's place.
    func fleet(source: String, file: String) async throws -> FleetDeclaration

    /// Starts an operator's script as a run. Errors: `script_error` when it does not parse.
    func runScript(source: String, file: String, operatorName: String) async throws -> RunID

    /// Executes one line (or several) in a REPL session, which begins with its first line. The answer has `output` (text to show) or
    /// `incomplete: true` when the text wants another line.
    func evaluate(session: String, text: String, operatorName: String) async throws -> Value

    /// The completions of the last word of a line: whole replacements for that word.
    func complete(session: String, text: String) async throws -> [String]

    /// Ends a REPL session.
    func endSession(_ session: String) async

    /// What the hook files gave: `file`, `hooks`, and `error` for one that does not load.
    func hookFiles() async -> Value
}
