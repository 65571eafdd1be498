import MusterCore
import MusterEngine

/// Which runs have begun in a policy and which wait for memory, kept so that no step has to look through all of them: there may be a
/// hundred thousand. Touched on the isolate's thread only.
struct Admissions {
    /// The runs that have begun, oldest first; some are over already.
    private var begun: [ActiveRun] = []
    private var lookedThrough = 0
    /// Those that did more than wait when they were last looked at, each once. All that do are among them.
    private var busy: [ActiveRun] = []
    /// Those that wait for memory, from `next` on.
    private var deferred: [(run: ActiveRun, code: CodeBundle)] = []
    private var next = 0

    /// - Parameter isOver: Tells of any run that it is over, or was put aside.
    mutating func begin(_ run: ActiveRun, isOver: (ActiveRun) -> Bool) {
        // Looking through all of them each time would cost more than it frees.
        if begun.count > 2 * lookedThrough + 100 {
            begun.removeAll(where: isOver)
            lookedThrough = begun.count
        }
        begun.append(run)
        noteBusy(run, isOver: isOver)
    }

    /// Notes that a run was worked on. Call it after every such turn.
    mutating func noteBusy(_ run: ActiveRun, isOver: (ActiveRun) -> Bool) {
        _ = hasBusy(isOver: isOver)
        guard !run.isListedBusy, !run.onlyWaits, !isOver(run) else { return }
        run.isListedBusy = true
        busy.append(run)
    }

    /// Whether any run does more than wait, and so will give memory back.
    mutating func hasBusy(isOver: (ActiveRun) -> Bool) -> Bool {
        while let last = busy.last {
            if !last.onlyWaits, !isOver(last) { return true }
            last.isListedBusy = false
            busy.removeLast()
        }
        return false
    }

    /// The runs that only wait, oldest first.
    mutating func parked(isOver: (ActiveRun) -> Bool) -> [ActiveRun] {
        begun.removeAll(where: isOver)
        lookedThrough = begun.count
        return begun.filter(\.onlyWaits)
    }

    mutating func `defer`(_ run: ActiveRun, _ code: CodeBundle) { deferred.append((run, code)) }

    var hasDeferred: Bool { next < deferred.count }

    /// The run that has waited longest for memory.
    mutating func takeDeferred() -> (run: ActiveRun, code: CodeBundle)? {
        guard hasDeferred else { return nil }
        let taken = deferred[next]
        next += 1
        // Taking the first out of a long list moves all the others, so that many go at once.
        if next > deferred.count / 2 {
            deferred.removeFirst(next)
            next = 0
        }
        return taken
    }
}
