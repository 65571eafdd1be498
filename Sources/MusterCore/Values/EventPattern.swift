/// Which events somebody wants to see, by name: `*` stands for any characters.
public struct EventPattern: Sendable, Hashable {
    public let text: String

    public init(_ text: String) { self.text = text }

    public func matches(_ name: String) -> Bool {
        let parts = text.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = parts.first, let last = parts.last, parts.count > 1 else { return name == text }
        guard name.count >= first.count + last.count, name.hasPrefix(first), name.hasSuffix(last) else { return false }
        // Between the fixed ends each part is taken where it comes first: a later place never leaves more room for the rest.
        var rest = name.dropFirst(first.count).dropLast(last.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let range = rest.firstRange(of: part) else { return false }
            rest = rest[range.upperBound...]
        }
        return true
    }
}
