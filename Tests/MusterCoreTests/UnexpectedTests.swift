import MusterCore
import Testing

@Suite struct UnexpectedTests {
    private enum Strange: Error { case thing }

    @Test func noNameOfATypeReachesAReader() {
        let error = MusterError(unexpected: Strange.thing)
        #expect(error.code == "internal")
        #expect(!"\(error)".contains("Strange") && !"\(error)".contains("thing"))
        #expect(MusterError(unexpected: CancellationError()).code == .cancelled)
        let known = MusterError(.stale, "old")
        #expect(MusterError(unexpected: known) == known)
    }
}
