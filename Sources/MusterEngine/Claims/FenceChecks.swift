import MusterCore

/// A rung to be tried without harm.
public struct RungQuestion: Sendable, Hashable {
    public var resource: ResourceID
    public var rung: FenceRung
    public var bmc: BMC?
    /// The machine as its hypervisor has it, for a virtual one.
    public var guest: Guest?
    /// The machine's DMI UUID when it is known: the controller must report the same GUID.
    public var uuid: String?
    /// The claim whose export has to be alive; nil when nothing is exported to the machine.
    public var epoch: Epoch?
}

/// A check of a machine's ladder under way.
struct LadderCheck: Sendable {
    var rungs: [FenceRung]
    var answers: [Int: FenceCheck.Rung] = [:]
    var owners: [OperationOwner]
    /// When the rungs that have not answered have failed; nil while it waits for its turn.
    var deadline: Moment?
}

// Before the night: every rung of a machine's ladder is tried without harm, and a machine without one that works is told.
extension Engine {
    /// How many machines are checked at once: a thousand silent controllers must not keep a fence waiting for a thread.
    static let checksAtOnce = 32
    /// Milliseconds that the rungs of one machine have to answer.
    static let checkPatience: Int64 = 30_000

    /// Begins to check the ladders of machines, of all that are declared when none is named. Errors: `not_found`.
    public mutating func checkFences(_ ids: [ResourceID], now: Now) throws -> [ResourceID] {
        for id in ids where world.resources[id] == nil { throw unknownResource(id.rawValue) }
        let all = ids.isEmpty ? world.resourceOrder.filter { world.resources[$0]?.declared == true } : ids
        for id in all { checkFence(id, for: .engine, now: now) }
        return all
    }

    mutating func checkFence(_ id: ResourceID, for owner: OperationOwner, now: Now) {
        guard let resource = world.resources[id] else { return }
        if checks[id] != nil {
            checks[id]?.owners.append(owner)
        } else {
            checks[id] = LadderCheck(rungs: resource.ladder, owners: [owner])
        }
        beginChecks(now: now)
    }

    private mutating func beginChecks(now: Now) {
        var running = checks.values.count { $0.deadline != nil }
        for id in checks.filter({ $0.value.deadline == nil }).keys.sorted() {
            // One that ends at once begins others.
            guard running < Self.checksAtOnce, checks[id] != nil, checks[id]?.deadline == nil else { continue }
            begin(checkOf: id, now: now)
            running = checks.values.count { $0.deadline != nil }
        }
    }

    private mutating func begin(checkOf id: ResourceID, now: Now) {
        guard var check = checks[id] else { return }
        guard let resource = world.resources[id] else {
            checks[id] = nil
            for case .step(let run, let address) in check.owners { complete(run, address, .error(unknownResource(id.rawValue)), now: now) }
            return
        }
        check.deadline = now.monotonic.advanced(by: Self.checkPatience)
        let claim = world.aliveClaim(on: id)
        for (index, rung) in check.rungs.enumerated() {
            // The storage rung counts also while there is nothing to cut: what matters is whether an export could be.
            if rung.kind != .storage, let reason = objection(to: rung, resource, epoch: claim?.epoch) {
                check.answers[index] = FenceCheck.Rung(rung: rung.name, state: .absent, detail: reason)
                continue
            }
            let guest = if case .hypervisor(let guest)? = control(of: resource) { guest } else { Guest?.none }
            let question = RungQuestion(
                resource: id, rung: rung, bmc: resource.bmc, guest: guest, uuid: resource.uuid,
                epoch: claim?.export == nil || claim?.exportCut == true ? nil : claim?.epoch)
            begin(.checkRung(question), for: .check(id, index))
        }
        checks[id] = check
        endCheckWhenWhole(id, now: now)
    }

    mutating func rungChecked(_ id: ResourceID, _ index: Int, _ outcome: Step.Outcome, now: Now) {
        guard let check = checks[id], check.deadline != nil, check.answers[index] == nil, check.rungs.indices.contains(index) else {
            return
        }
        let name = check.rungs[index].name
        let contradicted = world.resources[id].flatMap { contradiction(check.rungs[index], $0, now: now) }
        switch contradicted.map(Step.Outcome.error) ?? outcome {
        case .value(let seen): checks[id]?.answers[index] = FenceCheck.Rung(rung: name, state: .works, detail: seen.string ?? "")
        case .error(let error):
            checks[id]?.answers[index] = FenceCheck.Rung(rung: name, state: .fails, detail: error.message, hint: error.hint)
        }
        endCheckWhenWhole(id, now: now)
    }

