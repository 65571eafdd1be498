import MusterCore
import MusterEngine
import MusterLua
import MusterSim

/// One execution of a test file in an isolate of its own: to list its tests, or to run one of them.
struct LuaTestRun {
    private let calls: TestCalls
    private let isolate: LuaIsolate
    private let source: LuaSource
    private let limits: TestLimits

    init(_ source: LuaSource, scene: TestScene, limits: TestLimits, coverage: LuaCoverage? = nil) throws(MusterError) {
        let calls = TestCalls(scene, limits)
        var settings = LuaSettings()
        settings.placement = .inline
        settings.slice = .instructions(Int(limits.instructions))
        settings.memoryLimit = limits.memory
        settings.coverage = coverage
        isolate = try LuaIsolate(
            settings, functions: calls.functions, preludes: TestPrelude.sources,
            modules: { request throws(MusterError) in try calls.module(request) })
        self.calls = calls
        calls.interrupt = { [weak isolate] in isolate?.interrupt() }
        self.source = source
        self.limits = limits
    }

    /// The tests that the file registers. Errors: what is wrong with the file.
    func tree(item: String) throws -> LuaTestTree {
        try isolate.performInline { lua in
            let strand = try load(lua)
            defer { lua.finish(strand) }
            return LuaTestTree(lua.registrations(of: strand), item: item)
        }
    }

    private func load(_ lua: Lua) throws(MusterError) -> LuaStrand {
        calls.isLoading = true
        defer { calls.isLoading = false }
        let start = lua.load(try lua.compile(source))
        if case .failed(let error) = start.outcome { throw error }
        guard let strand = start.strand else { throw MusterError(.script, "\(source.name) did not load", place: source.name) }
        return strand
    }

    /// Runs a test: the file, what stands before it, it, and in any case what stands after it. Answers what went wrong, in that order.
    func run(_ test: LuaTest) -> [MusterError] {
        isolate.performInline { lua in
            var spent: Int64 = 0
            let strand: LuaStrand
            do throws(MusterError) { strand = try load(lua) } catch { return [error] }
            defer { lua.finish(strand) }
            var errors: [MusterError] = []
            for function in test.before + [test.body].compactMap({ $0 }) where errors.isEmpty {
                if let error = call(function, strand, lua, &spent) { errors.append(error) }
            }
            for function in test.after where !lua.isStuck {
                // What tidies up gets something to do it with.
                spent = min(spent, limits.instructions / 2)
                if let error = call(function, strand, lua, &spent) { errors.append(error) }
            }
            return errors
        }
    }

    /// Calls a function of the test, and performs what it asks for until it is over. Answers its error.
    private func call(_ function: LuaFunction, _ strand: LuaStrand, _ lua: Lua, _ spent: inout Int64) -> MusterError? {
        var outcome = lua.call(function, in: strand, arguments: [])
        var isUnwinding = false
        while true {
            spent += lua.instructions
            switch outcome {
            case .returned: return nil
            case .failed(let error): return understood(error)
            case .yielded(let name, let arguments):
                spent += TestCalls.cost
                if spent > limits.instructions, isUnwinding { return outOfBudget(nil) }
                var result = calls.perform(name, arguments)
                if spent > limits.instructions { result = .failure(outOfBudget(nil)) }
                if case .failure(let error) = result, error.code == .timeLimit || error.code == .budget, !isUnwinding {
                    isUnwinding = true
                    outcome = lua.cancel(strand, with: error)
                } else {
                    outcome = lua.resume(strand, with: result)
                }
            }
        }
    }

    private func understood(_ error: MusterError) -> MusterError {
        switch error.code {
        case .budget: outOfBudget(error)
        case .stuck:
            MusterError(
                .stuck, "the test computed for seconds without an end", hint: "look for a loop without end, or a pattern that backtracks")
        default: error
        }
    }

    private func outOfBudget(_ error: MusterError?) -> MusterError {
        MusterError(
            .budget, "the test computed more than \(limits.instructions / 1_000_000) million instructions",
            hint: "look for a loop without end",
            place: error?.place, traceback: error?.traceback)
    }
}
