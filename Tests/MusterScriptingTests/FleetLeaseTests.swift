import MusterCore
import MusterEngine
import MusterScripting
import Testing

/// What fleet.lua says of watchdogs and their leases.
@Suite struct FleetLeaseTests {
    private func read(_ host: String, _ settings: String = "") async throws -> FleetDeclaration {
        try await FleetReader.read(
            source: "boot_network { interface = \"lab0\", address = \"10.77.0.1/24\", files = \"/nowhere\" }\nsettings { \(settings) }\n"
                + "host \"node1\" { mac = \"52:54:00:77:00:01\", \(host) }",
            file: "fleet.lua")
    }

    @Test func aWatchdogIsReadWithWhatItLeavesOut() async throws {
        let given = try await read("watchdog = { timeout = \"45s\", soft = true }", "lease_margin = \"8s\"")
        #expect(given.resources[0].object.watchdog == WatchdogTerms(timeout: 45_000, soft: true))
        #expect(given.settings.leaseMargin == 8_000)
        let usual = try await read("watchdog = {}")
        #expect(usual.resources[0].object.watchdog == WatchdogTerms(timeout: 30_000, soft: false))
        #expect(usual.settings.leaseMargin == 5_000)
        #expect(try await read("watchdog = { timeout = 12 }").resources[0].object.watchdog?.timeout == 12_000)
        #expect(try await read("").resources[0].object.watchdog == nil)
    }

    @Test func onlyAMachineWithTheRungIsToldToArmIt() async throws {
        #expect(try await read("watchdog = {}").resources[0].object.wantedWatchdog == nil)
        #expect(try await read("fence = { \"bmc\", \"lease\" }").resources[0].object.wantedWatchdog == WatchdogTerms())
        let terms = try await read("fence = { \"lease\" }, watchdog = { timeout = \"60s\" }").resources[0].object.wantedWatchdog
        #expect(terms == WatchdogTerms(timeout: 60_000))
    }

    @Test(arguments: [
        ("watchdog = { timeout = \"5s\" }", "", "timeout", "10s"),
        ("watchdog = { timeout = \"10500ms\" }", "", "watchdogs cannot keep", "whole seconds"),
        ("watchdog = { timeout = \"11m\" }", "", "watchdogs cannot keep", "ten minutes"),
        ("watchdog = { timeout = \"soon\" }", "", "timeout", "30s"),
        ("watchdog = { soft = \"yes\" }", "", "not true or false", "soft = true"),
        ("watchdog = { sotf = true }", "", "sotf", "soft"),
        ("watchdog = \"30s\"", "", "watchdog", "{"),
        ("", "lease_margin = \"3s\"", "lease_margin", "4s"),
        ("", "lease_margin = \"a while\"", "lease_margin", "30s"),
    ])
    func whatNoLeaseCanBeIsRefused(_ host: String, _ settings: String, _ says: String, _ hint: String) async throws {
        let error = try await #require(throws: MusterError.self) { try await read(host, settings) }
        #expect(error.message.contains(says), "\(error)")
        #expect(error.hint?.contains(hint) == true, "\(error)")
        #expect(error.place == "fleet.lua:\(host.isEmpty ? 2 : 3)", "\(error)")
    }

    /// A rung that ends before the lease does would never have its evidence.
    @Test(arguments: [
        ("30s", "30s", "5s", false), ("35s", "30s", "5s", false), ("36s", "30s", "5s", true), ("36s", "30s", "8s", false),
        ("36s", "20s", "8s", true),
    ])
    func aRungHasTimeForItsLease(rung: String, timeout: String, margin: String, fits: Bool) async throws {
        let fence = "fence = { { \"lease\", timeout = \"\(rung)\" } }, watchdog = { timeout = \"\(timeout)\" }"
        let problems = try await read(fence, "lease_margin = \"\(margin)\"").problems(
            imageExists: { _ in true }, secretExists: { _ in true })
        #expect(problems.contains { $0.message.contains("its lease with the margin runs for") } != fits, "\(problems)")
    }
}
