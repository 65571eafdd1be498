import MusterCore
import MusterEngine
import MusterSim

extension Bench {
    /// `kill -9` and a new engine on what was committed; operations under way are lost, as their results would be.
    mutating func restart() async throws {
        let store = MemoryStore()
        for batch in batches { try await store.commit(batch) }
        engine = Engine(try await store.load(), random: SeededGenerator(seed: 2))
        operations = []
        actions = []
        turn { engine, now in engine.resumeRuns(now: now) }
    }

    mutating func load(_ file: String, _ declarations: [HookDeclaration]) {
        let code = CodeBundle(hash: file, main: file, sources: [file: ""])
        turn { engine, now in engine.loadHooks(file: file, code: code, declarations, now: now) }
    }

    func runs(of hook: String) -> [Run] { engine.world.runs.values.filter { $0.hook == HookID(hook) }.sorted { $0.id < $1.id } }

    func state(of server: String) -> String? {
        engine.serverValues.array?.first { $0["name"].string == server }?["state"].string
    }
}

extension HookDeclaration {
    static func on(_ event: String, id: String) -> HookDeclaration {
        HookDeclaration(id: HookID(id), trigger: .event(event), place: "test.lua:1", needs: Capability.allCases)
    }
    static func every(_ milliseconds: Int64, id: String) -> HookDeclaration {
        HookDeclaration(id: HookID(id), trigger: .timer(milliseconds), place: "test.lua:1")
    }
}

extension Operation {
    var isOpening: Bool { if case .openExport = self { true } else { false } }
    func isCut(_ epoch: Int64) -> Bool { if case .cutExport(Epoch(epoch), _) = self { true } else { false } }
    var isPowerOn: Bool { if case .powerOn = self { true } else { false } }
}
