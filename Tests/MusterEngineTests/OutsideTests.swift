import Foundation
import MusterCore
import MusterEngine
import Testing

/// Requests and programs: what the operator's settings let scripts do, and what happens to one in doubt.
@Suite struct OutsideTests {
    private func bench(_ change: (inout PolicySettings) throws -> Void = { _ in }) throws -> Bench {
        var bench = Bench()
        var policy = PolicySettings()
        policy.allowHTTP = [try WebAddress("https://hooks.example.org/muster")]
        policy.allowExec = ["/usr/bin/tool"]
        policy.allowSecrets = ["webhook/"]
        try change(&policy)
        var fleet = FleetDeclaration(file: "f")
        fleet.settings.quietTime = 0
        fleet.settings.policy = policy
        fleet.bootNetwork = bench.engine.world.general.bootNetwork
        var host = Bench.host(1, Bench.mac)
        host.address = IPv4Address("10.77.0.11")
        fleet.resources = [Declared(host, place: "f:1"), Declared(Bench.host(2, Bench.otherMAC), place: "f:2")]
        _ = try bench.turn { engine, now in try engine.apply(fleet, now: now) }
        return bench
    }

    private func error(_ name: String, _ arguments: [Value], _ bench: Bench) throws -> MusterError? {
        var bench = bench
        let run = bench.run()
        bench.step(run, "1", name, arguments)
        guard case .error(let error) = bench.outcome(run, "1") else { return nil }
        #expect(bench.operations.isEmpty)
        return error
    }

    @Test func nothingIsAllowedUnlessTheOperatorSaysSo() throws {
        let bench = Bench()
        for (name, arguments, setting) in [
            ("http.get", ["https://a.example/x", [:]], "allow_http = { \"https://a.example/\" }"),
            ("http.post", ["https://a.example/x", "", [:]], "allow_http = { \"https://a.example/\" }"),
            ("exec", [["/bin/true"], [:]], "allow_exec = { \"/bin/true\" }"),
            ("exec", [["/bin/true"], ["on": "node1"]], "exec_on = { allow = { \"/bin/true\" }"),
        ] as [(String, [Value], String)] {
            let error = try #require(try error(name, arguments, bench))
            #expect(error.code == .notAllowed)
            #expect(error.hint?.contains(setting) == true, "\(error)")
        }
    }

    @Test(arguments: [
        "https://hooks.example.org/", "https://hooks.example.org/musterevil", "https://hooks.example.org.evil/muster",
        "https://hooks.example.org:444/muster",
        "http://hooks.example.org/muster",
    ]) func whatLiesElsewhereIsNotAllowed(_ url: String) throws {
        #expect(try error("http.get", [.string(url), [:]], bench())?.code == .notAllowed)
    }

    @Test(
        arguments: [
            ["https://hooks.example.org/muster/../admin", [:]], ["https://x@hooks.example.org/muster", [:]], [1, [:]], [.null, [:]], [],
            ["https://hooks.example.org/muster", ["haeders": [:]]], ["https://hooks.example.org/muster", ["repeatable": true]],
            ["https://hooks.example.org/muster", ["headers": ["Host": "internal"]]],
            ["https://hooks.example.org/muster", ["headers": ["a b": "c"]]],
            ["https://hooks.example.org/muster", ["headers": ["X": "a\r\nY: b"]]],
            ["https://hooks.example.org/muster", ["headers": ["Content-Length": "0"]]],
            ["https://hooks.example.org/muster", ["timeout": "soon"]], ["https://hooks.example.org/muster", ["timeout": "2h"]],
            ["https://hooks.example.org/muster", ["timeout": 0]],
            ["https://hooks.example.org/muster", ["most": "1G"]], ["https://hooks.example.org/muster", ["most": -1]],
            ["https://hooks.example.org/muster", "text"],
        ] as [[Value]]) func aRequestWithoutSenseIsRefused(_ arguments: [Value]) throws
    {
        #expect(try error("http.get", arguments, bench())?.code == .badArgument)
    }

    @Test(
        arguments: [
            [[], [:]], [["tool"], [:]], [["../usr/bin/tool"], [:]], [["/usr/bin/tool", [:]], [:]], [["/usr/bin/tool", "a\0b"], [:]],
            [["/usr/bin/tool"], ["inptu": "x"]],
            [["/usr/bin/tool"], ["input": 1]], [["/usr/bin/tool"], ["timeout": -1]], ["/usr/bin/tool", [:]],
        ] as [[Value]]) func aProgramWithoutSenseIsRefused(_ arguments: [Value]) throws
    {
        #expect(try error("exec", arguments, bench())?.code == .badArgument)
    }

