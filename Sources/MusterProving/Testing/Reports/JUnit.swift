import Foundation
import MusterCore

/// Test results as JUnit's XML, as the readers of continuous integration take it: a suite for each file, a case for each test.
public enum JUnit {
    public static func text(_ items: [(path: String, results: [TestResult])]) -> String {
        let all = items.flatMap(\.results)
        let suites = items.map { suite($0.path, $0.results) }.joined()
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"muster test\" \(counts(all))>\n\(suites)</testsuites>\n"
    }

    private static func counts(_ results: [TestResult]) -> String {
        let failures = results.count { if case .failed = $0.outcome { true } else { false } }
        let errors = results.count { if case .broken = $0.outcome { true } else { false } }
        let skipped = results.count { if case .pending = $0.outcome { true } else { false } }
        return "tests=\"\(results.count)\" failures=\"\(failures)\" errors=\"\(errors)\" skipped=\"\(skipped)\" "
            + "time=\"\(seconds(results.reduce(0) { $0 + $1.seconds }))\""
    }

    private static func seconds(_ number: Double) -> String { String(format: "%.3f", number) }

    private static func suite(_ path: String, _ results: [TestResult]) -> String {
        "  <testsuite name=\"\(escaped(path))\" \(counts(results))>\n" + results.map { testCase($0, path) }.joined() + "  </testsuite>\n"
    }

    private static func testCase(_ result: TestResult, _ path: String) -> String {
        // Readers make a tree of the class name at its dots.
        let className = path.split(separator: "/").joined(separator: ".").replacingOccurrences(of: ".lua", with: "")
        let place = result.name.place?.split(separator: ":") ?? []
        let line = place.count > 1 ? " line=\"\(escaped(String(place[place.count - 1])))\"" : ""
        let head =
            "    <testcase name=\"\(escaped(result.name.whole))\" classname=\"\(escaped(className))\" file=\"\(escaped(path))\"\(line) "
            + "time=\"\(seconds(result.seconds))\""
        let output = result.output.isEmpty ? "" : "      <system-out>\(escaped(result.output.joined(separator: "\n")))</system-out>\n"
        let inner = inner(result.outcome) + output
        return inner.isEmpty ? head + "/>\n" : head + ">\n\(inner)    </testcase>\n"
    }

    private static func inner(_ outcome: TestResult.Outcome) -> String {
        switch outcome {
        case .passed: return ""
        case .pending(let reason): return "      <skipped\(reason.isEmpty ? "" : " message=\"\(escaped(reason))\"")/>\n"
        case .broken(let error): return problem("error", error, "\(error)")
        case .failed(let failure):
            let text = ([failure.error] + failure.others).map { "\($0)" } + failure.story
            return problem("failure", failure.error, text.joined(separator: "\n"))
        }
    }

    private static func problem(_ kind: String, _ error: MusterError, _ text: String) -> String {
        "      <\(kind) message=\"\(escaped(error.message))\" type=\"\(escaped(error.code.rawValue))\">\(escaped(text))</\(kind)>\n"
    }

    /// Text for content and attributes; characters that XML 1.0 (section 2.2) does not have are replaced.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\n": result += "&#10;"
            case "\t": result += "&#9;"
            case "\r": result += "&#13;"
            default:
                result.unicodeScalars.append(scalar.value < 32 || scalar.value == 0xFFFE || scalar.value == 0xFFFF ? "\u{FFFD}" : scalar)
            }
        }
        return result
    }
}
