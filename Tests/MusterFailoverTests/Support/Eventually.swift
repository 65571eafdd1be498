import MusterCore

/// Asks again and again until there is an answer. Errors: `timeout` after so many seconds, and what `look` throws.
func eventually<Answer>(
    _ what: String, seconds: Double = 180, isolation: isolated (any Actor)? = #isolation, _ look: () async throws -> Answer?
) async throws -> Answer {
    let end = ContinuousClock.now + .seconds(seconds)
    while true {
        if let answer = try await look() { return answer }
        guard ContinuousClock.now < end else { throw MusterError(.timeout, "waited \(Int(seconds)) s, and never: \(what)") }
        try await Task.sleep(for: .milliseconds(20))
    }
}
