import MusterCore
import MusterEngine
import MusterLua

/// A run while it executes: where it is, and what its journal still has to say. Touched on its policy's thread only.
final class ActiveRun: @unchecked Sendable {
    let run: Run
    let policy: Policy
    var strand: LuaStrand?
    /// The steps that the journal has, by address, and how many were taken.
    let journal: [String: Step]
    private var taken = 0
    /// The step that waits for the engine.
    var waiting: String?
    /// True once an error that no script may catch was raised in it.
    var isUnwinding = false
    /// What the addresses begin with: nothing, or a prompt's line number.
    var prefix = ""
    /// Whom the end is told, instead of the engine: the prompt.
    var whenOver: (@Sendable (Result<[Value], MusterError>) -> Void)?
    /// Gets the texts of `log`: the prompt.
    var whenLogged: (@Sendable (String) -> Void)?

    init(run: Run, policy: Policy, journal: [Step]) {
        self.run = run
        self.policy = policy
        self.journal = Dictionary(journal.map { ($0.address, $0) }, uniquingKeysWith: { $1 })
    }

    func nextAddress() -> String {
        taken += 1
        return prefix + String(taken)
    }

    /// Tells the prompt how its line ended, once.
    func tell(_ result: Result<[Value], MusterError>) {
        let told = whenOver
        whenOver = nil
        told?(result)
    }

    /// Begins the addresses of a prompt's next line.
    func beginLine(_ number: Int) {
        prefix = "\(number)."
        taken = 0
        isUnwinding = false
    }
}
