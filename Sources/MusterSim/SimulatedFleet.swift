import MusterCore
import MusterEngine
import Synchronization

/// Machines, controllers and exports that exist only in memory, under virtual time. They boot, ask for their plan, report, beat, and
/// write to their image while its export lives; who wrote is recorded, so that two writers on one image are seen.
public final class SimulatedFleet: PowerDriver, ExportDriver, ReadinessProbe, SecretSource {
    /// A machine as it really is, whatever the engine believes.
    public struct Machine: Sendable {
        public var mac: MACAddress
        public var uuid: String
        public var isOn = false
        /// Hangs: power is on, nothing moves.
        public var isFrozen = false
        public var bootID: String?
        public var token: String?
        public var epoch: Epoch?
        /// Milliseconds until the boot is through; nil when it is, or when it is off.
        public var bootRemaining: Int64?
        /// It is up, and nobody has taken its report yet: it reports again before it beats.
        public var mustReport = false
        /// The controller does not answer.
        public var bmcSilent = false
        /// The controller says done and does nothing.
        public var bmcLies = false
    }

    struct State {
        var machines: [String: Machine] = [:]
        var exports: [Epoch: (image: ImageID, export: Export)] = [:]
        var writers: [ImageID: Set<Epoch>] = [:]
        var violations: [String] = []
        var orders: [String] = []
        var bootTime: Int64 = 3_000
        var boots = 0
    }

    let state = Mutex(State())

    public init() {}

    /// Adds a machine whose controller answers at `address`.
    public func add(_ address: String, mac: MACAddress, uuid: String) {
        state.withLock { $0.machines[address] = Machine(mac: mac, uuid: uuid) }
    }

    public func machine(_ address: String) -> Machine? { state.withLock { $0.machines[address] } }

    /// Changes what a machine really is: the faults of a test.
    public func change(_ address: String, _ body: (inout Machine) -> Void) {
        state.withLock { state in
            guard var machine = state.machines[address] else { return }
            body(&machine)
            state.machines[address] = machine
        }
    }

    /// Broken safety rules, in words; empty when none was.
    public var violations: [String] { state.withLock { $0.violations } }

    /// The power orders that controllers accepted, in order.
    public var orders: [String] { state.withLock { $0.orders } }

    /// The epochs whose exports are open.
    public var openExports: [Epoch] { state.withLock { $0.exports.keys.sorted() } }

    // MARK: What machines do

    /// Lets some time pass on every machine, after which each one that runs has beaten once.
    public func live(milliseconds: Int64, _ authority: any BootAuthority) async throws {
        for address in state.withLock({ $0.machines.keys.sorted() }) {
            guard let machine = self.machine(address), machine.isOn, !machine.isFrozen else { continue }
            if let remaining = machine.bootRemaining {
                change(address) { $0.bootRemaining = remaining - milliseconds }
                if remaining <= milliseconds { try await boot(address, authority) }
            } else {
                try await beat(address, authority)
            }
        }
    }

    private func boot(_ address: String, _ authority: any BootAuthority) async throws {
        guard let machine = machine(address) else { return }
        switch try await authority.plan(for: BootRequest(mac: machine.mac, uuid: machine.uuid)) {
        case .discover(let token): try await came(up: address, token, nil, authority)
        case .image(let boot): try await came(up: address, boot.token, boot.epoch, authority)
        case .local, .wait: change(address) { $0.bootRemaining = 2_000 }
        }
    }

    private func came(up address: String, _ token: String, _ epoch: Epoch?, _ authority: any BootAuthority) async throws {
        let number = state.withLock { state in
            state.boots += 1
            return state.boots
        }
        change(address) {
            $0.bootRemaining = nil
            $0.token = token
            $0.epoch = epoch
            $0.bootID = "boot-\(number)"
            $0.mustReport = true
        }
        try await report(address, authority)
        write(address)
    }

    private func report(_ address: String, _ authority: any BootAuthority) async throws {
        guard let machine = machine(address), machine.mustReport, let token = machine.token, let bootID = machine.bootID else { return }
        try await authority.report(
            MachineReport(
                mac: machine.mac, token: token, bootID: bootID, uuid: machine.uuid, memoryMiB: 256, cpus: 1, epoch: machine.epoch,
                address: nil))
        change(address) { $0.mustReport = false }
    }

    private func beat(_ address: String, _ authority: any BootAuthority) async throws {
        write(address)
        try await report(address, authority)
        guard let machine = machine(address), let token = machine.token, let bootID = machine.bootID else { return }
        let answer = try await authority.heartbeat(
            Heartbeat(mac: machine.mac, token: token, bootID: bootID, epoch: machine.epoch))
        if answer == .reset { reset(address) }
    }

