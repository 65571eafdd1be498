import MusterCore
import MusterLua
import Testing

@Suite struct HandlerTests {
    private static let hook = """
        on("first", function() return 1 end)
        on("second", { when = "later" }, function(event, more) return event.name, more, wait(2) end, "after")
        on("none")
        on("third", function() return 3 end, function() return 4 end)
        """

    @Test func registrationsAreCollected() throws {
        let policy = try Policy()
        try policy.use { lua in
            let chunk = try lua.compile(LuaSource(name: "hook.lua", text: Self.hook))
            let start = lua.load(chunk)
            let strand = try #require(start.strand)
            #expect(start.outcome == .returned([]))
            let registrations = lua.registrations(of: strand)
            #expect(
                registrations.map(\.arguments) == [
                    ["first", ["$function": 1]], ["second", ["when": "later"], ["$function": 2], "after"], ["none"],
                    ["third", ["$function": 3], ["$function": 4]],
                ])
            #expect(registrations.map(\.functions.count) == [1, 1, 0, 2])
            #expect(lua.call(LuaFunction(number: 4), in: strand, arguments: []) == .returned([4]))
            #expect(
                lua.call(LuaFunction(number: 2), in: strand, arguments: [["name": "x"], true])
                    == .yielded(name: "wait", arguments: [2]))
            #expect(lua.resume(strand, with: .success([5])) == .returned(["x", true, 5]))
            lua.finish(strand)
        }
    }

    @Test(arguments: 1...4) func numbersMeanTheSameInADispatch(number: Int) throws {
        let policy = try Policy()
        try policy.use { lua in
            let chunk = try lua.compile(LuaSource(name: "hook.lua", text: Self.hook))
            let start = lua.dispatch(chunk, handler: LuaFunction(number: number), arguments: [["name": "x"]])
            switch number {
            case 2: #expect(start.outcome == .yielded(name: "wait", arguments: [2]))
            default: #expect(start.outcome == .returned([.int(Int64(number))]))
            }
        }
    }

    @Test func wrongUsesAreRefused() throws {
        let policy = try Policy()
        try policy.use { lua in
            func code(_ outcome: LuaOutcome) -> MusterError.Code? {
                if case .failed(let error) = outcome { error.code } else { nil }
            }
            let chunk = try lua.compile(LuaSource(name: "hook.lua", text: "on('e', function() on('late', function() end) end)"))
            #expect(code(lua.dispatch(chunk, handler: LuaFunction(number: 1), arguments: []).outcome) == .wrongState)
            #expect(code(lua.dispatch(chunk, handler: LuaFunction(number: 2), arguments: []).outcome) == .notFound)
            let acting = try lua.compile(LuaSource(name: "hook.lua", text: "\nwait()"))
            let start = lua.load(acting)
            #expect(start.strand == nil)
            #expect(code(start.outcome) == .topLevel)
            let nested = try lua.compile(LuaSource(name: "hook.lua", text: "on('e', { handler = function() end })"))
            #expect(code(lua.load(nested).outcome) == .badArgument)
            lua.release(chunk)
            #expect(code(lua.load(chunk).outcome) == .notFound)
        }
    }

    @Test func functionsInsideEffectsComeBack() throws {
        let policy = try Policy()
        let started = try policy.start("local f = function() return 'called' end\nlocal same = all(f)\nreturn same == f, same()")
        let strand = try #require(started.strand)
        guard case .yielded("all", let arguments) = started.outcome, let reference = arguments.first?.array?.first else {
            Issue.record("\(started.outcome)")
            return
        }
        #expect(try policy.use { $0.resume(strand, with: .success([reference])) } == .returned([true, "called"]))
    }

    @Test func returnedFunctionsBecomeText() throws {
        #expect(try Policy().values("return function() end, { type }") == ["function: 1", ["function: 2"]])
    }
}
