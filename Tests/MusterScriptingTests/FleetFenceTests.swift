import MusterCore
import MusterEngine
import MusterScripting
import Testing

/// The fence ladder of a host in fleet.lua.
@Suite struct FleetFenceTests {
    private func read(_ fence: String) async throws -> FleetDeclaration {
        try await FleetReader.read(source: "\n\nhost \"node1\" { mac = \"52:54:00:77:00:01\", fence = \(fence) }", file: "fleet.lua")
    }

    private func ladder(_ fence: String) async throws -> [FenceRung]? { try await read(fence).resources[0].object.fence }

    @Test func aLadderIsReadInItsOrder() async throws {
        let rungs = try await ladder(
            #"{ { "bmc", timeout = "20s" }, agent "fence_apc_snmp" { ip = "10.0.0.9", plug = 3, ssl = true, password = secret "apc" }, "storage", "lease", "hypervisor" }"#
        )
        let agent = FenceAgent(
            program: "fence_apc_snmp", options: ["ip": "10.0.0.9", "plug": "3", "ssl": "1"], secrets: ["password": "apc"])
        #expect(
            rungs == [
                FenceRung(.bmc, timeout: 20_000), FenceRung(.agent, agent: agent), FenceRung(.storage), FenceRung(.lease),
                FenceRung(.hypervisor),
            ])
    }

    @Test func anAgentHasATimeOfItsOwnAsEveryRungHas() async throws {
        let rungs = try await ladder(#"{ { agent "fence_xvm" { timeout = 7, port = "vm1" }, timeout = 90 }, { "storage" } }"#)
        let agent = FenceAgent(program: "fence_xvm", options: ["timeout": "7", "port": "vm1"])
        #expect(rungs == [FenceRung(.agent, agent: agent, timeout: 90_000), FenceRung(.storage)])
    }

    @Test func withoutALadderThereIsTheUsualOne() async throws {
        #expect(try await ladder("nil") == nil)
        #expect(try await read("nil").resources[0].object.ladder.map(\.name) == ["bmc", "storage"])
    }

    @Test(arguments: [
        (#"{ "bcm" }"#, "which is no rung", #"did you mean "bmc"?"#),
        (#"{ "fence_apc" }"#, "which is no rung", #"write agent "fence_apc" { … }"#),
        (#"{ "agent" }"#, "without its program", "agent"),
        ("{}", "fence is empty", "leave it out"),
        (#""bmc""#, "not a list of rungs", "fence = {"),
        (#"{ "bmc", timeout = "20s" }"#, "not a list of rungs", #"{ agent "fence_apc_snmp""#),
        (#"{ { "bmc", timout = "20s" } }"#, #"there is no key "timout""#, "did you mean timeout?"),
        (#"{ { "bmc", timeout = "20m3" } }"#, "not a duration", #"timeout = "30s""#),
        (#"{ { timeout = "20s" } }"#, "not a rung", "fence = {"),
        (#"{ "bmc", "bmc" }"#, #""bmc" twice"#, "timeout"),
        (#"{ agent "/sbin/fence_apc" { ip = "x" } }"#, "no fence agent's name", "without a path"),
        (#"{ agent "reboot" { ip = "x" } }"#, "no fence agent's name", "fence_"),
        (#"{ agent "fence_apc" }"#, "has no options", "plug = 3"),
        (#"{ agent "fence_apc" { action = "reboot" } }"#, "has the option action", "the engine says"),
        (#"{ agent "fence_apc" { passwd = "secret" } }"#, "in plain text", "muster secret set"),
        (#"{ agent "fence_apc" { ip = "a\nb" } }"#, "not a text", "ip ="),
        (#"{ agent "fence_apc" { ["a b"] = "c" } }"#, "an option", "plug = 3"),
    ])
    func whatIsWrongIsSaidWithItsPlaceAndAHint(_ fence: String, _ says: String, _ hint: String) async throws {
        let error = await #expect(throws: MusterError.self) { try await read(fence) }
        #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
        #expect(error?.message.hasPrefix("host node1") == true, "\(error?.message ?? "")")
        #expect(error?.hint?.contains(hint) == true, "\(error?.hint ?? "")")
        #expect(error?.place == "fleet.lua:3")
    }

    @Test func secretsMustExistAndStorageNeedsItsSilence() async throws {
        var fleet = try await read(#"{ agent "fence_apc" { ip = "x", password = secret "apc" }, { "storage", timeout = "10s" } }"#)
        let problems = fleet.problems(imageExists: { _ in true }, secretExists: { _ in false })
        #expect(problems.contains { $0.message.contains(#"no secret "apc""#) && $0.place == "fleet.lua:3" })
        #expect(problems.contains { $0.message.contains("waits for a silence") })
        fleet.resources[0].object.fence?[1].timeout = 60_000
        #expect(fleet.problems(imageExists: { _ in true }, secretExists: { _ in true }).isEmpty)
    }

    @Test func aResourceStoredWithoutALadderIsRead() throws {
        let old =
            #"{"cpus":1,"declared":true,"id":"node1","incarnation":0,"kind":"host","liveness":"unknown","macs":[],"memoryMiB":0,"mode":"active","power":"unknown","tags":[]}"#
        let resource = try Value(json: old).decode(Resource.self)
        #expect(resource.fence == nil && resource.ladder == FenceRung.standard)
    }
}
