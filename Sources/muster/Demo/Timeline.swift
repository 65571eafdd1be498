import Foundation
import MusterConsole
import MusterCore

/// Events as lines that a person enjoys reading, with the seconds since the story began.
final class Timeline: Sendable {
    private let start: ContinuousClock.Instant

    init(from start: ContinuousClock.Instant = .now) { self.start = start }

    var seconds: Double {
        let passed = ContinuousClock.now - start
        return Double(passed.components.seconds) + Double(passed.components.attoseconds) / 1e18
    }

    func show(_ word: String, _ text: String) {
        say(String(format: "  %6.1f s  ", seconds) + word.padding(toLength: 11, withPad: " ", startingAt: 0) + text)
    }

    /// Shows what happens until a server runs, and returns its machine. Errors: `server_blocked`, `timeout`.
    func follow(_ client: ConsoleClient, after: EventID, deadline: Double) async throws -> String {
        try await withThrowingTaskGroup(of: String.self) { group in
            group.addTask { [self] in
                var machine: String?
                try await client.follow(after: after) { event in
                    machine = try take(event)
                    return machine == nil
                }
                guard let machine else { throw MusterError("engine_lost", "the engine stopped telling what happens") }
                return machine
            }
            group.addTask {
                try await Task.sleep(for: .seconds(deadline))
                throw MusterError(.timeout, "shop does not run after \(Int(deadline)) s")
            }
            defer { group.cancelAll() }
            guard let machine = try await group.next() else { throw CancellationError() }
            return machine
        }
    }

    /// One event's line; the machine once the server runs.
    private func take(_ event: Event) throws -> String? {
        let machine = event.resource?.rawValue ?? ""
        func text(_ key: String) -> String { event.data[key]?.string ?? event.data[key]?.json ?? "" }
        switch event.name {
        case "resource.suspect": show("suspect", "\(machine) is silent for \(milliseconds(event.data["silence"]))")
        case "resource.failed": show("detected", "\(machine) failed: silent for \(milliseconds(event.data["silence"]))")
        case "resource.fenced": show("fenced", "\(machine), evidence \(text("evidence")): \(text("detail"))")
        case "fence.failed": show("not fenced", "\(machine): \(text("message"))")
        case "claim.ended": show("claim over", "\(machine) may write no more (epoch \(text("epoch")))")
        case "claim.made": show("claimed", "\(machine) gets the image (epoch \(text("epoch")))")
        case "export.cut": show("cut", "epoch \(text("epoch")): \(text("detail"))")
        case "resource.power_on": show("power on", "\(machine), read back on")
        case "resource.booting": show("booting", "\(machine) asks over the network what to run")
        case "resource.booted": show("booted", "\(machine) reports")
        case "run.failed": show("run failed", "\(text("hook")): \(text("message"))")
        case "server.blocked":
            throw MusterError(
                "server_blocked", "\(event.server?.rawValue ?? "the server") is blocked: \(text("reason"))", hint: text("remedy"))
        case "server.running":
            show("running", "\(event.server?.rawValue ?? "") on \(machine)")
            return machine
        default: break
        }
        return nil
    }

    private func milliseconds(_ value: Value?) -> String { Quantity.people(milliseconds: value?.int ?? 0) }
}
