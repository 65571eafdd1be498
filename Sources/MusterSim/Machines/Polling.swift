import MusterCore
import MusterEngine

// What regular polls of well machines would see: told when something has changed, as late as a poll would be.
extension Machines {
    /// Milliseconds between two polls of one controller.
    private static let pollInterval: Int64 = 10_000

    /// The machine's power changed.
    func powerChanged(_ name: String) { controllers(of: name).forEach(pollSoon) }

    /// Whether a hypervisor answers for its guests may have changed.
    func hostingChanged(_ name: String) { managed.filter { $0.value == name }.keys.sorted().forEach(pollSoon) }

    /// What a controller answers may have changed: its next poll sees it.
    func pollSoon(_ id: ResourceID) {
        guard polls.insert(id).inserted else { return }
        agenda.after(Int64.random(in: 0..<Self.pollInterval, using: &random)) { [self] in
            polls.remove(id)
            poll(id)
        }
    }

    /// A new engine process reads all of them at once.
    func pollAll() { byName.forEach(poll) }

    private func poll(_ id: ResourceID) {
        guard engine.isRunning, let resource = engine.engine.world.resources[id], let control = engine.engine.control(of: resource) else {
            return
        }
        let asked = agenda.now.monotonic
        perform(.readPower(id, control, asked: asked)) { [self] result in
            let draws: Int64? = if case .bmc(let bmc) = control { behind(bmc.address)?.controller.draws } else { nil }
            engine.turn { engine, now in
                engine.powerSeen(id, brought: result, now: now)
                if case .success = result { engine.drawSeen(id, watts: draws, now: now) }
            }
        }
    }
}
