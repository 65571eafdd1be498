import Foundation
import MusterCore
import MusterEngine

/// The power driver for controllers that speak IPMI 2.0 over LAN, through libfreeipmi.
///
/// Calls to one controller are made in order, calls to different ones beside each other on threads of the driver's own; a silent
/// controller delays only itself. Errors are those of `PowerDriver`, each with a hint; none ever holds a password.
public final class IPMIDriver: PowerDriver {
    let timing: IPMITiming
    private let lanes: SerialLanes<String>
    private let lines = IPMILines()

    /// `threads` bounds how many controllers are talked to at once (a silent one holds its thread for `timing.silence`).
    public init(threads: Int = 256, timing: IPMITiming = IPMITiming()) {
        self.timing = timing
        lanes = SerialLanes(pool: ThreadPool(name: "muster-ipmi", limit: threads))
    }

    /// Chassis status, IPMI 2.0 specification, section 28.2.
    public func reading(_ access: PowerAccess) async throws -> Power {
        try await reading(IPMITarget(access))
    }

    public func powerOn(_ access: PowerAccess, timeoutMilliseconds: Int64) async throws {
        _ = try await bring(access, to: .on, timeoutMilliseconds: timeoutMilliseconds)
    }

    public func powerOffUntilSeenOff(_ access: PowerAccess, timeoutMilliseconds: Int64) async throws -> String {
        try await bring(access, to: .off, timeoutMilliseconds: timeoutMilliseconds)
    }

    private func bring(_ access: PowerAccess, to goal: Power, timeoutMilliseconds: Int64) async throws -> String {
        let target = try IPMITarget(access)
        let ticket = line(of: target).tickets.next()
        let identity = try await checkIdentity(access, target)
        let passage = IPMIPowerPassage(
            driver: self, target: target, goal: goal, ticket: ticket, identity: identity, timeout: timeoutMilliseconds)
        return try await passage.run()
    }

    /// Soft shutdown by ACPI overtemperature emulation, IPMI 2.0 specification, section 28.3.
    public func softOff(_ access: PowerAccess) async throws {
        let target = try IPMITarget(access)
        let ticket = line(of: target).tickets.next()
        _ = try await checkIdentity(access, target)
        do {
            try await order(.softOff, target, ticket: ticket)
        } catch let failure as IPMIFailure {
            throw failure.error(target)
        }
    }

    /// Boot flags for the next boot only, IPMI 2.0 specification, sections 28.12 and 28.13.
    public func setBootDevice(_ access: PowerAccess, _ device: BootDevice) async throws {
        let target = try IPMITarget(access)
        _ = try await checkIdentity(access, target)
        // Without this acknowledgement some controllers drop the flags at the next power-on; others do not know it.
        _ = try? await query(target, function: 0, command: 0x08, data: [4, 0x01, 0x01])
        do {
            _ = try await query(target, function: 0, command: 0x08, data: [5] + device.flags)
        } catch let failure as IPMIFailure {
            throw failure.error(target)
        }
    }

    /// System GUID, IPMI 2.0 specification, section 22.14. Where the order of bytes is in doubt the likeliest reading is
    /// returned (`IPMIGUID`). Errors: `bmc_protocol` when the controller does not tell one.
    public func guid(_ access: PowerAccess) async throws -> String {
        let target = try IPMITarget(access)
        guard let guid = try await systemGUID(target) else {
            throw MusterError(
                .bmcProtocol, "BMC \(target.name) tells no GUID", hint: "the identity of this machine cannot be checked",
                subject: target.name)
        }
        return guid.text
    }

    /// The measured draw, DCMI 1.5 specification, section 6.6.1; nil where the controller has no DCMI, or measures nothing now.
    public func draw(_ access: PowerAccess) async throws -> Int64? {
        let target = try IPMITarget(access)
        do {
            let bytes = try await query(
                target, function: DCMIPowerReading.function, command: DCMIPowerReading.command, data: DCMIPowerReading.request,
                mayBeUnknown: true)
            // A machine that is on draws something: who says none does not measure.
            guard let reading = DCMIPowerReading(bytes: bytes), reading.isActive, reading.watts > 0 else { return nil }
            return reading.watts
        } catch let failure as IPMIFailure {
            if failure.isRefusal { return nil }
            throw failure.error(target)
        }
    }

    /// Closes every open session. For the end of the engine; calls after it open new ones.
    public func closeSessions() async {
        for name in lines.names {
            let line = lines.line(name, timing: timing)
            try? await lanes.run(name) { line.session.close() }
        }
    }

    /// Whether a session with this controller is open now.
    func hasSession(_ access: PowerAccess) async throws -> Bool {
        let target = try IPMITarget(access)
        let line = line(of: target)
        return try await lanes.run(target.name) { line.session.isOpen }
    }
}

// MARK: - Steps

extension IPMIDriver {
    func line(of target: IPMITarget) -> IPMILines.Line { lines.line(target.name, timing: timing) }

    func reading(_ target: IPMITarget) async throws -> Power {
        do {
            let status = try await query(target, function: 0, command: 0x01)
            guard let state = status.first else { throw IPMIFailure.short }
            return state & 1 == 1 ? .on : .off
        } catch let failure as IPMIFailure {
            throw failure.error(target)
        }
    }

    /// Gives a power order unless a later one came in between. Errors: `IPMIFailure`, `stale`.
    func order(_ control: ChassisControl, _ target: IPMITarget, ticket: OrderTickets.Ticket) async throws {
        let line = line(of: target)
        _ = try await lanes.run(target.name) {
            try line.tickets.check(ticket, target)
            return try line.session.order(target, function: 0, command: 0x02, data: [control.rawValue])
        }
    }

    /// What was found of the controller's identity, in words. Errors: `bmc_identity`.
    private func checkIdentity(_ access: PowerAccess, _ target: IPMITarget) async throws -> String {
        guard let known = IPMIIdentity.known(access) else { return "identity not checked: no UUID known yet" }
        guard let guid = try await systemGUID(target) else { return "identity not checked: the BMC tells no GUID" }
        guard guid.matches(known.uuid) else {
            throw MusterError(
                .bmcIdentity, "BMC \(target.name) says GUID \(guid.text), but \(known.whose) \(known.uuid): it was not touched",
                hint: "correct bmc.address if it is another machine's controller; if the controller or the mainboard was "
                    + "replaced, boot the machine once so that it reports again",
                subject: target.name)
        }
        return "GUID matches"
    }

    private func systemGUID(_ target: IPMITarget) async throws -> IPMIGUID? {
        do {
            return IPMIGUID(bytes: Array(try await query(target, function: 0x06, command: 0x37).prefix(16)))
        } catch IPMIFailure.completion(let code) where code != IPMIFailure.Completion.busy {
            return nil
        } catch let failure as IPMIFailure {
            throw failure.error(target)
        }
    }

    private func query(
        _ target: IPMITarget, function: UInt8, command: UInt8, data: [UInt8] = [], mayBeUnknown: Bool = false
    ) async throws -> [UInt8] {
        let line = line(of: target)
        defer { closeWhenIdle(line, target.name) }
        return try await lanes.run(target.name) {
            try line.session.query(target, function: function, command: command, data: data, mayBeUnknown: mayBeUnknown)
        }
    }

    private func closeWhenIdle(_ line: IPMILines.Line, _ name: String) {
        guard line.startsClosing() else { return }
        Task { [lanes, timing] in
            repeat {
                try? await Task.sleep(for: .milliseconds(timing.keepIdle))
            } while (try? await lanes.run(name) { line.keepsClosing() }) == true
        }
    }
}