    /// Ends the checks whose time is over.
    mutating func watchChecks(now: Now) {
        for (id, check) in checks.sorted(by: { $0.key < $1.key }) {
            guard let deadline = check.deadline, now.monotonic >= deadline else { continue }
            for (index, rung) in check.rungs.enumerated() where check.answers[index] == nil {
                let length = Quantity.people(milliseconds: Self.checkPatience)
                checks[id]?.answers[index] = FenceCheck.Rung(rung: rung.name, state: .fails, detail: "no answer within \(length)")
            }
            endCheckWhenWhole(id, now: now)
        }
    }

    var nextCheck: Moment? { checks.values.compactMap(\.deadline).min() }

    private mutating func endCheckWhenWhole(_ id: ResourceID, now: Now) {
        guard let check = checks[id], check.answers.count == check.rungs.count else { return }
        checks[id] = nil
        let found = FenceCheck(at: now.wall, rungs: check.rungs.indices.compactMap { check.answers[$0] })
        if var resource = world.resources[id] {
            let wasReady = resource.fenceCheck?.isReady ?? true
            // Nothing new is nothing to store: `at` says since when it is so.
            if resource.fenceCheck?.rungs != found.rungs { resource.fenceCheck = found }
            world.put(resource)
            if wasReady, !found.isReady {
                let reasons = found.rungs.map { "\($0.rung): \($0.detail)" }.joined(separator: "; ")
                emit("fence.unready", resource: id, data: ["reasons": .string(reasons)], now: now)
            } else if !wasReady, found.isReady {
                emit("fence.ready", resource: id, now: now)
            }
        }
        let value = fenceCheckValue(found)
        for case .step(let run, let address) in check.owners { complete(run, address, .value(value), now: now) }
        beginChecks(now: now)
    }

    func fenceCheckValue(_ check: FenceCheck) -> Value {
        let rungs = check.rungs.map { rung -> Value in
            var fields: Fields = ["rung": .string(rung.rung), "state": .string(rung.state.rawValue), "detail": .string(rung.detail)]
            fields["hint"] = rung.hint.map { .string($0) }
            return .object(fields)
        }
        return ["ready": .bool(check.isReady), "at": .int(check.at.milliseconds), "rungs": .array(rungs)]
    }

    /// What the last checks of machines found: `name`, `checking` while one is under way, and once there was one `ready`, `at` and `rungs`.
    /// Without names, of all that are declared.
    public func fenceCheckValues(_ ids: [ResourceID]) -> Value {
        let all = ids.isEmpty ? world.resourceOrder.filter { world.resources[$0]?.declared == true } : ids
        return .array(
            all.compactMap { world.resources[$0] }.map { resource in
                var fields = (resource.fenceCheck.map(fenceCheckValue) ?? [:]).object ?? [:]
                fields["name"] = .string(resource.id.rawValue)
                fields["checking"] = .bool(checks[resource.id] != nil)
                return .object(fields)
            })
    }
}

extension Drivers {
    /// Tries a rung without harm; what was seen, in words.
    func check(_ question: RungQuestion) async throws -> String {
        switch question.rung.kind {
        case .bmc:
            guard let bmc = question.bmc else { return "no BMC is declared" }
            let access = try await access(bmc, question.uuid)
            let reading = try await power.reading(access)
            guard let uuid = question.uuid else { return "reads \(reading); whose it is shows once the machine has booted" }
            guard let guid = try? await power.guid(access) else { return "reads \(reading); it has no GUID" }
            guard Identity.matches(guid: guid, uuid: uuid) else {
                throw MusterError(
                    .bmcIdentity, "the BMC at \(bmc.address) is of another machine: its GUID is \(guid), the machine's UUID \(uuid)",
                    hint: "check its cabling and its address in fleet.lua")
            }
            return "reads \(reading), and is the machine's own"
        case .agent:
            guard let agent = question.rung.agent else { return "no agent is declared" }
            return "status \(try await fenceAgents.status(access(agent)))"
        case .storage:
            let alive = await exports.alive()
            guard let epoch = question.epoch else { return "nothing is exported to it now" }
            guard alive.contains(where: { $0.epoch == epoch }) else {
                throw MusterError("export_died", "the export of epoch \(epoch) is not alive", hint: "muster fence \(question.resource)")
            }
            return "the export of epoch \(epoch) is alive"
        case .hypervisor:
            guard let guest = question.guest else { return "no hypervisor is known" }
            return "\(guest.hypervisor) answers: \(try await hypervisors.state(of: guest).rawValue)"
        case .lease: return ""
        }
    }
}
