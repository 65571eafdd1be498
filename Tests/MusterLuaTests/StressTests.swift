import MusterCore
import MusterLua
import Testing

@Suite struct StressTests {
    private static let count = 100_000

    @Test func manyErrorsLeaveNothingBehind() throws {
        let policy = try Policy(slice: .none, memory: 1 << 20)
        #expect(
            try policy.values(
                """
                for i = 1, \(Self.count) do
                  local ok, e = pcall(refuse, "node1")
                  assert(not ok and e.code == "bmc_silent")
                end
                return true
                """) == [true])
        try expectSmall(policy)
    }

    @Test func manyYieldsLeaveNothingBehind() throws {
        let policy = try Policy(slice: .none, memory: 1 << 20)
        #expect(
            try policy.values(
                "local n = 0 for i = 1, \(Self.count) do n = n + wait(i, { name = 'x' }) end return n")
                == [.int(Int64(Self.count) * Int64(Self.count + 1) / 2)])
        try expectSmall(policy)
    }

    @Test func manyFailedRunsLeaveNothingBehind() throws {
        let policy = try Policy(slice: .none, memory: 1 << 20)
        try policy.use { lua in
            let chunk = try lua.compile(
                LuaSource(
                    name: "hook.lua",
                    text: """
                        on("event", function(event)
                          local undo <close> = setmetatable({}, { __close = function() end })
                          if event.kind == 0 then error("plain") end
                          if event.kind == 1 then refuse("node1") end
                          if event.kind == 2 then coroutine.wrap(function() wait() error("nested") end)() end
                          if event.kind == 3 then wait() end
                          return event.kind
                        end)
                        """))
            for number in 0..<(Self.count / 5) {
                let kind = number % 5
                let event: Value = ["kind": .int(Int64(kind)), "resource": ["$type": "resource"]]
                let start = lua.dispatch(chunk, handler: LuaFunction(number: 1), event: event)
                switch (kind, start.strand) {
                case (2, let strand?): _ = lua.resume(strand, with: .success([]))
                case (3, let strand?) where number % 2 == 0: lua.finish(strand)
                case (3, let strand?): _ = lua.cancel(strand, with: MusterError(.cancelled, "stop"))
                default: #expect(start.strand == nil)
                }
            }
        }
        try expectSmall(policy)
    }

    private func expectSmall(_ policy: Policy) throws {
        try policy.use { lua in
            lua.collectGarbage()
            #expect(lua.memory < 200_000)
        }
    }
}
