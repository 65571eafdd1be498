import MusterCore
import MusterLua
import Testing

@Suite struct ValueTests {
    static let values: [Value] = [
        nil, true, false, 0, .int(.min), .int(.max), .double(0.1), .double(.infinity), .double(-0.0), "", "text",
        "a longer text, with ümläuts and 🚦", "nul\u{0}inside", ["a", 1, [2, 3]], [:],
        ["name": "node1", "tags": ["web", "db"], "size": 4, "deep": ["deeper": ["deepest": true]]],
        ["$type": "resource", "id": 7, "host": ["$type": "resource", "id": 8]],
        .array((0..<1000).map { .int($0) }), .string(String(repeating: "x", count: 100_000)),
    ]

    @Test(arguments: values) func crossesBothWays(value: Value) throws {
        let policy = try Policy()
        let started = try policy.start("local given = wait('value') return given, wait(given)")
        let strand = try #require(started.strand)
        #expect(started.outcome == .yielded(name: "wait", arguments: ["value"]))
        try policy.use { lua in
            #expect(lua.resume(strand, with: .success([value])) == .yielded(name: "wait", arguments: [value]))
            #expect(lua.resume(strand, with: .success([])) == .returned([value]))
        }
    }

    /// Short texts cross as slots after their first time: each must come out as itself, however many share a slot.
    @Test func everyTextCrossesAsItself() throws {
        let policy = try Policy()
        let strand = try #require(try policy.start("local given while true do given = wait(given) end").strand)
        let texts = (0..<1000).map { "n\($0)" } + (0...40).map { String(repeating: "a", count: $0) } + ["$type", "$", "ü", "\u{0}"]
        try policy.use { lua in
            for start in 0..<4 {
                let object = Value.object(Fields(texts.filter { !$0.hasPrefix("$") }.map { ($0, .string($0)) }))
                for value in [Value.array(texts.dropFirst(start).map(Value.string)), object] {
                    #expect(lua.resume(strand, with: .success([value])) == .yielded(name: "wait", arguments: [value]))
                }
            }
        }
    }

    /// A crossing that failed on its way left texts behind that Lua never took: the next must not name them by their slots.
    @Test func textsOfAFailedCrossingAreWrittenAgain() throws {
        let policy = try Policy(memory: 1 << 20)
        let names = (0..<300).map { Value.string("name\($0)") }
        let tooLarge: [Value] = [.array(Array(names[..<100])), .string(String(repeating: "x", count: 2 << 20)), .array(names)]
        for _ in 0..<3 {
            let strand = try #require(try policy.start("pcall(wait)").strand)
            let failed = try policy.use { $0.resume(strand, with: .success(tooLarge)) }
            guard case .failed(let error) = failed else { throw MusterError("test", "\(failed)") }
            #expect(error.code == .memory)
            let next = try #require(try policy.start("wait(wait())").strand)
            let answer = try policy.use { $0.resume(next, with: .success([.array(names)])) }
            #expect(answer == .yielded(name: "wait", arguments: [.array(names)]))
            try policy.use { $0.finish(next) }
        }
    }

    @Test func objectsHaveTheirMethodsAndNoTypeField() throws {
        let policy = try Policy()
        let started = try policy.start(
            """
            local one, other = wait(), wait()
            local fields = {}
            for key in pairs(one) do fields[#fields + 1] = key end
            return fields, one == other, one.missing == nil, getmetatable(one), tostring(one), one:power_on()
            """)
        let strand = try #require(started.strand)
        let object: Value = ["$type": "resource", "name": "node1", "id": 7]
        try policy.use { lua in
            _ = lua.resume(strand, with: .success([object]))
            #expect(
                lua.resume(strand, with: .success([object])) == .yielded(name: "resource.power_on", arguments: [object]))
            #expect(
                lua.resume(strand, with: .success(["on"]))
                    == .returned([["id", "name"], true, true, false, "resource \"node1\"", "on"]))
        }
    }

    @Test func unknownTypesAreKept() throws {
        let policy = try Policy()
        let value: Value = ["$type": "volume", "id": "v1"]
        let started = try policy.start("local v = wait() return v, tostring(v)")
        let strand = try #require(started.strand)
        #expect(try policy.use { $0.resume(strand, with: .success([value])) } == .returned([value, "volume \"v1\""]))
    }

    @Test func tablesBecomeArraysOrObjects() throws {
        let values = try Policy().values("return {}, {1, 2}, {1, nil, 3}, {1, x = 2}, {[0] = 1}, {[-5] = 'a', 1, nil, 3}")
        #expect(
            values == [
                [:], [1, 2], ["1": 1, "3": 3], ["1": 1, "x": 2], ["0": 1], ["-5": "a", "1": 1, "3": 3],
            ])
    }

    @Test(arguments: [
        ("local t = {} t.t = t wait(t)", "nested too deep"),
        ("wait({[true] = 1})", "boolean as key"),
        ("wait({[1.5] = 1})", "number as key"),
        ("wait(coroutine.create(print or type))", "thread cannot be passed"),
        ("wait({x = function() end})", "function cannot be passed"),
        ("upper(function() end)", "function cannot be passed"),
        ("local t = {'xxxxxxxxxxxxxxxx'} for i = 1, 28 do t = {t, t} end wait(t)", "too large"),
    ]) func whatCannotCrossIsAnError(script: String, message: String) throws {
        let error = try #require(try Policy(messageLimit: 1 << 20).failure(script))
        #expect(error.code == .badArgument)
        #expect(error.message.contains(message))
        #expect(error.place == "script.lua:1")
    }

    @Test func invalidTextIsRepaired() throws {
        #expect(try Policy().values(#"return "a\xFFb""#) == ["a\u{FFFD}b"])
    }

    @Test func manyArgumentsCross() throws {
        let policy = try Policy()
        let values = (0..<5000).map { Value.int($0) }
        let started = try policy.start("return select('#', wait())")
        let strand = try #require(started.strand)
        #expect(try policy.use { $0.resume(strand, with: .success(values)) } == .returned([5000]))
        #expect(try policy.values("return table.unpack(wait(1, 2, 3) and {broken(1, nil, 3)}, 1, 3)") == [1, nil, 3])
    }
}
