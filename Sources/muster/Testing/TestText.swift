import MusterCore
import MusterProving

/// Test results for people.
enum TestText {
    /// A file with its tests, one a line.
    static func lines(_ path: String, _ results: [TestResult], _ style: Style) -> [String] {
        [style(TextWidth.clean(path), .bold)] + results.flatMap { result in ["  " + line(result, style)] + notes(result, style) }
    }

    private static func line(_ result: TestResult, _ style: Style) -> String {
        let name = TextWidth.clean(result.name.whole)
        let time = result.virtual > 0 ? style("  \(Quantity.people(milliseconds: result.virtual))", .faint) : ""
        switch result.outcome {
        case .passed: return "\(style("ok", .good))       \(name)\(time)"
        case .pending(let reason):
            return "\(style("pending", .busy))  \(name)\(reason.isEmpty ? "" : style("  \(TextWidth.clean(reason))", .faint))"
        case .failed: return "\(style("FAILED", .bad))   \(name)\(time)"
        case .broken: return "\(style("BROKEN", .bad))   \(name)"
        }
    }

    /// What a test printed, when it failed, and the first line of why.
    private static func notes(_ result: TestResult, _ style: Style) -> [String] {
        switch result.outcome {
        case .passed, .pending: return []
        case .failed(let failure): return head(failure.error, style)
        case .broken(let error): return head(error, style)
        }
    }

    /// `place: message`; a message of several lines, whose words stand below each other, has them under its place.
    private static func head(_ error: MusterError, _ style: Style, indent: String = "           ") -> [String] {
        let lines = error.message.split(separator: "\n", omittingEmptySubsequences: false).map { TextWidth.clean(String($0)) }
        let code = error.code == "expectation" ? "" : style(" [\(error.code.rawValue)]", .faint)
        guard let place = error.place else { return lines.map { indent + $0 } }
        if lines.count == 1 { return ["\(indent)\(style("\(place):", .bold)) \(lines[0])\(code)"] }
        return ["\(indent)\(style("\(place):", .bold))\(code)"] + lines.map { "\(indent)  \($0)" }
    }

    // MARK: At the end

    /// All that went wrong, with the fleets' stories.
    static func failures(_ summary: TestSummary, _ style: Style) -> [String] {
        (summary.broken + summary.failed).flatMap { [""] + failure($0, style) }
    }

    private static func failure(_ result: TestResult, _ style: Style) -> [String] {
        let title =
            "\(style("FAILED", .bad)) \(style(TextWidth.clean(result.name.whole), .bold))  \(style(result.name.place ?? result.name.item, .faint))"
        switch result.outcome {
        case .broken(let error): return [title] + FailureReport.lines(error, style).map { "  \($0)" }
        case .failed(let failure):
            let errors = ([failure.error] + failure.others).flatMap { error(of: $0, style) }
            let output = result.output.isEmpty ? [] : ["  printed:"] + result.output.map { "    \(TextWidth.clean($0))" }
            let story = failure.story.isEmpty ? [] : ["  the fleet's story:"] + failure.story.map { "    \(TextWidth.clean($0))" }
            return [title] + errors + output + story
        default: return []
        }
    }

    private static func error(of error: MusterError, _ style: Style) -> [String] {
        var lines = head(error, style, indent: "  ")
        if let hint = error.hint { lines.append("  \(style("hint:", .name)) \(hint)") }
        let calls = (error.traceback ?? "").split(separator: "\n")
        if calls.count > 1 { lines += calls.map { style("    \($0)", .faint) } }
        return lines
    }

    static func summary(_ summary: TestSummary, _ time: Duration, _ style: Style) -> String {
        var parts = [style("\(summary.passed) passed", summary.passed > 0 ? .good : .plain)]
        if !summary.failed.isEmpty { parts.append(style("\(summary.failed.count) failed", .bad)) }
        if !summary.broken.isEmpty { parts.append(style("\(summary.broken.count) broken", .bad)) }
        if summary.pending > 0 { parts.append(style("\(summary.pending) pending", .busy)) }
        let real = Quantity.people(milliseconds: Int64(time / .milliseconds(1)))
        return
            "\n\(parts.joined(separator: ", "))  \(style("\(Quantity.people(milliseconds: summary.virtual)) of fleet time in \(real)", .faint))"
    }

    static func coverage(_ files: [CoveredFile]) -> [String] {
        if files.isEmpty { return ["", "no policies were executed"] }
        var table = Table("FILE", ">LINES", ">EXECUTED", ">SHARE", "NOT EXECUTED")
        for file in files {
            let missing = file.missing.joined(separator: ", ")
            table.add(
                Table.Cell(file.path), Table.Cell("\(file.counts.count)"), Table.Cell("\(file.executedCount)"),
                Table.Cell("\(Int(file.share * 100)) %", file.missing.isEmpty ? .good : .plain), Table.Cell(missing, .busy))
        }
        return [""] + table.lines(Screen.out.style, width: nil)
    }
}
