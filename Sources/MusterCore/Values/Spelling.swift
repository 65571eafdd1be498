/// The nearest right word for a misspelt one.
public enum Spelling {
    /// The candidate within an edit distance of a third of the word's length (at least 1, at most 3); nil when none is that near.
    public static func nearest(_ word: String, _ candidates: some Sequence<String>) -> String? {
        let limit = min(3, max(1, word.count / 3))
        return candidates.map { ($0, distance(Array(word), Array($0))) }.filter { $0.1 <= limit }
            .min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
    }

    /// The edit distance: characters inserted, left out, replaced, or swapped with their neighbour.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var before = [Int](repeating: 0, count: right.count + 1)
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var next = [i + 1]
            for (j, b) in right.enumerated() {
                var least = min(row[j] + (a == b ? 0 : 1), row[j + 1] + 1, next[j] + 1)
                if i > 0, j > 0, a == right[j - 1], left[i - 1] == b { least = min(least, before[j - 1] + 1) }
                next.append(least)
            }
            before = row
            row = next
        }
        return row[right.count]
    }
}
