import MusterCore
import MusterLua
import MusterScripting
import MusterSim

/// What the words of test files call in Swift. Used by the one thread of its isolate.
final class TestCalls: @unchecked Sendable {
    private let scene: TestScene
    /// Whether the file's top level is being executed.
    var isLoading = true
    /// Ends the test when it has asked so often that it will never end by itself.
    var interrupt: () -> Void = {}
    /// How often the test has asked for something.
    private var asked: Int64 = 0
    /// What a question costs of the test's budget: it takes as long as so many instructions.
    static let cost: Int64 = 200
    private let limit: Int64

    init(_ scene: TestScene, _ limits: TestLimits) {
        self.scene = scene
        limit = limits.instructions / Self.cost
    }

    private func count() {
        asked += 1
        if asked > limit { interrupt() }
    }

    func module(_ request: LuaModuleRequest) throws(MusterError) -> LuaSource? { try scene.module(request.name) }

    // MARK: What answers at once

    var functions: [LuaHostFunction] {
        registrations + ["begin", "command", "run", "step"].map { .effect($0) } + readings + [
            .function("is_loading") { [self] _ in [.bool(isLoading)] },
            .function("has_begun") { [self] _ in [.bool(scene.simulation != nil)] },
            .function("say") { [self] call in
                scene.output.append(call.arguments.first?.string ?? "")
                return []
            },
            .function("set") { [self] call throws(MusterError) in
                do { try scene.set(LuaTestSetting(call.arguments)) } catch { throw MusterError(unexpected: error) }
                return []
            },
            .function("now") { [self] _ in
                count()
                return [.double(Double(scene.simulation?.elapsed ?? 0) / 1_000)]
            },
            .function("deadline") { [self] call throws(MusterError) in
                let length = try TestTime.milliseconds(call.arguments.first ?? .null, "sim.run_until")
                return [.int((scene.simulation?.elapsed ?? 0) + length)]
            },
            .function("duration") { call throws(MusterError) in
                [.string("\(try TestTime.milliseconds(call.arguments.first ?? .null, "sim"))ms")]
            },
            .function("refuse_word") { call throws(MusterError) in
                let (owner, name) = (call.arguments.first?.string ?? "", call.arguments[1].string ?? "")
                let names = (call.arguments.last?.array ?? []).compactMap(\.string)
                throw MusterError(
                    .badArgument, "\(owner) has no \"\(name)\"",
                    hint: Spelling.nearest(name, names).map { "did you mean \($0)?" } ?? "it has " + names.sorted().joined(separator: ", "))
            },
        ]
    }

    private var registrations: [LuaHostFunction] { LuaTestTree.words.map { .registration($0) } }

    private var readings: [LuaHostFunction] {
        [
            reading("resources") { reading, _ in reading.resources },
            reading("servers") { reading, _ in reading.servers },
            reading("images") { reading, _ in reading.images },
            reading("events") { reading, filter in reading.events(filter) },
            reading("runs") { reading, filter in reading.runs(filter) },
            reading("orders") { reading, filter in reading.orders(filter) },
            reading("requests") { reading, _ in reading.requests },
            reading("programs") { reading, _ in reading.programs },
            reading("machine") { (reading, name) throws(MusterError) in try reading.machine(name.string ?? "") },
            reading("machine_of") { reading, name in .string(reading.machine(of: name.string ?? "")) },
            reading("without_network") { reading, _ in .array(reading.withoutNetwork.map { .string($0) }) },
            reading("story") { reading, _ in .string(StoryText.lines(reading.simulation.story).joined(separator: "\n")) },
        ]
    }

    private func reading(_ name: String, _ body: @escaping @Sendable (TestReading, Value) throws(MusterError) -> Value) -> LuaHostFunction {
        .function(name) { [self] call throws(MusterError) in
            count()
            return [try body(TestReading(simulation: try scene.begun()), call.arguments.first ?? .null)]
        }
    }

    // MARK: What lets something happen

    /// Performs a call for which the test waits: the policies of the fleet execute meanwhile.
    func perform(_ name: String, _ arguments: [Value]) -> Result<[Value], MusterError> {
        do {
            switch name {
            case "begin": try scene.begin()
            case "command": try scene.begun().perform(Command(words: (arguments.first?.array ?? []).compactMap(\.string)))
            case "run": try scene.run(TestTime.milliseconds(arguments.first ?? .null, "sim.run"))
            default: return .success([.bool(try scene.step(until: arguments.first?.int ?? 0))])
            }
            return .success([])
        } catch {
            return .failure(MusterError(unexpected: error))
        }
    }
}
