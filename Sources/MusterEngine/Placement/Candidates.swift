import MusterCore

/// What is asked of a placement besides the server's own needs and wishes.
struct PlacementRequest: Sendable {
    /// Machines that are out of the question, with the reason.
    var except: [ResourceID: String] = [:]
    /// The machine that comes before all others, and the one that comes after them.
    var first: ResourceID?
    var last: ResourceID?
    /// How many machines are told of.
    var limit = 8
    /// Whether the caller has looked at the machines that nobody had looked at: a reservation waits for that.
    var hasLooked = false
    /// The precedence of the reservation; holders of a lower one give way.
    var priority: Int64 = 0

    init() {}

    /// A policy that adds a server reserves with half the precedence of one that recovers what ran: failovers preempt scaling.
    init(_ call: EffectCall, for server: Server) throws {
        let options = call.argument(1)
        for (name, reason) in options["except"].object ?? [:] { except[ResourceID(name)] = reason.string ?? "was left out" }
        for name in options["except"].array ?? [] { except[ResourceID(name.string ?? name["name"].string ?? "")] = "was left out" }
        func machine(_ value: Value) -> ResourceID? { (value.string ?? value["name"].string).map { ResourceID($0) } }
        (first, last) = (machine(options["prefer"]), machine(options["avoid"]))
        if let limit = options["limit"].int { self.limit = Int(max(1, min(limit, 1_000))) }
        let asked = options["priority"].int ?? 0
        priority = server.isExtra == true && asked > 0 ? asked / 2 : asked
        hasLooked = options["looked"].bool ?? false
    }
}

/// The machines that could run a server at this moment.
struct Candidates: Sendable {
    /// Those that nobody keeps for himself, best first.
    var free: [FreeMachine] = []
    /// Those that runs keep, best first.
    var kept: [FreeMachine] = []
    /// What `decide("place")` hooks have against others.
    var refused: [ResourceID: String] = [:]
}

// Which machine a server gets: one question, answered from the machines that are free, not from all.
extension Engine {
    /// - Parameter verdicts: What hooks say, by machine: `{ score }` or `{ veto }`.
    func candidates(for server: Server, _ request: PlacementRequest, run: RunID?, verdicts: [String: Value] = [:]) -> Candidates {
        let preferences = preferences(of: server, first: request.first, last: request.last)
        if preferences.isNone, question(.place, .null) == nil { return firstCandidates(for: server, request, run: run) }
        var found = world.free.ordered.filter {
            $0.meets(server.needs) && request.except[$0.id] == nil && hasRoom($0, for: server, run: run)
        }
        var refused: [ResourceID: String] = [:]
        if !verdicts.isEmpty {
            found.removeAll { machine in
                refused[machine.id] = verdicts[machine.id.rawValue]?["veto"].string
                return refused[machine.id] != nil
            }
        }
        if !preferences.isNone || !verdicts.isEmpty {
            // Equal ones stay in the order of free machines.
            let ranked = found.enumerated().map { index, machine in
                let rank = preferences.rank(machine)
                let score = verdicts[machine.id.rawValue]?["score"].double ?? 0
                let counts = [rank.avoided, rank.preferred, rank.apart, rank.near].map(Double.init)
                return (key: [Double(rank.own), -score] + counts + [rank.load, Double(index)], machine: machine)
            }
            found = ranked.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.machine)
        }
        var candidates = Candidates(refused: refused)
        for machine in found {
            let holder = world.index.holders[machine.id]
            if holder == nil || holder == run { candidates.free.append(machine) } else { candidates.kept.append(machine) }
        }
        return candidates
    }

    /// The same when nothing but the order of free machines counts: no more of them than matter are looked at.
    private func firstCandidates(for server: Server, _ request: PlacementRequest, run: RunID?) -> Candidates {
        let ahead = world.contenders.count(ahead: Seekers.Seeker(server))
        var candidates = Candidates()
        for machine in world.free.ordered
        where machine.meets(server.needs) && request.except[machine.id] == nil && hasRoom(machine, for: server, run: run) {
            let holder = world.index.holders[machine.id]
            if holder == nil || holder == run { candidates.free.append(machine) } else { candidates.kept.append(machine) }
            if candidates.free.count >= max(request.limit, ahead + 1) { break }
        }
        return candidates
    }

    /// Whether a server leaves the machines that are free to others: as many that go before it look for one, or will in the next
    /// moment, and could use one of these.
    func givesWay(_ server: Server, _ free: [FreeMachine]) -> Bool {
        var ahead = 0
        for seeker in world.contenders.ordered {
            if !seeker.isAhead(of: Seekers.Seeker(server)) { return false }
            guard free.contains(where: { $0.meets(seeker.needs) }) else { continue }
            ahead += 1
            if ahead >= free.count { return true }
        }
        return false
    }

    /// Machines that nobody has looked at yet, and that may turn out to be candidates.
    func unseen(for server: Server, _ request: PlacementRequest) -> [Resource] {
        // Each is a snapshot in the memory of a script.
        let most = 8
        let found = world.unseen.ordered.lazy.filter { $0.meets(server.needs) && request.except[$0.id] == nil }.prefix(most)
        return found.compactMap { world.resources[$0.id] }
    }
}
