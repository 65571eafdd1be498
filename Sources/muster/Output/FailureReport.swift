import ArgumentParser
import Foundation
import MusterCore

/// How a program ends.
enum ExitStatus {
    static let failed: Int32 = 1
    static let usage: Int32 = 2
    static let noEngine: Int32 = 3
    static let refused: Int32 = 4
    static let notFound: Int32 = 5
    static let interrupted: Int32 = 130

    static func of(_ error: MusterError) -> Int32 {
        switch error.code {
        case "no_engine", "no_access", "engine_lost": noEngine
        case .claimAlive, .noEvidence, .evidenceVoid, .stale, .disarmed, .reserved, .wrongState, .notFenced, .imageInUse, .bmcIdentity,
            .bmcContradicted:
            refused
        case .notFound, .noSecret: notFound
        case .badArgument: usage
        default: failed
        }
    }
}

/// What people and programs see of an error, on the error stream.
enum FailureReport {
    /// Ends the program: with the usage or help that the argument parser wants to show, else with the error and its exit code.
    static func exit(_ error: any Error) -> Never {
        switch error {
        case let error as MusterError:
            show(error)
            Foundation.exit(ExitStatus.of(error))
        case is CancellationError:
            Foundation.exit(ExitStatus.interrupted)
        case let code as ExitCode:
            Foundation.exit(code.rawValue)
        default: break
        }
        let status = Muster.exitCode(for: error)
        if status == .success {
            Screen.out.line(Muster.fullMessage(for: error))
            Foundation.exit(0)
        }
        guard status == .validationFailure else {
            show(MusterError(unexpected: error))
            Foundation.exit(ExitStatus.failed)
        }
        // The parser's own word for it has a capital.
        let text = Muster.fullMessage(for: error)
        Screen.error.line(text.hasPrefix("Error: ") ? Screen.error.style("error:", .bad) + text.dropFirst(6) : text)
        Foundation.exit(ExitStatus.usage)
    }

    private static func show(_ error: MusterError) {
        if CommandLine.arguments.contains("--json"), let value = try? Value(encoding: error) {
            Screen.error.line(Value.object(["error": value]).json)
        } else {
            lines(error, Screen.error.style).forEach { Screen.error.line($0) }
        }
    }

    /// `error: place: message [code]`, the hint, and the script's calls.
    static func lines(_ error: MusterError, _ style: Style) -> [String] {
        let place = error.place.map { style("\($0): ", .bold) } ?? ""
        var lines = ["\(style("error:", .bad)) \(place)\(error.message) \(style("[\(error.code.rawValue)]", .faint))"]
        if let hint = error.hint { lines.append("\(style("hint:", .name)) \(hint)") }
        if let calls = error.traceback { lines += calls.split(separator: "\n").map { style("  \($0)", .faint) } }
        return lines
    }
}
