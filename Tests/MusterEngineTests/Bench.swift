import MusterCore
import MusterEngine
import Testing

/// An engine on a test bench: time passes when told, and the test plays the drivers.
struct Bench {
    var engine: Engine
    var milliseconds: Int64 = 0
    /// How far the wall clock was set, against the monotonic one.
    var wallOffset: Int64 = 0
    /// Everything the turns left behind.
    var events: [Event] = []
    var operations: [(id: OperationID, operation: Operation)] = []
    var actions: [Action] = []
    /// What a store would hold: the last state of each object.
    var batches: [Batch] = []

    static let mac = MACAddress("52:54:00:77:00:01")!  // a literal that parses
    static let otherMAC = MACAddress("52:54:00:77:00:02")!  // a literal that parses

    init(armed: Bool = true, quiet: Int64 = 0, polls: Bool = true) {
        engine = Engine(Snapshot(), random: SeededGenerator(seed: 1), watching: Watching(pollsWellMachines: polls))
        var fleet = FleetDeclaration(file: "fleet.lua")
        fleet.settings.quietTime = quiet
        fleet.bootNetwork = BootNetwork(
            interface: "lab0", address: IPv4Network("10.77.0.1/24")!, files: "/boot")  // a literal that parses
        for (number, mac) in [Bench.mac, Bench.otherMAC].enumerated() {
            fleet.resources.append(Declared(Bench.host(number + 1, mac), place: "fleet.lua:\(number + 1)"))
        }
        fleet.images = [Declared(Image(id: ImageID("shop"), path: "/shop.raw"), place: "fleet.lua:8")]
        fleet.servers = [Declared(Server(id: ServerID("shop"), image: ImageID("shop"), memoryMiB: 128), place: "fleet.lua:9")]
        do { _ = try engine.apply(fleet, now: now) } catch { Issue.record("\(error)") }
        collect()
    }

    static func host(_ number: Int, _ mac: MACAddress) -> Resource {
        Resource(
            id: ResourceID("node\(number)"), macs: [mac], memoryMiB: 256,
            bmc: BMC(address: "bmc\(number)", user: "admin", passwordSecret: "bmc/node\(number)"))
    }

    var now: Now {
        Now(
            wall: Timestamp(milliseconds: 1_700_000_000_000 + milliseconds + wallOffset),
            monotonic: Moment(milliseconds: 5_000 + milliseconds))
    }

    mutating func turn<Answer>(_ body: (inout Engine, Now) throws -> Answer) rethrows -> Answer {
        defer { collect() }
        return try body(&engine, now)
    }

    private mutating func collect() {
        let (batch, actions) = engine.drain()
        batches.append(batch)
        events += batch.events
        self.actions += actions
        for case .perform(let id, let operation) in actions { operations.append((id, operation)) }
        // The history is what was committed; a page holds few events here, so that several are needed.
        for case .readBacklog(let start) in actions {
            let page = Array(events.filter { $0.id > start }.prefix(7))
            engine.takeBacklog(after: start, page, now: now)
            collect()
        }
    }

    /// Ticks every 250 ms for some time; `beating` machines send a heartbeat before each tick.
    mutating func pass(_ length: Int64, beating: [MACAddress] = []) {
        var left = length
        while left > 0 {
            milliseconds += 250
            left -= 250
            for mac in beating { _ = beat(mac) }
            turn { engine, now in engine.tick(now: now) }
        }
    }

    @discardableResult
    mutating func beat(_ mac: MACAddress, token: String? = nil, boot: String? = nil) -> HeartbeatAnswer {
        let heartbeat = heartbeat(of: mac, token: token, boot: boot)
        return turn { engine, now in engine.heartbeat(heartbeat, now: now) }
    }

    /// The machine beats and goes on, without anybody giving its heartbeats.
    @discardableResult
    mutating func beginToBeat(_ mac: MACAddress) -> HeartbeatAnswer {
        let heartbeat = heartbeat(of: mac)
        return turn { engine, now in engine.beginsToBeat(heartbeat, now: now) }
    }

    func heartbeat(of mac: MACAddress, token: String? = nil, boot: String? = nil) -> Heartbeat {
        let resource = engine.world.resource(mac: mac)
        return Heartbeat(
            mac: mac, token: token ?? resource?.boot?.token ?? "", bootID: boot ?? resource?.boot?.bootID ?? "boot",
            epoch: resource?.boot?.epoch)
    }

    /// Boots a machine: it asks for its plan and reports.
    mutating func boot(_ mac: MACAddress, id: String) throws {
        let plan = turn { engine, now in engine.plan(for: BootRequest(mac: mac), now: now) }
        let token: String
        var epoch: Epoch?
        switch plan {
        case .discover(let given): token = given
        case .image(let boot): (token, epoch) = (boot.token, boot.epoch)
        default:
            Issue.record("no plan to boot: \(plan)")
            return
        }
        try turn { engine, now in
            try engine.report(
                MachineReport(
                    mac: mac, token: token, bootID: id, uuid: nil, memoryMiB: 256, cpus: 1, epoch: epoch, address: nil), now: now)
        }
    }

    /// Answers the newest operation that fits.
    mutating func answer(_ result: Result<OperationResult, MusterError>, where fits: (Operation) -> Bool) throws {
        let index = try #require(operations.lastIndex { fits($0.operation) }, "no such operation in \(operations.map(\.operation))")
        let id = operations.remove(at: index).id
        turn { engine, now in engine.operationFinished(id, result, now: now) }
    }

    /// Starts a script run to take steps in.
    mutating func run() -> RunID {
        turn { engine, now in
            engine.runScript(CodeBundle(hash: "h", main: "test.lua", sources: ["test.lua": ""]), operatorName: "test", now: now)
        }
    }

    @discardableResult
    mutating func step(_ run: RunID, _ address: String, _ name: String, _ arguments: [Value]) -> Step? {
        turn { engine, now in engine.requestStep(run, address: address, name: name, arguments: arguments, now: now) }
        return engine.world.steps[run]?[address]
    }

    func reference(_ name: String) -> Value {
        ["name": .string(name), "incarnation": .int(engine.world.resources[ResourceID(name)]?.incarnation ?? -1)]
    }

    /// Claims node1 for shop, opens its export and boots it: shop runs.
    mutating func runShop() throws -> RunID {
        turn { engine, now in engine.tick(now: now) }
        try turn { engine, now in try engine.setTarget(.running, of: ServerID("shop"), now: now) }
        let run = run()
        step(run, "claim", "server.claim", [["name": "shop"], ["name": "node1"]])
        try answer(.success(.export(Export(epoch: Epoch(1), host: "10.77.0.1", port: 10_809, name: "x")))) {
            if case .openExport = $0 { true } else { false }
        }
        try boot(Bench.mac, id: "boot-1")
        return run
    }

    func count(_ name: String) -> Int { events.filter { $0.name == name }.count }
    var node1: Resource? { engine.world.resources[ResourceID("node1")] }
    func outcome(_ run: RunID, _ address: String) -> Step.Outcome? { engine.world.steps[run]?[address]?.outcome }
    func errorCode(_ run: RunID, _ address: String) -> MusterError.Code? {
        if case .error(let error) = outcome(run, address) { error.code } else { nil }
    }
}

/// SplitMix64: a generator that gives the same numbers for a seed.
struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

extension Operation {
    var isPowerOff: Bool { if case .powerOff = self { true } else { false } }
    var isReading: Bool { if case .readPower = self { true } else { false } }
}
