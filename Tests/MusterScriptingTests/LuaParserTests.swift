import MusterCore
import MusterLua
import Testing

@testable import MusterScripting

/// Our parser and Lua's compiler say the same of every text.
@Suite struct LuaParserTests {
    /// Lua's word: nil when it compiles.
    static func lua(_ isolate: LuaIsolate, _ text: String) -> String? {
        isolate.performInline { lua in
            do throws(MusterError) {
                lua.release(try lua.compile(LuaSource(name: "f.lua", text: text)))
                return nil
            } catch {
                return error.message
            }
        }
    }

    static func ours(_ text: String) -> LuaSyntaxError? {
        do throws(LuaSyntaxError) {
            _ = try LuaParser.parse(Array(text.utf8))
            return nil
        } catch {
            return error
        }
    }

    static func isolate() throws -> LuaIsolate {
        var settings = LuaSettings()
        settings.placement = .inline
        return try LuaIsolate(settings)
    }

    @Test(arguments: [
        "", "return", "return;", "return 1,2;", "local x <const> = 1; local y <close> = nil", "goto a; ::a::", "do goto a end ::a::",
        "::a:: ::b:: goto a", "for i = 1, 2 do goto continue; local x; ::continue:: end", "a.b['c'].d = 1", "f{}:g'x'[[y]].z = 1", "(f)()",
        "f'x'",
        "local a = 0x.8p1 + 0xA + 1e5 + .5 + 3. + 0xffffffffffffffffff", "local s = '\\x41\\u{7FFFFFFF}\\065\\z   \n x'",
        "--[==[ ]] ]==] x = 1",
        "#!shell\nx = 1", "\u{FEFF}x = 1", "local function f(...) return ... end", "x = ...", "function a.b:c() self.x = 1 end",
        "repeat local x until x", "for k, v in pairs(t) do break end", "while true do if x then break end end",
        "x = {1, 2; a = 1, [3] = 4,}", ";;;",
        "local x = a or b and c .. d .. e ^ -f ^ g == not h", "x = #t // 2 ~ 3 & ~4 | 5 << 6 >> 7", "x = a.b:c():d{}", "local goto1 = 1",
        "do local x; goto e; local y; ::e:: end", "x = '\\\r\ny'", "x = [[\r\na\n\r]]", "local _ENV = {}; x = 1", "x = a--[[c]]b = 1",
    ]) func whatIsLuaIsLua(_ text: String) throws {
        #expect(Self.ours(text)?.message == nil)
        #expect(Self.lua(try Self.isolate(), text) == nil)
    }

    @Test(arguments: [
        ("x = ", 4), ("x 1", 2), ("x", 0), ("(a) = 1", 0), ("f() = 1", 0), ("a, f() = 1, 2", 3), ("local 1", 6), ("if x then", 9),
        ("return 1 2", 9), ("return return", 7), ("break", 0), ("goto a", 0), ("goto a; local x; ::a:: f()", 0), ("::a:: ::a::", 2),
        ("repeat goto e; local x; ::e:: until x", 7), ("local x <const> = 1; x = 2", 21),
        ("local x <const> = 1; function f() x = 2 end", 34),
        ("local x <foo> = 1", 9), ("local a <close>, b <close> = 1", 20), ("function f() return ... end", 20), ("x = 'abc", 4),
        ("x = 'a\nb'", 4),
        ("x = '\\q'", 5), ("x = '\\300'", 5), ("x = '\\xZ'", 5), ("x = '\\u{110000000}'", 5), ("x = '\\u41'", 5), ("x = [==[ ]]", 4),
        ("--[[ x", 0),
        ("x = [=x", 4), ("x = 0x", 4), ("x = 1e", 4), ("x = 3x", 4), ("x = 1..2", 4), ("x = 0x1p", 4), ("x = $", 4), ("x = a.1", 5),
        ("x = a.if", 6),
        ("a:b", 3), ("a:b = 1", 4), ("x = {1 2}", 7), ("f(1", 3), ("x = a[1", 7), ("for x do end", 6), ("for i = 1 do end", 10),
        ("for 1 = 1, 2 do end", 4),
        ("function f(1) end", 11), ("function f(..., a) end", 14), ("function a.b", 12), ("x = function end", 13), ("x = é", 4), ("::a", 3),
        ("local function a.b() end", 16), ("x = }", 4), ("end", 0), ("until x", 0), ("else", 0), ("= 1", 0), ("x = = 1", 4), ("goto 1", 5),
        ("a.b.c", 0),
    ]) func whatIsNotLuaIsNamedAtItsPlace(_ text: String, _ at: Int) throws {
        #expect(Self.ours(text)?.at == at, "\(Self.ours(text)?.message ?? "is fine")")
        #expect(Self.lua(try Self.isolate(), text) != nil)
    }

