import MusterCore
import MusterLua
import Testing

@Suite struct OrderTests {
    @Test func pairsFollowsKeys() throws {
        let values = try Policy().values(
            """
            local t = { zebra = 1, apple = 2, [3] = 3, [1] = 4, [-2] = 5, [0.5] = 6, [true] = 7, [false] = 8,
              ["10"] = 9, ["9"] = 10 }
            t[{ id = "b" }] = 11
            t[{ id = "a" }] = 12
            local seen = {}
            for key, value in pairs(t) do seen[#seen + 1] = type(key) == "table" and key.id or tostring(key) end
            local nexts, key = {}, nil
            repeat
              key = next(t, key)
              nexts[#nexts + 1] = type(key) == "table" and key.id or tostring(key)
            until key == nil
            return table.concat(seen, " "), table.concat(nexts, " ")
            """)
        let order = "-2 0.5 1 3 10 9 apple zebra false true a b"
        #expect(values == [.string(order), .string(order + " nil")])
    }

    @Test func sequencesAndEmptyTablesIterate() throws {
        let values = try Policy().values(
            """
            local sum = 0
            for key, value in pairs({ 10, 20, 30 }) do sum = sum + key * value end
            for _ in pairs({}) do sum = nil end
            return sum, next({}), (next({ 5 })), (pcall(next, 1)), (pcall(pairs))
            """)
        #expect(values == [140, nil, 1, false, false])
    }

    @Test func entriesMayBeRemovedWhileIterating() throws {
        let values = try Policy().values(
            """
            local t, seen = { a = 1, b = 2, c = 3, d = 4 }, {}
            for key in pairs(t) do
              seen[#seen + 1] = key
              t[key] = nil
              if key == "b" then t.c = nil end
            end
            return seen, next(t)
            """)
        #expect(values == [["a", "b", "d"], nil])
    }

    @Test func unorderedKeysAreRefused() throws {
        let policy = try Policy()
        for script in [
            "for k in pairs({ [{}] = 1, [{}] = 2 }) do end", "for k in pairs({ [type] = 1, [next] = 2 }) do end",
            "for k in pairs({ [{ id = 'a' }] = 1, [{ id = 'a' }] = 2 }) do end", "local t = { [{}] = 1, [{}] = 2 } next(t)",
        ] {
            #expect(try policy.failure(script)?.code == .badArgument)
        }
        #expect(try policy.values("local n = 0 for k in pairs({ [{}] = 1, 2, x = 3 }) do n = n + 1 end return n") == [3])
    }

    @Test func pairsHonoursItsMetamethod() throws {
        let values = try Policy().values(
            """
            local r = {}
            local meta = { __pairs = function(t) return function(_, k) if not k then return wait(1), 2 end end, t end }
            for a, b in pairs(setmetatable({}, meta)) do r = { a, b } end
            return r
            """)
        #expect(values == [[1, 2]])
    }

    @Test(arguments: [0, 1, 2, 7, 8, 9, 100, 1000, 4097]) func sortIsStable(count: Int) throws {
        let values = try Policy().values(
            """
            local t = {}
            for i = 1, \(count) do t[i] = { key = math.random(10), i = i } end
            table.sort(t, function(a, b) return a.key < b.key end)
            for i = 2, #t do
              assert(t[i - 1].key < t[i].key or (t[i - 1].key == t[i].key and t[i - 1].i < t[i].i))
            end
            local numbers = {}
            for i = 1, \(count) do numbers[i] = math.random(1000) end
            table.sort(numbers)
            for i = 2, #numbers do assert(numbers[i - 1] <= numbers[i]) end
            return #t, #numbers
            """)
        #expect(values == [.int(Int64(count)), .int(Int64(count))])
    }

    @Test func sortErrorsAreOrdinary() throws {
        let policy = try Policy()
        #expect(try policy.failure("table.sort({ 1, 'x' })")?.message == "attempt to compare string with number")
        #expect(try policy.failure("table.sort({ 1, 2 }, function() error('no') end)")?.message == "no")
        let careless = "local t = { 1, 2, 3, 4, 5, 6, 7, 8, 9 } table.sort(t, function() return true end) return #t"
        #expect(try policy.values(careless) == [9])
    }

    @Test func randomFollowsTheSeed() throws {
        let policy = try Policy()
        let script = """
            local t = { math.random(), math.random(6), math.random(-5, 5), math.random(0),
              math.random(math.mininteger, math.maxinteger) }
            math.randomseed(42) t[6] = math.random(1000)
            math.randomseed() t[7] = math.random(1000)
            return t
            """
        let first = try policy.values(script, seed: 1)
        #expect(try policy.values(script, seed: 1) == first)
        #expect(try Policy().values(script, seed: 1) == first)
        #expect(try policy.values(script, seed: 2) != first)
        #expect(try policy.failure("math.random(2, 1)")?.message.contains("interval is empty") == true)
        #expect(
            try policy.values(
                """
                for i = 1, 1000 do
                  local x, y = math.random(), math.random(3)
                  assert(x >= 0 and x < 1 and y >= 1 and y <= 3)
                end
                """)
                == [])
    }

    @Test func textHasNoAddresses() throws {
        let values = try Policy().values(
            """
            local a, b, f = {}, {}, function() end
            return tostring(a), tostring(b), tostring(a), tostring(f), string.format("%s|%s|%d", a, f, 3),
              tostring(setmetatable({}, { __name = "thing" })), tostring(0 / 0), tostring(coroutine.create(f)),
              ("%%p %s"):format(1)
            """)
        #expect(
            values == [
                "table: 1", "table: 2", "table: 1", "function: 3", "table: 1|function: 3|3", "thing: 4", "nan", "thread: 5",
                "%p 1",
            ])
        let policy = try Policy()
        #expect(try policy.failure("string.format('%p', {})")?.message.contains("not available") == true)
        #expect(try policy.failure("('%-20p'):format('x')")?.message.contains("not available") == true)
        #expect(try policy.values("return tostring({})") == ["table: 1"])
    }
}
