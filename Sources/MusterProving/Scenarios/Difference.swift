/// Where two texts of lines differ.
enum Difference {
    /// The lines that only one of them has, `-` for the expected and `+` for the found, with some that both have around them; at most so
    /// many lines.
    static func text(expected: String, found: String, most: Int = 40) -> String {
        let (old, new) = (lines(expected), lines(found))
        let difference = new.difference(from: old)
        var removed: Set<Int> = []
        var inserted: Set<Int> = []
        for change in difference {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var merged: [(mark: String, line: Substring)] = []
        var (left, right) = (0, 0)
        while left < old.count || right < new.count {
            if left < old.count, removed.contains(left) {
                merged.append(("-", old[left]))
                left += 1
            } else if right < new.count, inserted.contains(right) {
                merged.append(("+", new[right]))
                right += 1
            } else {
                merged.append((" ", old[left]))
                left += 1
                right += 1
            }
        }
        let changed = merged.indices.filter { merged[$0].mark != " " }
        let near = merged.indices.filter { index in changed.contains { abs($0 - index) <= 2 } }
        var text: [String] = []
        for (number, index) in near.enumerated() {
            if number > 0, near[number - 1] != index - 1 { text.append("  ...") }
            text.append("\(merged[index].mark) \(merged[index].line)")
        }
        if text.count > most { text = text.prefix(most) + ["  ... and \(text.count - most) lines more"] }
        return text.joined(separator: "\n")
    }

    private static func lines(_ text: String) -> [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
}
