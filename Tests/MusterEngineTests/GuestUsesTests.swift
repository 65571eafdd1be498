import MusterCore
import Testing

@testable import MusterEngine

/// What is kept of the guests that are in use, against what is counted anew.
@Suite struct GuestUsesTests {
    private func id(_ name: String) -> ResourceID { ResourceID(name) }

    @Test func roomIsThereAgainWhenAGuestIsDeclaredElsewhereOrNoMore() throws {
        var bench = Bench()
        let small: (inout FleetDeclaration) -> Void = { $0.resources[0].object.memoryMiB = 256 }
        try bench.declareGuests(small)
        try bench.boot(Bench.mac, id: "h")
        for guest in ["web-a", "web-b"] { bench.reads(guest, .off) }
        #expect(bench.engine.world.free.contains(id("web-a")) && bench.engine.world.free.contains(id("web-b")))
        bench.milliseconds += 250
        bench.reads("web-a", .on)
        #expect(bench.engine.world.guestsInUse(on: id("node1")) == [id("web-a")])
        #expect(!bench.engine.world.free.contains(id("web-b")) && !bench.engine.world.free.contains(id("node1")))
        try bench.declareGuests { fleet in
            small(&fleet)
            fleet.resources.remove(at: 2)
        }
        #expect(bench.engine.world.guestsInUse(on: id("node1")).isEmpty)
        #expect(bench.engine.world.free.contains(id("web-b")) && bench.engine.world.free.contains(id("node1")))
    }

    /// Whatever changes in whatever order: the same machines are free as when all is looked at anew.
    @Test(arguments: 1...20) func theyAreThoseThatALookAtAllFinds(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var world = World()
        let hosts = (1...3).map { Bench.host($0, Bench.mac) }
        for var host in hosts {
            host.macs = []
            world.put(host)
        }
        for _ in 0..<300 {
            let number = Int.random(in: 1...8, using: &random)
            if number <= 3, var host = world.resources[hosts[number - 1].id] {
                host.memoryMiB = [0, 512, 1_024].randomElement(using: &random) ?? 0
                host.power = [.on, .off].randomElement(using: &random) ?? .on
                host.mode = [.active, .active, .maintenance].randomElement(using: &random) ?? .active
                world.put(host)
            } else if Int.random(in: 0..<8, using: &random) == 0 {
                world.remove(id("guest\(number)"))
            } else {
                var guest = Bench.guest("guest\(number)", Bench.guestMAC, of: "node\(Int.random(in: 1...3, using: &random))")
                guest.macs = []
                guest.memoryMiB = [128, 256].randomElement(using: &random) ?? 128
                guest.power = [.on, .off, .unknown].randomElement(using: &random) ?? .on
                guest.liveness = [.unknown, .unknown, .alive].randomElement(using: &random) ?? .unknown
                world.put(guest)
            }
            var anew = World()
            for resource in world.resources.values.sorted(by: { $0.id < $1.id }) { anew.put(resource) }
            #expect(world.free.ordered.map(\.id) == anew.free.ordered.map(\.id))
            for host in hosts { #expect(world.guestsInUse(on: host.id) == anew.guestsInUse(on: host.id)) }
        }
    }
}
