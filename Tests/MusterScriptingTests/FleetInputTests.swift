import MusterCore
import MusterEngine
import MusterScripting
import Testing

/// Fleet files that are wrong: named with file and line, with what was meant; the running fleet stays as it was.
@Suite struct FleetInputTests {
    private static let head = """
        boot_network { interface = "lab0", address = "10.77.0.1/24", files = "/nowhere" }
        host "node1" { mac = "52:54:00:77:00:01", memory = "256M", bmc = { address = "b1", user = "u", password = secret "s" } }
        image "shop" { path = "/dev/null" }

        """

    @Test(arguments: [
        (#"host "n" { mac = "52:54:00:77:00:09", memroy = "1G" }"#, "memroy", "memory"),
        (#"host "n" { mac = "52:54:00:77:00:01" }"#, "node1's already", "card"),
        (#"host "n" { memory = "1G" }"#, "mac is missing", "mac ="),
        (#"host "n" { mac = "52:54" }"#, "not a MAC", "mac ="),
        (#"host "n" { mac = 5 }"#, "not a text", "mac"),
        (#"host "n" { mac = "52:54:00:77:00:09", bmc = { address = "b", user = "u" } }"#, "no password", "muster secret set"),
        (
            #"host "n" { mac = "52:54:00:77:00:09", bmc = { address = "b", user = "u", password = "hunter2" } }"#, "plain text",
            "muster secret set"
        ),
        (
            #"host "n" { mac = "52:54:00:77:00:09", bmc = { address = "b", user = "u", port = 70000, password = secret "s" } }"#, "port",
            "65535"
        ),
        (#"host "n" { mac = "52:54:00:77:00:09", bmc = "hunter2" }"#, "bmc", "{"),
        (#"host "n" { mac = "52:54:00:77:00:09", cpus = -1 }"#, "cpus", "cpus"),
        (#"host "n" { mac = "52:54:00:77:00:09", cpus = 0/0 }"#, "cpus", "cpus"),
        (#"host "n" { mac = "52:54:00:77:00:09", memory = 256 }"#, "memory", "256M"),
        (#"host "n" { mac = "52:54:00:77:00:09", memory = "99999999T" }"#, "memory", "4G"),
        (#"host "n" { mac = function() end }"#, "", ""),
        (#"host("n")"#, "", ""),
        (#"host { mac = "52:54:00:77:00:09" }"#, "wants a name", "host"),
        (#"image "other" { path = "/there/is/nothing" }"#, "/there/is/nothing", "path"),
        (#"image "other" { path = "/dev/null", format = "vdi" }"#, "vdi", "raw"),
        (#"server "s" { image = "shopp" }"#, "shopp", "shop"),
        (#"server "s" { image = "shop", memory = "64G" }"#, "fits on no machine", "256 MiB"),
        (#"server "s" { image = "shop", target = "up" }"#, "up", "running"),
        (#"server "s" { image = "shop", ready = {} }"#, "neither", "http"),
        (#"server "s" { image = "shop", pool = "" }"#, "pool", "web"),
        (#"policy "scaling" { f = function() end }"#, "", ""),
        (#"policy "scaling" {} policy "scaling" {}"#, "twice", "one policy"),
        (#"policy { spare = 1 }"#, "wants a name", "policy"),
        (#"host "n" { mac = "52:54:00:77:00:09", watts = 0 }"#, "watts", "1000000"),
        (#"settings { heartbeat = "10s" }"#, "grow", "1s"),
        (#"settings { stall_after = "100ms" }"#, "stall_after", "1s"),
        (#"settings { isolation_share = "half" }"#, "isolation_share", "0.3"),
        (#"settings { isolation_share = 0/0 }"#, "isolation_share", "0.3"),
        (#"settings { power_poll_urgent = 0 }"#, "power_poll_urgent", "ms"),
        (#"settings { step_limit = 0 }"#, "step_limit", ""),
        (#"settings { journal_limit = 0 }"#, "journal_limit", "16M"),
        (#"settings { journal_limit = "64K" }"#, "journal_limit", "unit"),
        (#"settings { quiet_time = 1e300 }"#, "quiet_time", "30s"),
        (#"settings { quiet_time = "99999999999d" }"#, "quiet_time", "30s"),
        (#"server "s" { image = "shop""#, "", ""),
        (#"serve "s" { image = "shop" }"#, "serve", ""),
        (#"error("no")"#, "no", ""),
        (#"while true do end"#, "", ""),
    ]) func wrongInputIsNamedWithItsLine(_ text: String, _ message: String, _ hint: String) async throws {
        let scene = try await Scene(hooks: nil)
        try await scene.apply()
        let before = try await scene.engine()
        let error = try await #require(throws: MusterError.self) { try await scene.apply(Self.head + text) }
        #expect(error.place?.hasPrefix("fleet.lua:4") == true, "\(error)")
        if !message.isEmpty { #expect(error.message.contains(message), "\(error)") }
        if !hint.isEmpty { #expect(error.hint?.contains(hint) == true, "\(error)") }
        #expect(!"\(error)".contains("hunter2"))
        let after = try await scene.engine()
        #expect(after.world.resources == before.world.resources && after.world.servers == before.world.servers)
        #expect(after.world.general == before.world.general)
    }

    @Test func aLargeFleetIsReadAndApplied() async throws {
        let scene = try await Scene(hooks: nil)
        try await scene.apply(
            """
            boot_network { interface = "lab0", address = "10.77.0.1/16", files = "/nowhere" }
            for i = 0, 4999 do
              host("node" .. i) {
                mac = string.format("52:54:00:77:%02x:%02x", i // 256, i % 256), memory = "256M", cpus = 1,
                bmc = { address = "bmc" .. i, user = "admin", password = secret("bmc/node" .. i) },
              }
              image("image" .. i) { path = "/dev/null" }
              server("server" .. i) { image = "image" .. i, memory = "128M" }
            end
            """)
        #expect(try await scene.engine().world.servers.count == 5_000)
    }
}
