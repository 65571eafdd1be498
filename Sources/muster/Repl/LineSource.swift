import Dispatch

/// What came from the one who types.
enum InputLine: Sendable {
    case text(String)
    /// The line was abandoned with Ctrl-C.
    case interrupted
    case end
}

/// Where the lines of a session come from.
protocol LineSource: Sendable {
    /// The next line; `continuing` when it goes on with an incomplete input.
    func next(continuing: Bool) async -> InputLine
    /// Keeps a whole input for the history.
    func remember(_ input: String)
    /// Abandons the line that is being typed; false where none can be.
    func interrupt() -> Bool
    /// Shows lines while one may be typed.
    func show(_ lines: [String])
    /// Gives the terminal back as it was.
    func restoreTerminal()
}

/// Lines of standard input, without a terminal.
final class PipedLines: LineSource {
    private let queue = DispatchQueue(label: "muster.lines")

    func next(continuing: Bool) async -> InputLine {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: readLine().map { .text($0) } ?? .end) }
        }
    }

    func remember(_ input: String) {}
    func show(_ lines: [String]) { lines.forEach { Screen.out.line($0) } }
    func interrupt() -> Bool { false }
    func restoreTerminal() {}
}

/// Lines edited at a terminal, with history and completion.
final class EditedLines: LineSource {
    /// libedit belongs to one thread at a time, and waits for keys: it gets a queue of its own.
    private let queue = DispatchQueue(label: "muster.editor")

    init(_ session: ReplSession) {
        LineEditor.shared.begin(history: DefaultPaths.history) { line in
            let answer = Handover<[String]>()
            Task { answer.give(await session.completions(of: line)) }
            return answer.take()
        }
    }

    func next(continuing: Bool) async -> InputLine {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: LineEditor.shared.read(prompt: continuing ? "     .. " : "muster> ")) }
        }
    }

    func remember(_ input: String) { queue.async { LineEditor.shared.remember(input) } }
    func show(_ lines: [String]) { LineEditor.shared.show(lines) }
    func interrupt() -> Bool { LineEditor.shared.interrupt() }
    func restoreTerminal() { LineEditor.shared.restoreTerminal() }
}
