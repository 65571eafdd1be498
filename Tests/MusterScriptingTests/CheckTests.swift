import Foundation
import MusterCore
import Testing

@testable import MusterScripting

/// Small wrong programs, and what is said of them; right ones, of which nothing is said.
@Suite struct CheckTests {
    /// Checks text as a hook file; answers `line:column: message`.
    static func check(_ text: String, modules: [String: String] = [:]) -> [Problem] {
        Checker.check(hook: .init(hash: "", main: "h.lua", sources: ["h.lua": text].merging(modules) { $1 }))
    }

    @Test(
        arguments: [
            // Syntax.
            ("on('user.x', function() log('a' end)", 1, 33, "expected ')', found 'end'", "it closes the '(' of line 1"),
            ("if x then\n  log(1)\n", 3, 1, "expected 'end', found the end of the file", "it closes the 'if' of line 1"),
            ("local x = 'abc", 1, 11, "this text is not closed", nil),
            ("local x <const> = 1\nx = 2", 2, 1, "'x' is constant and cannot be assigned", nil),
            ("local s = '\\q'", 1, 12, "there is no such escape in a text", "a backslash itself is written \\\\"),
            ("x + 1", 1, 3, "expected '=' or a call, found '+'", nil),
            ("break", 1, 1, "break outside of a loop", nil),
            ("goto done", 1, 1, "there is no visible label 'done' for this goto", nil),
            // Globals.
            ("on('user.x', function() resorces.list() end)", 1, 25, "there is no global 'resorces'", "did you mean resources?"),
            ("local f = io.open", 1, 11, "there is no global 'io'", "scripts have no files"),
            ("on('user.x', function() return os.exit() end)", 1, 35, "os has no function 'exit'", "the names are date, time"),
            (
                "on('user.x', function() count = 1 end)", 1, 25, "assignment to the undeclared global 'count'",
                "write local before it, or assign it at the file's top level first"
            ),
            (
                "counter = 0\non('user.x', function() conter = 1 end)", 2, 25, "assignment to the undeclared global 'conter'",
                "did you mean counter? Otherwise write local before it, or assign it at the file's top level first"
            ),
            ("local function f() return undefined_thing end", 1, 27, "there is no global 'undefined_thing'", nil),
            ("local t = sting.format('%d', 1)", 1, 11, "there is no global 'sting'", "did you mean string?"),
            // Events.
            ("on('resource.faild', function() end)", 1, 4, "there is no event \"resource.faild\"", "did you mean \"resource.failed\"?"),
            ("on('zzz', function() end)", 1, 4, "there is no event \"zzz\"", "docs/events.md lists them; your own begin with \"user.\""),
            (
                "on('user.x', function() wait_for('server.runing') end)", 1, 34, "there is no event \"server.runing\"",
                "did you mean \"server.running\"?"
            ),
            (
                "on('user.x', function() events.wait_for('server.runing', { timeout = 1 }) end)", 1, 41,
                "there is no event \"server.runing\"", "did you mean \"server.running\"?"
            ),
            (
                "on('user.x', function() events.emit('mine') end)", 1, 37, "scripts emit events whose names begin with \"user.\"",
                "call it \"user.mine\""
            ),
            (
                "on('user.x', function() events.follow() end)", 1, 32,
                "events.follow is for the prompt: there is nobody here to show events to", "react with on(…), or wait with wait_for(…)"
            ),
            // Methods, fields, options.
            (
                "on('resource.failed', function(event) event.resource:fense() end)", 1, 54, "a resource has no method 'fense'",
                "did you mean \"fence\"?"
            ),
            (
                "on('resource.failed', function(event) event.resource.refresh() end)", 1, 54, "resource.refresh is a method",
                "call it with a colon: resource:refresh()"
            ),
            (
                "on('user.x', function() resources:list() end)", 1, 35, "resources.list is a function, not a method",
                "call it with a dot: resources.list()"
            ),
            ("on('user.x', function() resources.lst() end)", 1, 35, "resources has no function 'lst'", "did you mean \"list\"?"),
            (
                "on('user.x', function() for _, r in ipairs(resources.list()) do r:refesh() end end)", 1, 67,
                "a resource has no method 'refesh'", "did you mean \"refresh\"?"
            ),
            (
                "on('user.x', function() local r = resources.get('a') r = r:refresh() r:refesh() end)", 1, 72,
                "a resource has no method 'refesh'", "did you mean \"refresh\"?"
            ),
            (
                "on('user.x', function() for r in resources.list() do log(r) end end)", 1, 34, "a list is not called by for … in",
                "for _, item in ipairs(…) do"
            ),
            ("on('user.x', { kye = 'resource' }, function() end)", 1, 16, "on: there is no option \"kye\"", "did you mean \"key\"?"),
            ("on('user.x', { 'resource' }, function() end)", 1, 16, "on: options has a value without a name", "write { key = … }"),
            ("on('user.x', { key = 5 }, function() end)", 1, 22, "on: key is 5, not a text", "write on(event, [options], handler)"),
            (
                "needs { 'power' }\non('user.x', function() resources.get('a'):power_on { timeot = 1 } end)", 2, 55,
                "resource.power_on: there is no option \"timeot\"", "did you mean \"timeout\"?"
            ),
            (
                "needs { 'power' }\non('user.x', function() resources.get('a'):power_on { timeout = 'soon' } end)", 2, 65,
                "resource.power_on: timeout is \"soon\", not a duration", "write \"30s\" or a number of seconds"
            ),
            ("on('user.x', function() string.fromat('%d', 1) end)", 1, 32, "string has no function 'fromat'", "did you mean \"format\"?"),
            (
                "on('user.x', function() local s = 'a' .. 'b' return s:uper() end)", 1, 55, "a text has no method 'uper'",
                "did you mean \"upper\"?"
            ),
            (
                "local function f(event) event.resource:fense() end\non('resource.failed', f)", 1, 40, "a resource has no method 'fense'",
                "did you mean \"fence\"?"
            ),
            (
                "on('user.x', function() local ok, problem = resources.get('a'):try_refresh() problem:hint() end)", 1, 86,
                "an error has no method 'hint'", nil
            ),
            // Arguments.
            ("on('user.x', function() resources.get(5) end)", 1, 39, "resources.get: name is 5, not a text", "write resources.get(name)"),
            ("on('user.x', function() resources.get() end)", 1, 35, "resources.get: name is missing, a text", "write resources.get(name)"),
            (
                "on('user.x', function() sleep('soon') end)", 1, 31, "sleep: duration is \"soon\", not a duration",
                "write \"30s\" or a number of seconds"
            ),
            (
                "on('user.x', function() sleep({}) end)", 1, 31, "sleep: duration is a table, not a duration",
                "write \"30s\" or a number of seconds"
            ),
            (
                "needs { 'power' }\non('user.x', function() resources.get('a'):set_boot_device('pxee') end)", 2, 60,
                "resource.set_boot_device: device is \"pxee\", not one of \"pxe\", \"disk\", \"bios\", \"none\"", "did you mean \"pxe\"?"
            ),
            (
                "needs { 'storage' }\non('user.x', function() servers.get('a'):claim(servers.get('b')) end)", 2, 48,
                "server.claim: resource is a server, not a resource or its name", "write server:claim(resource)"
            ),
            ("on('user.x', 5)", 1, 14, "on: handler is 5, not a function(event)", "write on(event, [options], handler)"),
            ("every({}, function() end)", 1, 7, "every: interval is a table, not a duration", "write \"30s\" or a number of seconds"),
            (
                "every('5 minutes', function() end)", 1, 7, "every: interval is \"5 minutes\", not a duration",
                "write \"30s\" or a number of seconds"
            ),
            (
                "on('user.x', function() resources.find('idle') end)", 1, 40,
                "resources.find: filter is \"idle\", not a table with names or a function(resource)", "write resources.find([filter])"
            ),
            // Places.
            (
                "resources.list()", 1, 11, "resources.list is a step, and a file's top level only registers and computes",
                "move the call into a handler"
            ),
            ("local t = now()", 1, 11, "now is a step, and a file's top level only registers and computes", "move the call into a handler"),
            (
                "on('user.x', function() on('user.y', function() end) end)", 1, 25, "on belongs at the top level of the file",
                "a run cannot register hooks"
            ),
            (
                "local name = 'muster.' .. 'recover'\nlocal recover = require(name)", 2, 17, "require wants the module's name written out",
                "require \"muster.recover\""
            ),
            // Capabilities.
            (
                "on('resource.failed', function(event) event.resource:fence() end)", 1, 54,
                "resource.fence needs \"power\", which this file does not declare", "write at its top: needs { \"power\" }"
            ),
            (
                "needs { 'storage' }\non('user.x', function(e) ipmi.off('node1') end)", 2, 31,
                "ipmi.off needs \"power\", which this file does not declare", "write at its top: needs { \"power\", \"storage\" }"
            ),
            (
                "local function f(server) server:release() end\non('user.x', function(e) f(e.data.s) end)", 1, 33,
                "server.release needs \"storage\", which this file does not declare", "write at its top: needs { \"storage\" }"
            ),
            (
                "needs { 'powr' }", 1, 9,
                "needs: capabilities is \"powr\", not one of \"power\", \"storage\", \"servers\", \"http\", \"exec\"",
                "did you mean \"power\"?"
            ),
        ] as [(String, Int, Int, String, String?)]) func whatIsWrongIsSaidAtItsPlace(
            _ text: String, _ line: Int, _ column: Int, _ message: String, _ hint: String?
        )
    {
        let errors = Self.check(text).filter { $0.severity == .error }
        #expect(errors.count == 1, "\(errors.map(\.text))")
        #expect(errors.first?.message == message)
        #expect(errors.first?.hint == hint)
        #expect(errors.first.map { [$0.line, $0.column] } == [line, column])
    }

