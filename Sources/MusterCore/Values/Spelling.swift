/// The nearest right word for a misspelt one.
public enum Spelling {
    /// The candidate within an edit distance of a third of the word's length (at least 1, at most 3); nil when none is that near.
    public static func nearest(_ word: String, _ candidates: some Sequence<String>) -> String? {
        let limit = min(3, max(1, word.count / 3))
        return candidates.map { ($0, distance(Array(word), Array($0))) }.filter { $0.1 <= limit }
            .min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
    }

    /// Levenshtein's edit distance.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let above = row[j + 1]
                row[j + 1] = a == b ? diagonal : 1 + min(diagonal, above, row[j])
                diagonal = above
            }
        }
        return row[right.count]
    }
}
