import MusterCore
import MusterEngine

/// What happened to a real fleet, read from its engine's events, as a script that makes it happen again in a simulation.
///
/// Events say what the engine saw. What lay behind it is the simplest thing that looks the same: a machine that fell silent hung, one that
/// came back without a boot went on.
public struct Incident: Sendable {
    public var script: Script
    /// What the events tell and a script cannot, each once.
    public var notes: [String]

    /// The incident begins so long after the simulation's start: by then machines and servers are where they were.
    private static let start: Int64 = 180_000
    /// How long the simulation goes on after the last event.
    private static let after: Int64 = 600_000

    /// - Parameters:
    ///   - events: In the order of their numbers.
    ///   - running: Servers that ran all the time, so that no event need speak of them.
    /// - Throws: `bad_argument` when there are no events.
    public init(_ events: [Event], running: [String] = []) throws(MusterError) {
        guard let first = events.first, let last = events.last else {
            throw MusterError(.badArgument, "there are no events", hint: "muster events shows what the engine remembers")
        }
        var reader = Reader(origin: first.at.milliseconds - Self.start)
        reader.before(events, running)
        for event in events { reader.take(event) }
        notes = reader.notes
        let lines = reader.lines.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
        script = Script(lines: lines, end: max(reader.time(last), lines.last?.at ?? 0) + Self.after)
    }

    private struct Reader {
        let origin: Int64
        var lines: [Script.Line] = []
        var notes: [String] = []
        private var last: Int64?
        /// Machines that the engine or an operator is switching: what their power does then is no news.
        private var ordered: Set<String> = []

        init(origin: Int64) { self.origin = origin }

        func time(_ event: Event) -> Int64 { max(0, event.at.milliseconds - origin) }

        private mutating func add(_ at: Int64, _ command: Command) { lines.append(Script.Line(at: max(0, at), command: command)) }

        /// Servers that ran when the incident began are started before it.
        mutating func before(_ events: [Event], _ running: [String]) {
            var seen: Set<String> = []
            var started: Set<String> = []
            defer {
                for (index, server) in started.sorted().enumerated() { add(5_000 + Int64(index) * 100, .serverTarget(server, .running)) }
            }
            for event in events {
                guard let server = event.server?.rawValue, seen.insert(server).inserted else { continue }
                let begins = event.name == "server.wanted" && event.data["why"]?.string == "its target was set"
                if !begins, event.name != "server.unwanted" { started.insert(server) }
            }
            started.formUnion(running.filter { !seen.contains($0) })
        }

        mutating func take(_ event: Event) {
            let at = time(event)
            defer { last = at }
            if event.name.hasPrefix("engine.") { return take(engine: event, at) }
            if event.name.hasPrefix("user.") {
                let said = event.data.filter { $0.key != "key" }.map { ($0.key, $0.value.string ?? $0.value.json) }
                return add(at, .emit(event.name, Dictionary(uniqueKeysWithValues: said)))
            }
            if let server = event.server?.rawValue { take(event, server, at) }
            if let name = event.resource?.rawValue { take(event, machine: name, at) }
        }

        private mutating func take(engine event: Event, _ at: Int64) {
            switch event.name {
            case "engine.started":
                // It was gone at the latest since the event before.
                if let last { add(last + 1, .engineCrash(max(1, at - last - 1))) }
            case "engine.stalled": add(at - (event.data["milliseconds"]?.int ?? 0), .engineStall(event.data["milliseconds"]?.int ?? 0))
            case "engine.network_down": add(at - 2_000, .engineNetwork(.off))
            case "engine.network_up": add(at - 2_000, .engineNetwork(.on))
            case "engine.armed": add(at, .arm(.on))
            case "engine.disarmed": add(at, .arm(.off, length: event.data["until"]?.int.map { max(1, $0 - event.at.milliseconds) }))
            default: break
            }
        }

        private mutating func take(_ event: Event, _ server: String, _ at: Int64) {
            switch event.name {
            case "server.wanted" where event.data["why"]?.string == "its target was set": add(at, .serverTarget(server, .running))
            case "server.unwanted": add(at, .serverTarget(server, .stopped))
            case "export.died": add(at - 2_000, .exportDie(server))
            default: break
            }
        }

        private mutating func take(_ event: Event, machine name: String, _ at: Int64) {
            switch event.name {
            case "resource.suspect": add(at - (event.data["silence"]?.int ?? 0), .crash(name))
            case "resource.returned": add(at, .thaw(name))
            case "resource.power_off" where event.data["evidence"] == nil && !ordered.contains(name): add(at, .power(name, .off))
            case "resource.bmc_fault": fault(event, name, at)
            case "resource.bmc_answers": add(at, .bmc(name, .ok))
            case "resource.bmc_mismatch": notes.append("the controller of \(name) was another machine's: add \"bmc \(name) is OTHER\"")
            case let kind where kind.hasPrefix("fence.") && event.data["code"]?.string == "still_on": add(at - 1_000, .bmc(name, .lie))
            case "fence.ordered":
                ordered.insert(name)
                add(at, .fence(name))
            case "resource.failed": ordered.insert(name)
            case "resource.fenced":
                if event.data["evidence"]?.string == "manual" { add(at, .confirmOff(name)) }
            case "resource.booted": ordered.remove(name)
            case "resource.maintenance": add(at, .maintenance(name, .on))
            case "resource.active": add(at, .maintenance(name, .off))
            case "resource.discovered": notes.append("\(name) was found during the incident: declare it in fleet.lua to have it")
            default: break
            }
        }

        private mutating func fault(_ event: Event, _ name: String, _ at: Int64) {
            switch event.data["code"]?.string {
            case "bmc_silent": add(at - 5_000, .bmc(name, .silent))
            case let code?:
                add(at, .bmc(name, .refuse))
                notes.append("the controller of \(name) said \(code): here it refuses orders")
            case nil: break
            }
        }
    }
}
