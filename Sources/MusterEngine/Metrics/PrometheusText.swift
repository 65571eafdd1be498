import MusterCore

/// Reads pages in Prometheus' text format (exposition format 0.0.4), bytes of whoever answers at an address: whatever is in them, the
/// result is a number or an error that says which line is wrong.
public enum PrometheusText {
    /// The sum of the series of a metric that have given labels. Errors: `metric_failed`.
    public static func sum(of metric: String, labels: [String: String], in page: String) throws(MusterError) -> Double {
        var sum: Double?
        var number = 0
        // A line break of two characters is one for Swift.
        for line in page.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            var cursor = Cursor(line.utf8)
            cursor.skipBlanks()
            // Comments, TYPE and HELP say nothing that is needed; and other metrics may be as wrong as they like.
            guard cursor.take(word: metric.utf8) else { continue }
            let sample: (labels: [String: String], value: Double)
            do throws(Wrong) { sample = try cursor.sample() } catch {
                throw failed("line \(number) is wrong: \(error.words)", "it begins: \(shown(line))")
            }
            guard labels.allSatisfy({ sample.labels[$0.key] == $0.value }) else { continue }
            guard sample.value.isFinite else {
                throw failed(
                    "\(metric) is \(sample.value.isNaN ? "not a number" : "infinite") in line \(number)", "it begins: \(shown(line))")
            }
            sum = (sum ?? 0) + sample.value
        }
        guard let sum else {
            let wanted =
                labels.isEmpty
                ? "" : " with " + labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\($0.value)\"" }.joined(separator: ", ")
            throw failed("there is no series \(metric)\(wanted)", "look at the page: curl ADDRESS | grep \(metric)")
        }
        guard sum.isFinite else { throw failed("the series of \(metric) add up to more than a number can hold", nil) }
        return sum
    }

    /// Whether a text is a metric's name.
    public static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
        return text.utf8.allSatisfy(Cursor.isNamed)
    }

    private static func failed(_ message: String, _ hint: String?) -> MusterError { MusterError("metric_failed", message, hint: hint) }

    /// The beginning of a line, without what a terminal would obey.
    private static func shown(_ line: Substring) -> String {
        String(line.unicodeScalars.prefix(80).map { $0.value < 0x20 || (0x7f..<0xa0).contains($0.value) ? " " : Character($0) })
    }

    private struct Wrong: Error { var words: String }

    /// A place in a line.
    private struct Cursor {
        private var rest: Substring.UTF8View

        init(_ bytes: Substring.UTF8View) { rest = bytes }

        static func isNamed(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "_"), UInt8(ascii: ":"):
                true
            default: false
            }
        }

        mutating func skipBlanks() { rest = rest.drop { $0 == 32 || $0 == 9 } }

        private mutating func take(_ byte: UInt8) -> Bool {
            guard rest.first == byte else { return false }
            rest.removeFirst()
            return true
        }

        /// Takes a name when it is this one, and not only begins like it.
        mutating func take(word: String.UTF8View) -> Bool {
            guard rest.starts(with: word) else { return false }
            let after = rest.dropFirst(word.count)
            if let next = after.first, Self.isNamed(next) { return false }
            rest = after
            return true
        }

        /// Labels, value and, if any, the time: what follows the name.
        mutating func sample() throws(Wrong) -> (labels: [String: String], value: Double) {
            skipBlanks()
            let labels = take(UInt8(ascii: "{")) ? try self.labels() : [:]
            skipBlanks()
            let text = word()
            guard let value = Self.number(text) else { throw Wrong(words: text.isEmpty ? "it has no value" : "its value is no number") }
            skipBlanks()
            let time = word()
            guard time.isEmpty || Int64(time) != nil else { throw Wrong(words: "its time is no number") }
            skipBlanks()
            guard rest.isEmpty else { throw Wrong(words: "something follows its time") }
            return (labels, value)
        }

        private mutating func word() -> String {
            let word = rest.prefix { $0 != 32 && $0 != 9 }
            rest = rest.dropFirst(word.count)
            return String(Substring(word))
        }

        /// As Go reads numbers, without the forms that no exporter writes.
        private static func number(_ text: String) -> Double? {
            switch text {
            case "NaN": return .nan
            case "+Inf", "Inf": return .infinity
            case "-Inf": return -.infinity
            default:
                let known = Set("0123456789+-.eE".utf8)
                return text.utf8.allSatisfy(known.contains) ? Double(text) : nil
            }
        }

        private mutating func labels() throws(Wrong) -> [String: String] {
            var labels: [String: String] = [:]
            while true {
                skipBlanks()
                if take(UInt8(ascii: "}")) { return labels }
                let name = rest.prefix(while: Self.isNamed)
                guard !name.isEmpty else { throw Wrong(words: "a label has no name") }
                rest = rest.dropFirst(name.count)
                skipBlanks()
                guard take(UInt8(ascii: "=")) else { throw Wrong(words: "a label has no =") }
                skipBlanks()
                guard take(UInt8(ascii: "\"")) else { throw Wrong(words: "a label's value does not begin with a quote") }
                guard labels.updateValue(try quoted(), forKey: String(Substring(name))) == nil else {
                    throw Wrong(words: "a label is given twice")
                }
                skipBlanks()
                if take(UInt8(ascii: ",")) { continue }
                guard take(UInt8(ascii: "}")) else { throw Wrong(words: "its labels have no end") }
                return labels
            }
        }

        /// A label's value up to its closing quote; a backslash stands before a backslash, a quote, or the n of a line break.
        private mutating func quoted() throws(Wrong) -> String {
            var bytes: [UInt8] = []
            while let byte = rest.popFirst() {
                switch byte {
                case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    switch rest.popFirst() {
                    case UInt8(ascii: "n")?: bytes.append(10)
                    case let escaped? where escaped == UInt8(ascii: "\"") || escaped == UInt8(ascii: "\\"): bytes.append(escaped)
                    default: throw Wrong(words: "a label has a backslash before something else")
                    }
                default: bytes.append(byte)
                }
            }
            throw Wrong(words: "a label's value has no end")
        }
    }
}
