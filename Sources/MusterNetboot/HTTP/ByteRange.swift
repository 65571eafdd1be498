/// What a Range header asks of a file: one range of octets (RFC 9110 section 14.1.2). Several ranges, or what cannot be read,
/// count as not asked, which section 14.2 allows.
enum ByteRange: Hashable {
    case whole
    case part(ClosedRange<Int>)
    /// Nothing of it is in the file.
    case outside

    init(_ header: String?, size: Int) {
        self = .whole
        guard let header, header.lowercased().hasPrefix("bytes=") else { return }
        let bounds = header.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false)
        guard bounds.count == 2 else { return }
        let end = size - 1
        switch (Self.number(bounds[0]), Self.number(bounds[1])) {
        case (let first?, let last?) where first <= last:
            self = first < size ? .part(first...min(last, end)) : .outside
        case (let first?, nil) where bounds[1].isEmpty:
            self = first < size ? .part(first...end) : .outside
        case (nil, let count?) where bounds[0].isEmpty:
            self = count > 0 && size > 0 ? .part(max(0, size - count)...end) : .outside
        default: return
        }
    }

    private static func number(_ digits: Substring) -> Int? {
        guard !digits.isEmpty, digits.utf8.allSatisfy(\.isDigit) else { return nil }
        return Int(digits) ?? .max
    }
}