    @Test func deepNestingEndsInAnError() throws {
        for (open, close) in [("(", ")"), ("{", "}"), ("-", ""), ("do ", " end"), ("f(function() ", " end)"), ("x = a .. ", "")] {
            let body = open == "do " || open == "f(function() " || open.hasPrefix("x") ? "" : "x = "
            for depth in [150, 5_000] {
                let inner =
                    open.hasPrefix("x")
                    ? "x = " + String(repeating: "a .. ", count: depth) + "a"
                    : body + String(repeating: open, count: depth) + "1".prefix(body.isEmpty ? 0 : 1)
                        + String(repeating: close, count: depth)
                if depth == 5_000 { #expect(Self.ours(inner) != nil) }
                if Self.lua(try Self.isolate(), inner) == nil { #expect(Self.ours(inner) == nil, "\(open) \(depth)") }
            }
        }
        // Long, but not deep.
        let chains = [
            "x = 1" + String(repeating: " + 1", count: 100_000), "x = a" + String(repeating: ".b", count: 100_000),
            "f" + String(repeating: "()", count: 100_000),
        ]
        for chain in chains { #expect(Self.ours(chain) == nil) }
        #expect(Self.ours("if a then " + String(repeating: "elseif a then ", count: 50_000) + "end") == nil)
        #expect(Self.ours("x = " + String(repeating: "]", count: 100_000)) != nil)
        #expect(Self.ours("x = [==[" + String(repeating: "]=", count: 500_000)) != nil)
    }

    @Test func randomBytesAreRefusedOrRead() {
        var random = SplitMix(seed: 7)
        for _ in 0..<3_000 {
            let bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            _ = try? LuaParser.parse(bytes)
        }
    }

    @Test func changedProgramsAreJudgedAsLuaDoes() throws {
        let isolate = try Self.isolate()
        let programs = try SchemaTests.files("stdlib").map(\.text) + SchemaTests.files("hooks").map(\.text) + [Self.everything]
        let pieces = [
            "end", "do", "then", "if", "local", "function", "return", "goto x", "::x::", "break", "(", ")", "{", "}", "[", "]", "=", ",",
            ";", "...",
            "..", ":", "'", "\"", "\\", "[[", "]]", "--", "--[[", "1", "0x", "1e", "<const>", "<close>", "until", "while", "for", "in",
            "not", "-",
            "#", "~", "x", "nil", "\n", "\u{e9}", "or", "==",
        ]
        var random = SplitMix(seed: 20261123)
        var counts = (good: 0, bad: 0)
        for round in 0..<6_000 {
            var bytes = Array(programs[round % programs.count].utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let at = Int.random(in: 0...bytes.count, using: &random)
                let end = min(bytes.count, at + Int.random(in: 0...8, using: &random))
                bytes.replaceSubrange(at..<end, with: Array((pieces.randomElement(using: &random) ?? "").utf8))
            }
            let text = String(decoding: bytes, as: UTF8.self)
            let (ours, lua) = (Self.ours(text), Self.lua(isolate, text))
            if lua == nil { counts.good += 1 } else { counts.bad += 1 }
            #expect((ours == nil) == (lua == nil), "ours: \(ours?.message ?? "fine"), Lua: \(lua ?? "fine"), text:\n\(text)")
            if (ours == nil) != (lua == nil) { return }
        }
        #expect(counts.good > 200 && counts.bad > 200, "\(counts)")
    }

    static let everything = """
        local a <const>, b = 1, 2
        local c <close> = nil
        function m.n.o:p(x, ...) local y = ... return x, y, ... end
        for i = 1, 10, 2 do if i % 2 == 0 then goto continue end b = b + i ::continue:: end
        for k, v in pairs { 1, 2; x = 3, ['y'] = 4 } do while k do break end end
        repeat local z = f 'x' { y } [[z]] : w() until z ~= 0x1p4
        local t = { a = function() return a end, -b, not c, #'x', ~5 }
        t.x, t['y'], b = 1 // 2, 2 ^ 3 ^ 4, (f()) .. "a\\n\\z  b\\x41\\u{41}\\065"
        --[==[ long ]==] do ; ::e:: end
        goto finish
        ::finish::
        return a or b and c
        """
}

/// A small generator whose seed replays.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