    @Test(arguments: [
        ("on('resource.failed', function(event) log(event.resource.nme) end)", 1, 58, "a resource has no field 'nme'"),
        ("on('resource.failed', function(event) log(event.server.name) end)", 1, 49, "resource.failed has no field 'server'"),
        ("on('resource.failed', function(event) log(event.data.silnce) end)", 1, 54, "the data of resource.failed has no field 'silnce'"),
        (
            "on('resource.failed', { key = 'resorce' }, function() end)", 1, 31,
            "resource.failed has no 'resorce' to be the key of its runs, so that all of them queue one after the other"
        ),
        ("on('user.x', function() resources.list(5) end)", 1, 40, "resources.list takes no arguments"),
    ]) func whatIsOddIsAWarning(_ text: String, _ line: Int, _ column: Int, _ message: String) {
        let problems = Self.check(text)
        #expect(problems.map(\.severity) == [.warning])
        #expect(problems.first?.message == message)
        #expect(problems.first.map { [$0.line, $0.column] } == [line, column])
    }

    @Test(arguments: [
        "local M = {}\nfunction M:stop() end\nfunction M:fence() end\non('user.x', function() M:stop() local o = M o:fence() end)",
        "count = 0\non('user.x', function() count = count + 1 end)",
        "local function init() state = {} end\ninit()\non('user.x', function() state = nil end)",
        "pcall(function() late = 1 end)\non('user.x', function() late = 2 end)",
        "local M = {}\nfunction M.init() ready = false end\nM.init()\non('user.x', function() ready = true end)",
        "resources = { lst = function() end }\non('user.x', function() resources.lst() resources.anything.else_() end)",
        "on('user.x', function() local resources = {} resources.lst() end)",
        "on('user.x', function(...) sleep(...) resources.get(...) end)",
        "local function pick() return 'user.x', function() end end\non(pick())",
        "on('user.x', function(event) event.resource.note = 1 log(event.resource.note) end)",
        "on('user.x', function(event) local s = event.server if s then log(s.name, s.blocked and s.blocked.reason) end end)",
        "on('user.x', function() local r = resources.get('a') if x_is_set then end end)\nx_is_set = false",
        "on('user.x', function() local r r = resources.get('a') r = 5 r:anything() end)",
        "on('user.x', function() log(resources.get('a').tags[1], ('x'):rep(3), #resources.list()) end)",
        "on('user.x', function() local t = setmetatable({}, { __index = function() end }) t.foo() t:bar() end)",
        "needs { 'power' }\non('user.x', function(e) local node = resources.get('a') node.power_off(node) end)",
        "needs { 'power' }\non('user.x', function(e) local _, problem = resources.get('a'):try_fence() log(problem.code, problem.hint) end)",
        "for _, name in ipairs { 'user.a', 'user.b' } do on(name, { key = 'resource', name = name }, function() end) end",
        "on('user.x', function() sleep(0.5) sleep('1h30m') wait_for('user.y', { resource = 'node1', timeout = 5 }) end)",
        "on('user.x', function() resources.find(function(r) return r.cpus > 2 end) resources.find { state = 'idle' } resources.find() end)",
        "on('user.x', function() local e = wait_for('server.running') log(e.server.name, e.data.epoch) end)",
        "on('user.x', function() log(help(resources)) local f = math.floor string.format('%d', f(2.5)) end)",
        "on('user.x', function() local a, b = pcall(function() resources.list() end) if not a then error(b) end end)",
        "local needs_table = { 'power' }\nneeds(needs_table)\non('user.x', function() resources.get('a'):fence() end)",
        "on('user.x', { key = 'n', retry = 3, backoff = '1s' }, function() end)",
        "needs { 'power', 'storage' } on('user.x', function() local held <close> = reserve({ 'node1', resources.get('node2') }, { timeout = '1m' }) held:release() end)",
        "on('user.x', function(event) local n = event.state or 0 all { function() sleep(1) end, b = function() return now() end } continue_as(n + 1) end)",
        "on('user.x', function() local who, what = race { a = function() sleep(1) end } timeout('5s', function() sleep(who) end) log(what) end)",
        "every('1d', { at = '02:30' }, function(tick) log(tick.at, tick.number, os.date('%H:%M', tick.at / 1000)) end)",
        "local day = os.time { year = 2026, month = 7, day = 1 }\non('user.x', function() log(day, os.time()) end)",
        "return nil",
        "",
    ]) func whatMayBeRightIsNotRefused(_ text: String) {
        #expect(Self.check(text).map(\.text) == [])
    }

