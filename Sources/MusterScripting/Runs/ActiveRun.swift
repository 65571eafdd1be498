import MusterCore
import MusterEngine
import MusterLua

/// A run while it executes: where its strands are, and what its journal still has to say. Touched on its policy's thread only.
final class ActiveRun: @unchecked Sendable {
    /// A step that a strand asked for and the engine has not been asked for yet.
    struct Request: Sendable {
        var address: String
        var name: String
        var arguments: [Value]
    }

    let run: Run
    let policy: Policy
    let root = Branch()
    /// The steps that the journal has, by address.
    let journal: [String: Step]
    /// Those with a result, in the order in which the script got them, and how many it has got again.
    private let recorded: [Step]
    private(set) var delivered = 0
    /// The strands that wait for a step, by its address.
    var waiting: [String: Branch] = [:]
    var requests: [Request] = []
    /// Whether its policy lists it as busy.
    var isListedBusy = false
    /// How many groups it has opened: a loop over empty ones would have no end.
    var groups = 0
    /// Whom the end is told, instead of the engine: the prompt.
    var whenOver: (@Sendable (Result<[Value], MusterError>) -> Void)?
    /// Who replays it without doing anything, and is told where that ended.
    var whenRehearsed: (@Sendable (Rehearsal.End) -> Void)?
    /// Gets the texts of `log`, and what `events.follow` is asked for: the prompt.
    var whenLogged: (@Sendable (String) -> Void)?
    var whenFollowed: (@Sendable (Value) -> Void)?
    /// A prompt's line that executes, and whether whoever typed it gave it up: whatever it is told next unwinds it.
    var line = 0
    var isLineCancelled = false

    init(run: Run, policy: Policy, journal: [Step]) {
        self.run = run
        self.policy = policy
        self.journal = Dictionary(journal.map { ($0.address, $0) }, uniquingKeysWith: { $1 })
        recorded = journal.filter { $0.outcome != nil && $0.sequence != nil }.sorted { ($0.sequence ?? 0) < ($1.sequence ?? 0) }
    }

    /// The next result that the journal has; nil when it has said all.
    var nextRecorded: Step? { delivered < recorded.count ? recorded[delivered] : nil }
    func takeRecorded() { delivered += 1 }

    var recordedCount: Int { recorded.count }

    /// Tells whoever rehearses it, once.
    func tell(_ end: Rehearsal.End) {
        let told = whenRehearsed
        whenRehearsed = nil
        told?(end)
    }

    /// Tells the prompt how its line ended, once.
    func tell(_ result: Result<[Value], MusterError>) {
        let told = whenOver
        whenOver = nil
        told?(result)
    }

    /// Whether it waits for nothing but time, events and answers, so that it needs no memory meanwhile.
    var onlyWaits: Bool {
        if case .prompt = run.cause { return false }
        return !waiting.isEmpty && requests.isEmpty && nextRecorded == nil
            && waiting.values.allSatisfy { $0.waiting.map { Effects.waits.contains($0.name) } ?? false }
    }
}