    private func reset(_ address: String) {
        let time = state.withLock { $0.bootTime }
        change(address) {
            $0.bootRemaining = time
            $0.token = nil
            $0.epoch = nil
            $0.bootID = nil
            $0.mustReport = false
        }
    }

    /// A machine writes to its image: possible while its export is open, and wrong while another's is too.
    private func write(_ address: String) {
        state.withLock { state in
            guard let epoch = state.machines[address]?.epoch, let export = state.exports[epoch] else { return }
            let others = state.exports.filter { $0.key != epoch && $0.value.image == export.image }
            for other in others.keys.sorted() {
                state.violations.append("two exports of \(export.image): epochs \(epoch) and \(other)")
            }
        }
    }

    // MARK: PowerDriver

    private func answering(_ access: PowerAccess) throws -> Machine {
        guard let machine = machine(access.bmc.address), !machine.bmcSilent else {
            throw MusterError(.bmcSilent, "the BMC at \(access.bmc.address) does not answer", hint: "check its network, or confirm by hand")
        }
        return machine
    }

    public func reading(_ access: PowerAccess) async throws -> Power { try answering(access).isOn ? .on : .off }

    public func powerOn(_ access: PowerAccess, timeoutMilliseconds: Int64) async throws {
        let machine = try answering(access)
        guard !machine.isOn else { return }
        state.withLock { $0.orders.append("on \(access.bmc.address)") }
        change(access.bmc.address) {
            $0.isOn = true
            $0.isFrozen = false
        }
        reset(access.bmc.address)
    }

    public func powerOffUntilSeenOff(_ access: PowerAccess, timeoutMilliseconds: Int64) async throws -> String {
        let machine = try answering(access)
        guard machine.isOn else { return "read off" }
        state.withLock { $0.orders.append("off \(access.bmc.address)") }
        guard !machine.bmcLies else {
            throw MusterError(
                .stillOn, "the BMC at \(access.bmc.address) accepted the order and still reads on", hint: "look at the machine")
        }
        change(access.bmc.address) {
            $0.isOn = false
            $0.isFrozen = false
            $0.epoch = nil
            $0.bootRemaining = nil
        }
        return "read back off"
    }

    public func softOff(_ access: PowerAccess) async throws {
        _ = try answering(access)
        state.withLock { $0.orders.append("soft \(access.bmc.address)") }
        change(access.bmc.address) { if !$0.isFrozen { $0.isOn = false } }
    }

    public func setBootDevice(_ access: PowerAccess, _ device: BootDevice) async throws {
        _ = try answering(access)
        state.withLock { $0.orders.append("boot \(device.rawValue) \(access.bmc.address)") }
    }

    public func guid(_ access: PowerAccess) async throws -> String { try answering(access).uuid }

    // MARK: ExportDriver

    public func open(_ request: ExportRequest) async throws -> Export {
        try state.withLock { state in
            if let known = state.exports[request.epoch] { return known.export }
            if let other = state.exports.first(where: { $0.value.image == request.image.id }) {
                throw MusterError(.imageInUse, "image \(request.image.id) is exported for epoch \(other.key)", hint: "cut it first")
            }
            let export = Export(
                epoch: request.epoch, host: request.host, port: 10_809 + state.exports.count, name: "muster-\(request.epoch)")
            state.exports[request.epoch] = (request.image.id, export)
            return export
        }
    }

    public func cut(_ epoch: Epoch, image: Image) async throws -> String {
        state.withLock { $0.exports[epoch] = nil }
        return "cut"
    }

    public func alive() async -> [Export] { state.withLock { $0.exports.values.map(\.export).sorted { $0.epoch < $1.epoch } } }

    // MARK: ReadinessProbe, SecretSource

    /// Ready while some machine runs an image whose export is open; a machine goes on into its image once its report was taken.
    public func probe(_ check: ReadinessCheck) async throws {
        let isServed = state.withLock { state in
            state.machines.values.contains { machine in
                machine.isOn && !machine.isFrozen && machine.bootRemaining == nil && !machine.mustReport
                    && machine.epoch.map { state.exports[$0] != nil } == true
            }
        }
        if !isServed { throw MusterError("not_ready", "no machine serves it") }
    }

    public func secret(_ name: String) async throws -> Secret { Secret(bytes: Array("secret".utf8)) }
}
