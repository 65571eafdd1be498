import MusterCore
import Testing

@testable import MusterEngine

/// Virtual machines in a declared fleet.
@Suite struct GuestPlanTests {
    private func problems(_ change: (inout Resource) -> Void) throws -> [MusterError] {
        var fleet = FleetDeclaration(file: "fleet.lua")
        var hypervisor = Bench.host(1, Bench.mac)
        hypervisor.bmc = nil
        var guest = Bench.guest("web-a", Bench.guestMAC)
        change(&guest)
        fleet.resources = [
            Declared(hypervisor, place: "fleet.lua:1"), Declared(guest, place: "fleet.lua:2"),
            Declared(Bench.guest("web-b", Bench.otherGuestMAC), place: "fleet.lua:3"),
        ]
        return fleet.problems(imageExists: { _ in true }, secretExists: { _ in true })
    }

    @Test func aHypervisorIsADeclaredHost() throws {
        #expect(try problems { _ in }.isEmpty)
        let wrong: [(String, String, String)] = [
            ("node3", "there is no host node3", "did you mean \"node1\"?"), ("web-a", "is its own hypervisor", "the host that it runs on"),
            ("web-b", "is a virtual machine itself", "a hypervisor is a host"),
        ]
        for (name, message, hint) in wrong {
            let errors = try problems { $0.hypervisor = ResourceID(name) }
            #expect(errors.count == 1 && errors.first?.code == .badFleet && errors.first?.place == "fleet.lua:2")
            #expect(errors.first?.message.contains(message) == true && errors.first?.hint?.contains(hint) == true, "\(errors)")
        }
    }

    @Test func aGuestWithMoreMemoryThanItsHypervisorCouldNeverStart() throws {
        let errors = try problems { $0.memoryMiB = 257 }
        #expect(errors.first?.message == "vm web-a: it has 257 MiB, and its hypervisor node1 has 256")
        #expect(try problems { $0.memoryMiB = 256 }.isEmpty, "each alone may have it all: placement looks at the rest")
    }

    @Test func aPlanCallsThemWhatTheyAre() throws {
        var bench = Bench()
        try bench.declareGuests()
        var fleet = FleetDeclaration(file: "fleet.lua")
        fleet.resources = [Declared(Bench.guest("web-c", Bench.guestMAC), place: "fleet.lua:1")]
        let differences = bench.engine.plan(fleet).filter { ["host", "vm"].contains($0.noun) }
        #expect(
            differences.map { "\($0.verb) \($0.noun) \($0.name)" }.sorted() == [
                "add vm web-c", "remove host node1", "remove host node2", "remove vm web-a", "remove vm web-b",
            ])
    }

    @Test func theHypervisorChangesOnlyWhileTheGuestIsOff() throws {
        var bench = Bench()
        try bench.declareGuests()
        try bench.runGuest()
        let moved: (inout FleetDeclaration) -> Void = { $0.resources[2].object.hypervisor = ResourceID("node2") }
        #expect { try bench.declareGuests(moved) } throws: {
            ($0 as? MusterError)?.code == .claimAlive && ($0 as? MusterError)?.place == "fleet.lua:1"
        }
        let evidence = bench.turn { engine, now in engine.record(.revoked, ResourceID("web-a"), epoch: Epoch(1), detail: "cut", now: now) }
        try bench.turn { engine, now in engine.spend(evidence, on: try #require(engine.world.claims[Epoch(1)]), now: now) }
        #expect { try bench.declareGuests(moved) } throws: { ($0 as? MusterError)?.code == .wrongState }
        #expect(bench.machine("web-a")?.hypervisor == ResourceID("node1"), "refused as a whole")
        bench.pass(11_000)
        _ = try bench.turn { engine, now in try engine.confirmOff(ResourceID("web-a"), operatorName: "maria", now: now) }
        try bench.declareGuests(moved)
        #expect(bench.machine("web-a")?.hypervisor == ResourceID("node2") && bench.machine("web-a")?.power == .unknown)
        #expect(bench.engine.world.guests(of: ResourceID("node1")) == [ResourceID("web-b")])
    }

    @Test func oneThatWasNeverStartedMayBeDeclaredElsewhere() throws {
        var bench = Bench()
        try bench.declareGuests()
        try bench.declareGuests { $0.resources[2].object.hypervisor = ResourceID("node2") }
        #expect(bench.machine("web-a")?.hypervisor == ResourceID("node2"))
    }

    @Test func oneThatIsBeingStartedStaysWhereItIs() throws {
        var bench = Bench()
        try bench.declareGuests()
        try bench.boot(Bench.mac, id: "h")
        bench.reads("web-a", .off)
        let run = bench.run()
        bench.step(run, "on", "resource.power_on", [bench.reference("web-a")])
        let moved: (inout FleetDeclaration) -> Void = { $0.resources[2].object.hypervisor = ResourceID("node2") }
        #expect("node1 is about to create it") { try bench.declareGuests(moved) } throws: { ($0 as? MusterError)?.code == .wrongState }
        try bench.answer(.failure(MusterError(.hypervisorSilent, "node1 does not answer"))) { $0.started != nil }
        #expect("it may have been created") { try bench.declareGuests(moved) } throws: { ($0 as? MusterError)?.code == .wrongState }
        #expect(bench.machine("web-a")?.hypervisor == ResourceID("node1"))
    }

    @Test func oneThatARestoredEngineKnowsNothingOfStaysWhereItIs() async throws {
        var bench = Bench()
        try bench.declareGuests()
        bench.turn { engine, now in engine.restore(backup: now.wall, operatorName: "Ann", now: now) }
        #expect { try bench.declareGuests { $0.resources[2].object.hypervisor = ResourceID("node2") } } throws: {
            ($0 as? MusterError)?.code == .wrongState
        }
    }
}
