import MusterCore
import MusterEngine

// What regular polls of well machines would see: told when something has changed, as late as a poll would be.
extension Machines {
    /// Milliseconds between two polls of one controller.
    private static let pollInterval: Int64 = 10_000

    /// The machine's power changed.
    func powerChanged(_ name: String) { controllers(of: name).forEach(pollSoon) }

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
        guard engine.isRunning, let bmc = engine.engine.world.resources[id]?.bmc else { return }
        let asked = agenda.now.monotonic
        perform(.readPower(id, bmc, asked: asked)) { [self] result in
            let power: Result<Power, MusterError> = result.map { if case .power(let power) = $0 { power } else { .unknown } }
            let draws = behind(bmc.address)?.controller.draws
            engine.turn { engine, now in
                engine.powerSeen(id, power, now: now)
                if case .success = power { engine.drawSeen(id, watts: draws, now: now) }
            }
        }
    }
}