    @Test func usesOfModulesCount() {
        let modules = ["lib": "local M = {}\nfunction M.kill(node) node:power_off() end\nreturn M"]
        let missing = Self.check("local lib = require 'lib'\non('user.x', function(e) lib.kill(e.resource) end)", modules: modules)
        #expect(missing.map(\.message) == ["lib calls resource.power_off, which needs \"power\", which this file does not declare"])
        #expect(missing.first?.line == 1)
        #expect(
            Self.check("needs { 'power' }\nlocal lib = require 'lib'\non('user.x', function(e) lib.kill(e.resource) end)", modules: modules)
                .isEmpty)
        let broken = Self.check("local lib = require 'lib'", modules: ["lib": "return {"])
        #expect(broken.first?.message.hasPrefix("the module \"lib\" is broken: expected '}'") == true)
        let wrong = Self.check("local lib = require 'lib'", modules: ["lib": "return function() resorces.list() end"])
        #expect(wrong.first?.message == "the module \"lib\" is wrong: there is no global 'resorces'")
        #expect(wrong.first?.hint == "lib.lua:1:19")
        // A global of a module is one of its user's.
        #expect(Self.check("require 'lib'\non('user.x', function() shared = shared + 1 end)", modules: ["lib": "shared = 0"]).isEmpty)
    }

    @Test func whatIsShippedIsClean() async throws {
        let folders = SourceFolders(hooks: Scene.root + "/hooks", library: Scene.root + "/stdlib")
        for folder in ["hooks", "stdlib"] {
            let problems = try await Checker.check(folders: folders, paths: [Scene.root + "/" + folder])
            #expect(problems.map(\.text) == [])
        }
    }

    @Test func testFilesHaveWordsOfTheirOwn() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("check-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let text = """
            local support = require "support"
            fleet "fleet.lua"
            describe("a", function()
              before_each(function() sim.kill "node1" end)
              it("b", function()
                expect(events.count "resource.failed"):to_be(1)
                expect(runs.last().status).never:to_be(servers.get("shop"):refresh().state)
              end)
            end)
            setup(support)
            on("user.a", function() end)
            """
        try text.write(toFile: folder + "/a_test.lua", atomically: true, encoding: .utf8)
        let folders = SourceFolders(hooks: folder, library: Scene.root + "/stdlib")
        let problems = try await Checker.check(folders: folders, paths: [folder])
        #expect(
            problems.map { "\($0.line) \($0.message)" } == [
                "10 there is no global 'setup'", "11 there is no global 'on'",
            ])
        #expect(problems.map(\.hint) == ["write before_each: every test begins anew", nil])
        #expect(try folders.hookFiles() == [], "tests are no hooks")
    }

    @Test func theExamplesOfTheDocumentsAreClean() throws {
        var count = 0
        for name in ["lua.md", "reference.md"] {
            let text = try String(contentsOfFile: Scene.root + "/docs/" + name, encoding: .utf8)
            let parts = text.components(separatedBy: "## Words of fleet.lua")[0].components(separatedBy: "```lua\n").dropFirst()
            for part in parts {
                let code = part.components(separatedBy: "\n```")[0]
                let all = "needs { \"power\", \"storage\", \"servers\", \"http\", \"exec\" }\n"
                // An example is a hook file, or what stands in a handler.
                let asHook = Self.check((code.contains("needs") ? "" : all) + code, modules: ["muster.recover": "return function() end"])
                let asBody = Self.check(all + "on(\"user.x\", function()\n\(code)\nend)")
                #expect(asHook.isEmpty || asBody.isEmpty, "\(code)\n\(asHook.map(\.text)) \(asBody.map(\.text))")
                count += 1
            }
        }
        #expect(count > 10)
    }

    @Test(arguments: [
        ("host \"a\" { mca = '52:54:00:77:00:01' }", 1, 12, "host has no key \"mca\""),
        ("hots \"a\" { mac = '52:54:00:77:00:01' }", 1, 1, "there is no global 'hots'"),
        ("image 'a' { path = 5 }", 1, 20, "image.path is not a text"),
        ("host 'a' { mac = '52:54:00:77:00:01', bmc = { adress = 'x' } }", 1, 47, "host.bmc has no key \"adress\""),
        ("settings { heartbeat = {} }", 1, 24, "settings.heartbeat is not a duration"),
        ("\nimage 'a' { path = '/x', format = 'raww' }", 2, 1, "image a: format is \"raww\""),
        ("image 'a'", 1, 1, "image a has no table"),
        ("server 'x' {", 1, 13, "expected '}', found the end of the file"),
    ]) func fleetFilesAreCheckedToo(_ text: String, _ line: Int, _ column: Int, _ message: String) async throws {
        let folder = try HookDirectory(["site.lua": text])
        let folders = SourceFolders(hooks: nil, library: Scene.root + "/stdlib")
        let problems = try await Checker.check(folders: folders, paths: [folder.path + "/site.lua"], areFleets: true)
        #expect(problems.first?.message == message)
        #expect(problems.first.map { [$0.line, $0.column] } == [line, column])
    }

    @Test func theDocumentedFleetIsClean() async throws {
        let text = try String(contentsOfFile: Scene.root + "/docs/fleet.md", encoding: .utf8)
        let example = text.components(separatedBy: "```lua\n")[1].components(separatedBy: "\n```")[0]
        let folder = try HookDirectory(["fleet.lua": example, "hook.lua": "require 'absent'\nlog(1)\nlocal x = 'unclosed"])
        let folders = SourceFolders(hooks: nil, library: Scene.root + "/stdlib")
        #expect(try await Checker.check(folders: folders, paths: [folder.path + "/fleet.lua"]).isEmpty)
        // A file's place is the path that was given.
        let problems = try await Checker.check(folders: folders, paths: [folder.path])
        #expect(problems.map(\.message) == ["there is no module \"absent\"", "this text is not closed"])
        #expect(problems.last?.place == folder.path + "/hook.lua:3:11")
        await #expect(throws: MusterError.self) { try await Checker.check(folders: folders, paths: [folder.path + "/none.lua"]) }
    }

    @Test func aProblemReadsLikeACompilers() {
        let problem = Self.check("on('user.x', function()\n\tlog(näme)\nend)").first
        #expect(
            problem?.text == "h.lua:2:7: error: expected ')', found 'ä'\n  \tlog(näme)\n  \t     ^\n  hint: it closes the '(' of line 2")
        let value = Self.check("resorces.list()").first?.value
        #expect(
            value?["line"] == 1 && value?["column"] == 1 && value?["severity"] == "error" && value?["hint"] == "did you mean resources?")
    }

    /// Hook files are read again with every change, for months.
    @Test func whatWasReadIsGivenBack() throws {
        weak var main: LuaBody?
        weak var local: LuaLocal?
        do {
            let text = "local count\ncount = function(self, n) local inner = function() return count(self, inner) end return inner end"
            let tree = try LuaParser.parse(Array(text.utf8))
            let facts = FileFacts(tree)
            FileChecker(SourceText(name: "h.lua", text: text), .hook, facts, with: []).check(tree.main)
            guard case .local(let locals, _)? = tree.main.body.statements.first?.kind else { throw MusterError("test", "no local") }
            (main, local) = (tree.main, locals[0])
            #expect(tree.origins[locals[0]].count == 2, "declared and assigned")
        }
        #expect(main == nil && local == nil)
    }

    @Test func anAnswerTakesNoSteps() throws {
        let text =
            "local function helper() sleep(1) end\nlocal function answer(request) helper() return resources.list() end\nreturn answer"
        let tree = try LuaParser.parse(Array(text.utf8))
        var facts = FileFacts(tree)
        guard case .localFunction(_, let body) = tree.main.body.statements[1].kind else { throw MusterError("test", "no function") }
        facts.handlers[ObjectIdentifier(body)] = Inference.Handler(handler: ScriptHandler(.answer), event: nil)
        let checker = FileChecker(SourceText(name: "h.lua", text: text), .hook, facts, with: [])
        checker.check(tree.main)
        #expect(
            checker.problems.map { "\($0.line):\($0.column) \($0.message)" } == [
                "1:25 sleep is a step, and an answer only computes: it is waited for",
                "2:58 resources.list is a step, and an answer only computes: it is waited for",
            ])
    }

    @Test func luasOwnLimitsAreFound() {
        let locals = (0..<250).map { "local a\($0)" }.joined(separator: "\n")
        let problem = Self.check(locals).first
        #expect(
            problem?.message.contains("too many local variables") == true && (198...202).contains(problem?.line ?? 0),
            "\(String(describing: problem))")
    }

    @Test func changedProgramsAreCheckedInBoundedTime() throws {
        let programs = try SchemaTests.files("stdlib").map(\.text) + SchemaTests.files("hooks").map(\.text) + [LuaParserTests.everything]
        let words = [
            "resources", "event", "server", ".", ":", "fence", "(", ")", "local", "x", "= x", "function(event)", "end", "'", "needs", "{",
            "}",
        ]
        var random = SplitMix(seed: 3)
        for round in 0..<1_500 {
            var bytes = Array(programs[round % programs.count].utf8)
            for _ in 0..<3 {
                let at = Int.random(in: 0...bytes.count, using: &random)
                bytes.replaceSubrange(at..<min(bytes.count, at + 6), with: Array((words.randomElement(using: &random) ?? "").utf8))
            }
            for problem in Self.check(String(decoding: bytes, as: UTF8.self)) {
                #expect(problem.line > 0 && problem.column > 0 && !problem.message.isEmpty)
            }
        }
        // Locals that follow from one another, and from themselves.
        let line = (1..<150).map { "local x\($0) = x\($0 - 1):refresh()" }.joined(separator: "\n")
        #expect(Self.check("local x0 = y0\nlocal function f() x0 = x0 end\n" + line).isEmpty == false)
    }

    @Test func aWrongNewVersionIsRefusedAndTheOldOneServes() async throws {
        let folder = try HookDirectory(["a.lua": "on('user.x', function() log('old') end)"])
        let scene = try await Scene(hooks: folder.path, report: { _ in })
        try folder.write("a.lua", "on('user.x', function(event)\n  log(event.resource:fense())\n  resorces.list()\nend)")
        try await scene.scripting.hooks.refresh()
        try await scene.note("user.x")
        try await scene.run { $0.world.runs.isEmpty }
        #expect(try await scene.logs() == ["old"])
        let broken = try #require(try await scene.events().first { $0.name == "hook.broken" })
        #expect(broken.data["message"]?.string?.hasPrefix("a resource has no method 'fense' (and 1 more") == true)
        #expect(broken.data["place"] == "a.lua:2")
    }
}
