import MusterCore
import MusterEngine
import Testing

/// `http`, `exec` and `secret` as scripts see them.
@Suite struct OutsideScriptTests {
    private static let settings = """
        settings {
          allow_http = { "https://hooks.example.org/" }, allow_exec = { "/usr/sbin/sendmail" }, allow_secrets = { "webhook/token" },
          exec_on = { user = "root", key = "/k", known_hosts = "/h", allow = { "/usr/bin/uptime" } },
        }
        host "node1" { mac = "52:54:00:77:00:01", address = "10.77.0.11" }
        """

    private func outcome(_ script: String, hook: Bool = false) async throws -> (run: Run, recorder: OutsideRecorder, scene: Scene) {
        let recorder = OutsideRecorder()
        let folder = try HookDirectory(hook ? ["a.lua": script] : [:])
        let scene = try await Scene(hooks: folder.path, http: recorder, programs: recorder)
        try await scene.apply(Self.settings)
        if hook {
            try await scene.note("user.x")
        } else {
            _ = try await scene.scripting.runScript(source: script, file: "s.lua", operatorName: "maria")
        }
        try await scene.run { $0.world.runs.isEmpty }
        return (try #require(try await scene.store.runs(limit: 1).first), recorder, scene)
    }

    @Test func aRequestCarriesASecretThatTheScriptNeverHas() async throws {
        let (run, recorder, scene) = try await outcome(
            """
            local token = secret "webhook/token"
            log(token, tostring(token))
            assert(not pcall(function() return "Bearer " .. token end))
            local answer = http.post("https://hooks.example.org/x", { a = 1 }, { headers = { Authorization = { "Bearer ", token } } })
            assert(http.get("https://hooks.example.org/y").status == 201)
            return { answer.status, answer.headers["x-a"], answer.body }
            """)
        #expect(run.status == .done && run.result == [201, "b", "thanks"], "\(run.error.debugDescription)")
        let sent = try #require(recorder.requests.withLock { $0.first })
        // The simulated secret store's one secret.
        #expect(sent.headers["authorization"] == "Bearer secret")
        #expect(sent.request.body == #"{"a":1}"#)
        let journal = try await scene.store.steps(of: run.id)
        #expect(journal.first?.arguments == ["secret \"webhook/token\"\tsecret \"webhook/token\""])
        let post = try #require(journal.first { $0.name == "http.post" })
        #expect(post.arguments.last?["headers"]["Authorization"] == ["Bearer ", ["secret": "webhook/token"]])
        #expect(!"\(try await scene.events())".contains("Bearer secret"))
    }

    @Test func aProgramIsExecuted() async throws {
        let (run, recorder, _) = try await outcome(
            """
            local mail = exec { "/usr/sbin/sendmail", "-t", 5, input = "To: maria", timeout = "5s" }
            local there = exec { "/usr/bin/uptime", on = resources.get("node1") }
            local _, problem = pcall(exec, { "/bin/sh", "-c", "id" })
            return { mail.code, mail.output, mail.errors, there.code, problem.code }
            """)
        #expect(run.status == .done && run.result == [2, "To: maria", "e", 2, "not_allowed"], "\(run.error.debugDescription)")
        let programs = recorder.programs.withLock { $0 }
        #expect(programs.map(\.arguments) == [["-t", "5"], []])
        #expect(programs.map(\.timeout) == [5_000, 30_000])
        #expect(programs[1].remote?.address == "10.77.0.11")
    }

    @Test(arguments: [
        ("http['g' .. 'et']('https://hooks.example.org/')", "http"), ("http['po' .. 'st']('https://hooks.example.org/')", "http"),
        ("_ENV['ex' .. 'ec'] { '/usr/sbin/sendmail' }", "exec"),
    ]) func aHookDeclaresIt(_ call: String, _ capability: String) async throws {
        let refused = try await outcome("on('user.x', function()\n\(call) end)", hook: true)
        #expect(refused.run.error?.code == .notAllowed)
        #expect(refused.run.error?.hint == "add needs { \"\(capability)\" } to a.lua")
        let allowed = try await outcome("needs { '\(capability)' } on('user.x', function()\n\(call) end)", hook: true)
        #expect(allowed.run.status == .done)
    }

    @Test(arguments: [
        "secret()", "secret ''", "exec '/usr/sbin/sendmail'", "exec()", "exec { '/usr/sbin/sendmail', on = 7 }", "http.get()",
        "http.get('https://hooks.example.org/', 7)",
        "http.get('https://hooks.example.org/', { headers = { A = {} } , x = 1 })", "secret('a').secret.x.y = 1",
    ]) func aWrongCallIsNamedWithItsLine(_ call: String) async throws {
        let run = try await outcome("\n" + call).run
        #expect([.badArgument, .script].contains(run.error?.code), "\(run.error.debugDescription)")
        #expect(run.error?.place == "s.lua:2")
    }

    @Test(arguments: [
        ("allow_http = { 'hooks.example.org' }", "allow_http"), ("allow_http = { 'https://h/?q' }", "query"),
        ("allow_http = 'https://h/'", "list"),
        ("allow_http = { 'https://u@h/' }", "user"), ("allow_exec = { 'sendmail' }", "absolute"),
        ("allow_exec = { '/usr/bin/' }", "absolute"),
        ("exec_on = { user = 'root' }", "key"), ("exec_on = { user = '-oProxyCommand=x', key = '/k', known_hosts = '/h' }", "user"),
        ("exec_on = { user = 'root', key = 'k', known_hosts = '/h' }", "absolute"),
        ("exec_on = { user = 'root', key = '/k', known_hosts = '/h', alow = {} }", "alow"),
        ("alow_http = {}", "alow_http"),
    ]) func wrongSettingsAreRefused(_ settings: String, _ word: String) async throws {
        let scene = try await Scene(hooks: nil)
        let error = try await #require(throws: MusterError.self) { try await scene.apply("settings { \(settings) }") }
        #expect("\(error)".contains(word), "\(error)")
        #expect(error.place == "fleet.lua:1")
    }
}
