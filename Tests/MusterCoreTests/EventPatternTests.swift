import MusterCore
import Testing

@Suite struct EventPatternTests {
    @Test(arguments: [
        ("*", "resource.failed", true), ("resource.*", "resource.failed", true), ("resource.*", "server.failed", false),
        ("*.failed", "run.failed", true), ("*.failed", "run.failed.twice", false), ("resource.failed", "resource.failed", true),
        ("resource", "resource.failed", false), ("r*e.*d", "resource.failed", true), ("a*a", "a", false), ("a**a", "aa", true),
        ("*ab*ab*", "xabxabx", true), ("*ab*ab*", "xabx", false), ("", "", true), ("", "a", false),
    ])
    func itMatchesByName(_ pattern: String, _ name: String, _ expected: Bool) {
        #expect(EventPattern(pattern).matches(name) == expected)
    }
}
