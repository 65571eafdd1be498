import MusterCore
import MusterEngine
import MusterScripting
import Testing

/// Virtual machines in fleet.lua.
@Suite struct FleetGuestTests {
    private func read(_ fields: String, word: String = "vm") async throws -> Resource {
        try await FleetReader.read(source: "\n\n\(word) \"web-a\" { mac = \"52:54:00:77:01:01\", \(fields) }", file: "fleet.lua").resources[
            0
        ].object
    }

    @Test func aVirtualMachineHasWhatAHostHasAndAHypervisor() async throws {
        let guest = try await read(
            #"hypervisor = "node3", memory = "4G", cpus = 2, tags = { "web" }, address = "10.77.0.31", fence = { { "hypervisor", timeout = "20s" }, "storage" }"#
        )
        #expect(guest.kind == .vm && guest.hypervisor == ResourceID("node3") && guest.bmc == nil)
        #expect((guest.memoryMiB, guest.cpus) == (4_096, 2) && guest.tags == ["web"] && guest.address?.description == "10.77.0.31")
        #expect(guest.ladder == [FenceRung(.hypervisor, timeout: 20_000), FenceRung(.storage)])
    }

    @Test func itsHypervisorComesFirstUnlessItSaysOtherwise() async throws {
        #expect(try await read(#"hypervisor = "node3", memory = "4G""#).ladder.map(\.name) == ["hypervisor", "storage"])
    }

    @Test(arguments: [
        ("vm", #"memory = "4G""#, "hypervisor is missing", "add hypervisor ="),
        ("vm", #"hypervisor = "node3""#, "memory is missing", "add memory ="),
        (
            "vm", #"hypervisor = "node3", memory = "4G", bmc = { address = "10.0.0.1", user = "admin" }"#, "no bmc of its own",
            "switched by its hypervisor"
        ),
        ("vm", #"hypervisor = "node3", memory = "4G", rack = "a""#, "no rack of its own", "give that its rack"),
        ("vm", #"hypervisor = "node3", memory = "4G", watts = 100"#, "no watts of its own", "give that its watts"),
        ("vm", #"hypervisor = "node3", memory = "4G", fence = { "bmc" }"#, #"fence has "bmc""#, #"{ "hypervisor", "storage" }"#),
        ("vm", #"hypervisor = "node3", memory = "4G", hypervizor = "x""#, #"no key "hypervizor""#, "did you mean hypervisor?"),
        ("host", #"hypervisor = "node3""#, "a host has no hypervisor", "vm \"web-a\" { hypervisor"),
    ])
    func whatIsWrongIsSaidWithItsPlaceAndAHint(_ word: String, _ fields: String, _ says: String, _ hint: String) async throws {
        let error = await #expect(throws: MusterError.self) { try await read(fields, word: word) }
        #expect(error?.code == .badFleet && error?.place == "fleet.lua:3")
        #expect(error?.message.hasPrefix("\(word) web-a: ") == true && error?.message.contains(says) == true, "\(error?.message ?? "")")
        #expect(error?.hint?.contains(hint) == true, "\(error?.hint ?? "")")
    }
}
