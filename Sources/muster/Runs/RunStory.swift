import MusterCore

/// The story of a run: what started it, each step with its time, how it ended.
struct RunStory {
    private let run: Run
    private let steps: [Step]
    private let style: Style
    private let width: Int?
    private let now: Int64

    init(_ run: Run, _ steps: [Step], _ style: Style, width: Int?, now: Int64 = Times.now) {
        self.run = run
        self.style = style
        self.width = width
        self.now = now
        self.steps = Self.ordered(steps)
    }

    /// In the order in which they were begun: that is the order a reader can follow; the numbers of completion break ties.
    private static func ordered(_ steps: [Step]) -> [Step] {
        steps.enumerated().sorted { left, right in
            let (a, b) = (left.element, right.element)
            return (a.intended.milliseconds, a.sequence ?? .max, left.offset) < (
                b.intended.milliseconds, b.sequence ?? .max, right.offset
            )
        }.map(\.element)
    }

    var lines: [String] { [title] + cause + [""] + steps.flatMap(lines) + ending }

    // MARK: What started it

    private var title: String {
        let subject = run.key.isEmpty ? "" : " for \(TextWidth.clean(run.key))"
        return "\(style("run \(run.id)", .bold)) · \(style(run.hook.rawValue, .name))\(isScript ? "" : subject) · "
            + style(run.status.rawValue, .state(run.status.rawValue))
    }

    /// A script's key only keeps it apart from others.
    private var isScript: Bool {
        switch run.cause {
        case .script, .prompt: true
        case .event, .timer: false
        }
    }

    private var cause: [String] {
        let when = "\(Times.clock(run.at.milliseconds, now: now)), \(Times.ago(run.at.milliseconds, now: now))"
        switch run.cause {
        case .event(let id):
            let name = run.argument["name"].string ?? ""
            let subjects = [run.argument["resource"]["name"].string, run.argument["server"]["name"].string].compactMap { $0 }
            return ["started by event \(id), \(([name] + subjects).joined(separator: " "))", "at \(when)"]
        case .timer(let number): return ["started by its timer, tick \(number)", "at \(when)"]
        case .script(let operatorName), .prompt(let operatorName):
            return ["started by \(TextWidth.clean(operatorName))", "at \(when)"]
        }
    }

    // MARK: What it did

    private func lines(of step: Step) -> [String] {
        let call = TextWidth.clean("\(step.name)(\(Words.arguments(step.arguments)))")
        let depth = step.address.filter { $0 == "/" }.count
        let indent = String(repeating: "  ", count: depth)
        let took = step.done.map { $0.milliseconds - step.intended.milliseconds }
        // What took no time worth telling would only hide what did.
        let duration = took.flatMap { $0 >= 100 ? "  " + style(Quantity.people(milliseconds: $0), .faint) : nil } ?? ""
        let room = width.map { max(30, $0 - 12 - indent.count - (took == nil ? 0 : 12)) }
        let shown = room.map { TextWidth.cut(call, to: $0) } ?? call
        return ["\(time(step.intended))  \(indent)\(inked(shown, step))\(duration)"] + outcome(step, indent)
    }

    private func inked(_ call: String, _ step: Step) -> String {
        step.name == "log" ? style(call, .name) : call
    }

    private func outcome(_ step: Step, _ indent: String) -> [String] {
        let margin = "            " + indent
        switch step.outcome {
        case .value(.null): return []
        case .value(let value): return [margin + style("→ ", .good) + cut(Words.result(value), margin.count + 2)]
        case .error(let error):
            let hint = error.hint.map { [margin + "  " + style("hint: ", .name) + cut($0, margin.count + 8)] } ?? []
            return [margin + style("✗ \(TextWidth.clean(error.message)) [\(error.code.rawValue)]", .bad)] + hint
        case nil where run.status.isLive:
            return [margin + style("… for \(Quantity.people(milliseconds: max(0, now - step.intended.milliseconds)))", .busy)]
        case nil: return [margin + style("… it never ended", .busy)]
        }
    }

    private func cut(_ text: String, _ margin: Int) -> String {
        let text = TextWidth.clean(text)
        return width.map { TextWidth.cut(text, to: max(30, $0 - margin)) } ?? text
    }

    /// Time since the run's start, aligned.
    private func time(_ at: Timestamp) -> String {
        let text = Quantity.people(milliseconds: max(0, at.milliseconds - run.at.milliseconds))
        return style(String(repeating: " ", count: max(0, 10 - text.count)) + text, .faint)
    }

    // MARK: How it ended

    private var ending: [String] {
        guard let finished = run.finished, !run.status.isLive || run.status == .asking else {
            let sofar = Quantity.people(milliseconds: max(0, now - run.at.milliseconds))
            let question = run.error.map { FailureReport.lines($0, style).map { "  \($0)" } } ?? []
            return ["", style("it is \(run.status.rawValue), for \(sofar) so far", .busy)] + question
        }
        let took = Quantity.people(milliseconds: finished.milliseconds - run.at.milliseconds)
        let result = run.result.isNull ? "" : " → \(cut(Words.result(run.result), 30))"
        let last = style("\(run.status.rawValue) after \(took)", .state(run.status.rawValue)) + result
        guard let error = run.error else { return ["", last] }
        return ["", last] + FailureReport.lines(error, style).map { "  \($0)" }
    }
}
