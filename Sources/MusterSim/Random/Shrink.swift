import MusterCore

extension Trial {
    /// Fewer and fewer of the faults under which the trial still breaks a rule, until none of them can be left out; stops when so many
    /// plays are used up.
    ///
    /// - Parameter progress: Told how many faults are left and how many plays were made.
    /// - Returns: The last outcome that broke a rule.
    public func shrink(
        _ outcome: Outcome, plays most: Int = 200, makeHost: @escaping SimulatedHost.Maker, progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> Outcome {
        var best = outcome
        var plays = 0
        var size = max(1, best.faults.count / 2)
        while size >= 1, plays < most {
            var isSmaller = false
            var start = 0
            while start < best.faults.count, plays < most {
                var fewer = best.faults
                fewer.removeSubrange(start..<min(start + size, fewer.count))
                plays += 1
                let tried = try play(fewer, makeHost: makeHost)
                if tried.violations.isEmpty {
                    start += size
                } else {
                    best = tried
                    isSmaller = true
                    progress(best.faults.count, plays)
                }
            }
            if size == 1, !isSmaller { break }
            size = size > 1 ? size / 2 : 1
        }
        return best
    }
}
