import MusterCore
import MusterEngine
import SweepWire

/// What is wrong at the end of a story, in words; empty when it ended as every story must.
enum Verdict {
    static func problems(_ story: SweepStory, _ outcome: SweepStory.Outcome) throws -> [String] {
        var problems = story.fleet.violations + story.fleet.complaints
        if !outcome.isOver { problems.append("the failover did not come to its end") }
        problems += try history(story)
        if outcome.cameBack {
            problems += try returned(story)
        } else {
            problems += try claims(story.ledger) + counts(story, outcome) + journals(story.ledger) + orders(story)
        }
        return problems.isEmpty ? [] : problems + [try tale(story)]
    }

    private static func claims(_ ledger: Ledger) throws -> [String] {
        let claims = try ledger.claims()
        var problems: [String] = []
        let shapes = claims.map {
            "\($0.epoch) \($0.server) \($0.resource) \($0.isAlive ? "alive" : "over") \($0.exportCut ? "cut" : "exported")"
        }
        if shapes != ["1 shop node1 over cut", "2 shop node2 alive exported"] { problems.append("claims: \(shapes)") }
        let evidence = try ledger.evidence().filter { $0.voided == nil }
        if evidence.map(\.kind) != [.off] || evidence.first?.spent != true || evidence.first?.epoch != Epoch(1) {
            problems.append("evidence: \(evidence)")
        }
        return problems
    }

    /// A machine that came back before it was switched off goes on with its server: the failover's order is stale, and nothing else happens.
    private static func returned(_ story: SweepStory) throws -> [String] {
        var problems = story.fleet.machines.orders == ["on bmc1"] ? [] : ["orders: \(story.fleet.machines.orders)"]
        let claims = try story.ledger.claims()
        if claims.map(\.epoch) != [Epoch(1)] || claims.first?.isAlive != true { problems.append("claims: \(claims)") }
        for run in try story.ledger.runs() where run.status != .done && run.error?.code != .stale {
            problems.append("run \(run.id) of \(run.hook) is \(run.status): \(run.error.map { "\($0)" } ?? "")")
        }
        return problems
    }

    private static func history(_ story: SweepStory) throws -> [String] {
        let events = try story.ledger.events()
        var problems: [String] = []
        if events.map(\.id.rawValue) != events.indices.map({ Int64($0 + 1) }) { problems.append("the numbers of events have gaps") }
        let known = Dictionary(events.map { ($0.id.rawValue, $0.name) }, uniquingKeysWith: { $1 })
        for (id, name) in story.fleet.shown.sorted(by: { $0.key < $1.key }) where known[id] != name {
            problems.append("event \(id) \(name) was shown and is \(known[id] ?? "lost")")
        }
        return problems
    }

    private static func counts(_ story: SweepStory, _ outcome: SweepStory.Outcome) throws -> [String] {
        let events = try story.ledger.events()
        var problems: [String] = []
        var expected = [
            "claim.made": 2, "claim.ended": 1, "resource.failed": 1, "resource.fenced": 1, "server.running": 2, "export.cut": 1,
            "run.failed": 0, "server.blocked": 0, "evidence.voided": 0, "resource.stale_heartbeat": 0,
        ]
        if outcome.wasShort, story.plan.full?.hasReserve == true { expected.merge(["store.full": 1, "store.room": 1]) { $1 } }
        for (name, count) in expected.sorted(by: { $0.key < $1.key }) {
            let found = events.filter { $0.name == name }.count
            if found != count { problems.append("\(name) happened \(found) times and not \(count)") }
        }
        return problems
    }

    private static func journals(_ ledger: Ledger) throws -> [String] {
        try ledger.runs().flatMap { run -> [String] in
            let steps = try ledger.steps(of: run.id)
            var problems = run.status == .done ? [] : ["run \(run.id) of \(run.hook) is \(run.status)"]
            if steps.map(\.sequence) != steps.indices.map({ Int64($0 + 1) }) {
                problems.append("the steps of run \(run.id) are not 1…\(steps.count)")
            }
            return problems
        }
    }

    /// Each machine got what it had to get, once: an order that is on its way when its engine dies may be given again, after a reading.
    private static func orders(_ story: SweepStory) throws -> [String] {
        let orders = story.fleet.machines.orders
        return orders == ["on bmc1", "off bmc1", "on bmc2"] ? [] : ["orders: \(orders)"]
    }

    /// All that happened, for whoever has to find out why.
    static func tale(_ story: SweepStory) throws -> String {
        let ledger = story.ledger
        var lines = try ledger.events().map {
            "\($0.id) \($0.name) \($0.resource?.rawValue ?? "") \($0.server?.rawValue ?? "") \(Value.object($0.data).json)"
        }
        for run in try ledger.runs() {
            lines.append("run \(run.id) \(run.hook) \(run.status) \(run.error.map { "\($0)" } ?? "")")
            for step in try ledger.steps(of: run.id) {
                lines.append("  \(step.address) \(step.name) \(step.sequence ?? 0) \((step.result ?? "open").prefix(100))")
            }
        }
        return (lines + story.fleet.machines.orders).joined(separator: "\n")
    }
}