    @Test(arguments: ["/usr/bin/tool/", "/usr/bin/../bin/tool", "/usr/bin/toolx", "/usr//bin/tool"])
    func onlyTheProgramAsItIsWrittenIsAllowed(_ path: String) throws {
        #expect(try error("exec", [[.string(path)], [:]], bench())?.code == .notAllowed)
    }

    @Test func aSecretMustBeAllowedAndStaysAName() throws {
        var bench = try bench()
        let url: Value = "https://hooks.example.org/muster/1"
        let refused = try #require(try error("http.get", [url, ["headers": ["A": ["secret": "bmc/node1"]]]], bench))
        #expect(refused.code == .notAllowed)
        #expect(refused.hint?.contains("allow_secrets = { \"bmc/node1\" }") == true)
        let run = bench.run()
        bench.step(run, "1", "http.get", [url, ["headers": ["Authorization": ["Bearer ", ["secret": "webhook/token"]]]]])
        guard case .http(let request)? = bench.operations.last?.operation else {
            Issue.record("nothing was asked")
            return
        }
        #expect(request.headers == ["authorization": [.text("Bearer "), .secret("webhook/token")]])
        try bench.answer(.success(.value(["status": 200]))) { if case .http = $0 { true } else { false } }
        #expect(bench.outcome(run, "1") == .value(["status": 200]))
    }

    @Test func aTableIsPostedAsJSON() throws {
        var bench = try bench()
        let run = bench.run()
        bench.step(run, "1", "http.post", ["https://hooks.example.org/muster", ["b": 1, "a": [1, 2]], [:]])
        guard case .http(let request)? = bench.operations.last?.operation else {
            Issue.record("nothing was asked")
            return
        }
        #expect(request.body == #"{"a":[1,2],"b":1}"#)
        #expect(request.headers["content-type"] == [.text("application/json")])
    }

    @Test func aProgramOnAMachineNeedsItsOwnPermission() throws {
        let access = RemoteAccess(user: "root", key: "/key", knownHosts: "/known", allow: ["/usr/bin/remote"])
        var bench = try bench { $0.execOn = access }
        // What may be executed here may not be there, and the other way round.
        #expect(try error("exec", [["/usr/bin/tool"], ["on": "node1"]], bench)?.code == .notAllowed)
        #expect(try error("exec", [["/usr/bin/remote"], [:]], bench)?.code == .notAllowed)
        #expect(try error("exec", [["/usr/bin/remote"], ["on": "node2"]], bench)?.code == .wrongState)
        #expect(try error("exec", [["/usr/bin/remote"], ["on": "node9"]], bench)?.code == .notFound)
        #expect(try error("exec", [["/usr/bin/remote"], ["on": ["name": "node1", "incarnation": 99]]], bench)?.code == .stale)
        let run = bench.run()
        bench.step(run, "1", "exec", [["/usr/bin/remote", "x"], ["on": bench.reference("node1")]])
        guard case .program(let request)? = bench.operations.last?.operation else {
            Issue.record("nothing was executed")
            return
        }
        #expect(request.remote == ProgramRequest.Remote(address: "10.77.0.11", access: access))
    }

    @Test(
        arguments: [
            ("http.get", ["https://hooks.example.org/muster", [:]], true),
            ("http.post", ["https://hooks.example.org/muster", "x", [:]], false),
            ("http.post", ["https://hooks.example.org/muster", "x", ["repeatable": true]], true),
            ("exec", [["/usr/bin/tool"], [:]], false),
            ("exec", [["/usr/bin/tool"], ["repeatable": true]], true), ("exec", [["/usr/bin/tool"], ["repeatable": false]], false),
        ] as [(String, [Value], Bool)]) func inDoubtItIsRepeatedOnlyWhenThatIsSafe(_ name: String, _ arguments: [Value], _ repeats: Bool)
        async throws
    {
        var bench = try bench()
        let run = bench.run()
        bench.step(run, "1", name, arguments)
        #expect(bench.operations.count == 1)
        try await bench.restart()
        bench.step(run, "1", name, arguments)
        #expect(bench.operations.count == (repeats ? 1 : 0))
        #expect(bench.engine.world.runs[run]?.status == (repeats ? .running : .asking))
    }
}
