import MusterCore
import MusterLua
import Testing

/// Which lines are executed, and which could be.
@Suite struct CoverageTests {
    private func isolate(_ coverage: LuaCoverage?, instructions: Int? = 100_000) throws -> LuaIsolate {
        var settings = LuaSettings()
        settings.placement = .inline
        settings.slice = instructions.map { .instructions($0) } ?? .none
        settings.coverage = coverage
        return try LuaIsolate(
            settings, functions: [.effect("wait")],
            preludes: [LuaSource(name: "=library", text: "wait = host.wait\nfunction twice(f)\nf() f()\nend")])
    }

    @Test func executedLinesAreCounted() throws {
        let coverage = try LuaCoverage()
        let text = """
            local function f()
              wait()
              if false then
                wait()
              end
            end
            twice(f)
            coroutine.wrap(function()
              wait()
            end)()
            for i = 1, 3 do
              local x = i
            end
            """
        try isolate(coverage).performInline { lua in
            let start = lua.execute(try lua.compile(LuaSource(name: "a.lua", text: text)))
            var outcome = start.outcome
            var waits = 0
            while case .yielded = outcome, let strand = start.strand {
                waits += 1
                outcome = lua.resume(strand, with: .success([]))
            }
            #expect(outcome == .returned([]))
            #expect(waits == 3)
        }
        let lines = coverage.lines
        #expect(Array(lines.keys) == ["a.lua"], "the host's own library is not counted")
        #expect(lines["a.lua"]?[2] == 2)
        #expect(lines["a.lua"]?[4] == nil)
        #expect(lines["a.lua"]?[9] == 1)
        #expect(lines["a.lua"]?[12] == 3)
    }

    @Test func whatIsCountedStillEnds() throws {
        for instructions in [10_000, nil] {
            let coverage = try LuaCoverage()
            try isolate(coverage, instructions: instructions).performInline { lua in
                let text = instructions == nil ? "for i = 1, 2000 do end" : "while true do\npcall(function() while true do end end)\nend"
                let outcome = lua.execute(try lua.compile(LuaSource(name: "a.lua", text: text))).outcome
                if instructions == nil {
                    #expect(outcome == .returned([]))
                } else {
                    if case .failed(let error) = outcome { #expect(error.code == .budget) } else { Issue.record("it ended") }
                    #expect(lua.instructions > 10_000 && lua.instructions < 20_000)
                }
            }
        }
    }

    @Test func countsOfSeveralIsolatesAddUp() throws {
        let coverage = try LuaCoverage()
        for name in ["a.lua", "b.lua", "a.lua"] {
            try isolate(coverage).performInline { lua in _ = lua.execute(try lua.compile(LuaSource(name: name, text: "\nlocal x = 1"))) }
        }
        #expect(
            coverage.lines == ["a.lua": [1: 2, 2: 4], "b.lua": [1: 1, 2: 2]]
                || coverage.lines["a.lua"]?[2] == 2 && coverage.lines["b.lua"]?[2] == 1)
    }

    @Test func theLinesThatCanBeExecutedAreKnownFromTheBytecode() throws {
        let text = """
            -- nothing
            local a = 1

            local function never(b)
              if b then return 1 end

              local big = 1000000.5
              return "text", big, a
            end
            local t = {
              x = never,
              y = function() return 2 end,
            }
            return t
            """
        try isolate(nil).performInline { lua in
            let active = try lua.activeLines(of: try lua.compile(LuaSource(name: "a.lua", text: text)))
            #expect(active == [2, 5, 7, 8, 9, 10, 11, 12, 14])
            // A long jump between lines is written in another form.
            let far = "local a = 1" + String(repeating: "\n", count: 1_000) + "a = 2" + String(repeating: "\n", count: 300) + "return a"
            #expect(try lua.activeLines(of: try lua.compile(LuaSource(name: "b.lua", text: far))) == [1, 1_001, 1_301])
            #expect(try lua.activeLines(of: try lua.compile(LuaSource(name: "c.lua", text: ""))) == [])
            let long = (1...400).map { "x[\($0)] = \"\($0)\"" }.joined(separator: "\n")
            #expect(try lua.activeLines(of: try lua.compile(LuaSource(name: "d.lua", text: "local x = {} " + long))) == Set(1...400))
        }
    }
}
