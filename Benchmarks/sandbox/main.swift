// What the sandbox costs: the same pure Lua in an isolate with its limits, and in the `lua5.4` program.
//
// Usage: SandboxBenchmark [FILE [ROUNDS]]. Rounds of both alternate and measure processor time; the medians are compared.
import Foundation
import MusterCore
import MusterLua

let ownTime = __rusage_who_t(RUSAGE_SELF.rawValue)
let childrensTime = __rusage_who_t(RUSAGE_CHILDREN.rawValue)

func nanoseconds(_ time: timeval) -> Double { Double(time.tv_sec) * 1e9 + Double(time.tv_usec) * 1e3 }

func spent(_ who: __rusage_who_t) -> Double {
    var usage = rusage()
    getrusage(who, &usage)
    return nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime)
}

func inside(_ text: String) throws -> (spent: Double, result: Value) {
    var settings = LuaSettings()
    settings.placement = .inline
    settings.slice = .processorTime(milliseconds: 600_000)
    let isolate = try LuaIsolate(settings)
    return try isolate.performInline { lua in
        let chunk = try lua.compile(LuaSource(name: "loops.lua", text: text))
        let began = spent(ownTime)
        let start = lua.execute(chunk)
        guard case .returned(let values) = start.outcome, let value = values.first else { throw MusterError("failed", "\(start.outcome)") }
        return (spent(ownTime) - began, value)
    }
}

/// Plain Lua, less the time that the program takes to start.
func plain(_ file: String) throws -> (spent: Double, result: Value) {
    func run(_ arguments: [String]) throws -> (Double, String) {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/lua5.4")
        process.arguments = arguments
        process.standardOutput = output
        let before = spent(childrensTime)
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (spent(childrensTime) - before, text.trimmingCharacters(in: .whitespacesAndNewlines))
    }
    let idle = try run(["-e", "return"]).0
    let (time, text) = try run(["-e", "print(dofile([[\(file)]]))"])
    return (time - idle, Int64(text).map { .int($0) } ?? .string(text))
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

let file = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "Benchmarks/sandbox/loops.lua"
let rounds = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 7 : 7
let text = try String(contentsOfFile: file, encoding: .utf8)
var ratios: [Double] = []
for _ in 0..<rounds {
    let (ours, result) = try inside(text)
    let (theirs, other) = try plain(file)
    guard result == other else { throw MusterError("differs", "the two did not compute the same: \(result.json), \(other.json)") }
    ratios.append(ours / theirs)
}
print("sandbox: \(String(format: "%.3f", median(ratios))) times the processor time of lua5.4 (aim: at most 1.03)")
