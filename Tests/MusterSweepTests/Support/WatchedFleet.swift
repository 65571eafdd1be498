import Foundation
import MusterCore
import MusterEngine
import MusterSim
import SweepWire
import Synchronization

/// The machines, which outlive every engine; it holds each engine to its promises at the moment when the engine acts.
final class WatchedFleet: Sendable {
    let machines = SimulatedFleet()
    private let ledger: Ledger
    private let state = Mutex(State())

    private struct State {
        var violations: [String] = []
        var shown: [Int64: String] = [:]
        var complaints: [String] = []
        /// Orders of dead engines that are still on their way, and the round in which they arrive.
        var late: [(round: Int, order: @Sendable () async -> Void)] = []
        var round = 0
    }

    init(ledger: Ledger) {
        self.ledger = ledger
        for number in 1...3 {
            guard let mac = MACAddress("52:54:00:77:00:0\(number)") else { continue }
            machines.add("bmc\(number)", mac: mac, uuid: "00000000-0000-0000-0000-00000000000\(number)")
        }
    }

    /// What engines did that they must not do, in words.
    var violations: [String] { state.withLock { $0.violations } + machines.violations }
    /// The events that engines showed, by number.
    var shown: [Int64: String] { state.withLock { $0.shown } }
    var complaints: [String] { state.withLock { $0.complaints } }
    /// Lets some time pass for every machine.
    func live(milliseconds: Int64, _ authority: RemoteAuthority) async throws {
        let due = state.withLock { state in
            state.round += 1
            defer { state.late.removeAll { $0.round <= state.round } }
            return state.late.filter { $0.round <= state.round }.map(\.order)
        }
        for order in due { await order() }
        try await machines.live(milliseconds: milliseconds, authority)
        let running = (1...3).compactMap { machines.machine("bmc\($0)") }.filter { $0.isOn && $0.epoch != nil }
        if running.count > 1 { violate("two machines run the server: epochs \(running.compactMap(\.epoch))") }
    }

    func violate(_ what: String) { state.withLock { $0.violations.append(what) } }

    // MARK: What engines ask

    /// How many rounds an order takes that arrives late.
    private static let lateness = 8

    func answer(_ request: String, _ body: Value) async throws -> Value {
        if request.hasPrefix("late.") {
            let order = String(request.dropFirst(5))
            try hold(order, body)
            state.withLock { state in
                state.late.append((state.round + Self.lateness, { [self] in _ = try? await carryOut(order, body) }))
            }
            return .null
        }
        try hold(request, body)
        return try await carryOut(request, body)
    }

    /// Checks that the engine may give this order now.
    private func hold(_ request: String, _ body: Value) throws {
        switch request {
        case "power.on": try holdToPowerOn(node(body))
        case "power.off": try holdToPowerOff(node(body))
        case "export.open": try holdToExport(body.decode(ExportRequest.self).epoch)
        default: break
        }
    }

    private func carryOut(_ request: String, _ body: Value) async throws -> Value {
        switch request {
        case "power.reading": return .string(try await machines.reading(access(body)).rawValue)
        case "power.guid": return .string(try await machines.guid(access(body)))
        case "power.on": try await machines.powerOn(access(body), timeoutMilliseconds: 1_000)
        case "power.off":
            return .string(try await machines.powerOffUntilSeenOff(access(body), timeoutMilliseconds: 1_000))
        case "power.soft": try await machines.softOff(access(body))
        case "export.open":
            return try Value(encoding: try await machines.open(body.decode(ExportRequest.self)))
        case "export.cut":
            return .string(try await machines.cut(Epoch(body["epoch"].int ?? 0), image: body["image"].decode(Image.self)))
        case "export.alive": return try Value(encoding: await machines.alive())
        case "ready.probe": try await probe(body.decode(ReadinessCheck.self))
        case "shown": state.withLock { $0.shown[body["id"].int ?? 0] = body["name"].string }
        case "complaint": state.withLock { $0.complaints.append(body.string ?? "") }
        default: throw MusterError(.notFound, "there is no request \"\(request)\"")
        }
        return .null
    }

    private func access(_ address: Value) -> PowerAccess {
        PowerAccess(bmc: BMC(address: address.string ?? "", user: "", passwordSecret: nil), password: Secret(bytes: []))
    }

    private func node(_ address: Value) -> String { "node" + (address.string ?? "").dropFirst(3) }

    /// A probe that waits a little itself, so that a machine that comes up is seen at once.
    private func probe(_ check: ReadinessCheck) async throws {
        for _ in 1...20 {
            if (try? await machines.probe(check)) != nil { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        try await machines.probe(check)
    }

    // MARK: The promises

    private func holdToPowerOff(_ node: String) throws {
        if try !ledger.intends(["resource.fence", "resource.power_off"], node) {
            violate("\(node) is switched off, and the journal intends no such thing")
        }
    }

    private func holdToPowerOn(_ node: String) throws {
        if try !ledger.intends(["resource.power_on"], node) { violate("\(node) is switched on, and the journal intends no such thing") }
        if try !ledger.claims().contains(where: { $0.isAlive && $0.resource.rawValue == node }) {
            violate("\(node) is switched on without a claim")
        }
    }

    private func holdToExport(_ epoch: Epoch) throws {
        if try !ledger.claims().contains(where: { $0.epoch == epoch }) {
            violate("an export is opened for epoch \(epoch), which no claim has")
        }
        for number in 1...3 {
            guard let machine = machines.machine("bmc\(number)"), machine.isOn, let other = machine.epoch, other != epoch else { continue }
            violate("an export is opened for epoch \(epoch) while node\(number) is on with epoch \(other)")
        }
    }

    /// A machine gets an image only by a claim that is durable.
    func holdToPlan(_ epoch: Epoch) throws {
        if try !ledger.claims().contains(where: { $0.epoch == epoch && $0.export != nil }) {
            violate("a machine is given the image of epoch \(epoch), whose claim and export are not durable")
        }
    }
}
