import MusterCore

/// Runs what must fail and returns its error.
func failing<Ignored>(_ body: () async throws -> Ignored) async throws -> MusterError {
    let result: Ignored
    do {
        result = try await body()
    } catch let error as MusterError {
        return error
    }
    throw TestFailure(description: "it should have failed, but gave \(result)")
}
