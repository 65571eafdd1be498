import MusterCore
import Testing

@testable import MusterEngine

extension Bench {
    static let guestMAC = MACAddress("52:54:00:77:01:01")!  // a literal that parses
    static let otherGuestMAC = MACAddress("52:54:00:77:01:02")!  // a literal that parses

    static func guest(_ name: String, _ mac: MACAddress, memory: Int64 = 256, of hypervisor: String = "node1") -> Resource {
        var guest = Resource(id: ResourceID(name), kind: .vm, macs: [mac], memoryMiB: memory)
        guest.hypervisor = ResourceID(hypervisor)
        return guest
    }

    /// node1 carries web-a and web-b; node2 is a host besides.
    mutating func declareGuests(_ change: (inout FleetDeclaration) -> Void = { _ in }) throws {
        var fleet = FleetDeclaration(file: "fleet.lua")
        fleet.settings = engine.world.general.settings
        fleet.bootNetwork = engine.world.general.bootNetwork
        var hypervisor = Bench.host(1, Bench.mac)
        hypervisor.memoryMiB = 1_024
        let machines = [
            hypervisor, Bench.host(2, Bench.otherMAC), Bench.guest("web-a", Bench.guestMAC), Bench.guest("web-b", Bench.otherGuestMAC),
        ]
        fleet.resources = machines.map { Declared($0, place: "fleet.lua:1") }
        for name in ["shop", "till"] {
            fleet.images.append(Declared(Image(id: ImageID(name), path: "/\(name).raw"), place: "fleet.lua:8"))
            fleet.servers.append(Declared(Server(id: ServerID(name), image: ImageID(name), memoryMiB: 128), place: "fleet.lua:9"))
        }
        change(&fleet)
        _ = try turn { engine, now in try engine.apply(fleet, now: now) }
        turn { engine, now in engine.tick(now: now) }
    }

    /// node1 idles, and a server runs on a guest of it.
    mutating func runGuest(_ server: String = "shop", on guest: String = "web-a", _ mac: MACAddress = Bench.guestMAC) throws {
        if engine.world.resources[ResourceID("node1")]?.liveness != .alive { try boot(Bench.mac, id: "boot-node1") }
        try turn { engine, now in try engine.setTarget(.running, of: ServerID(server), now: now) }
        let run = run()
        step(run, "claim", "server.claim", [["name": .string(server)], ["name": .string(guest)]])
        let epoch = engine.world.general.lastEpoch
        try answer(.success(.export(Export(epoch: epoch, host: "10.77.0.1", port: 10_809, name: "x")))) {
            if case .openExport = $0 { true } else { false }
        }
        try boot(mac, id: "boot-\(guest)")
        turn { engine, now in engine.runEnded(run, .success(.null), now: now) }
    }

    func machine(_ name: String) -> Resource? { engine.world.resources[ResourceID(name)] }
    func evidence(about name: String) -> Evidence? { evidences.last { $0.resource.rawValue == name } }
}

extension Operation {
    /// The guest that an order to destroy is about.
    var destroyed: Guest? { if case .powerOff(_, .hypervisor(let guest), _, _, _, _) = self { guest } else { nil } }
    var started: Guest? { if case .powerOn(_, .hypervisor(let guest), _, _) = self { guest } else { nil } }
    var isHypervisorReading: Bool { if case .readHypervisor = self { true } else { false } }
    /// The machine whose controller is to switch it off.
    func switchesOff(_ name: String) -> Bool { if case .powerOff(ResourceID(name), .bmc, _, _, _, _) = self { true } else { false } }
}
