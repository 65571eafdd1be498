import MusterCore

// The same question or order, to whatever a machine is switched by.
extension Drivers {
    func reading(_ control: PowerControl) async throws -> OperationResult {
        switch control {
        case .bmc(let bmc): return .power(try await power.reading(access(bmc)))
        case .agent(let agent): return .power(try await fenceAgents.status(access(agent)))
        case .hypervisor(let guest):
            switch try await hypervisors.state(of: guest) {
            case .on: return .power(.on)
            case .off: return .power(.off)
            case .absent: return .absent("\(guest.hypervisor) has no guest \(guest.name)")
            }
        }
    }

    func powerOn(_ control: PowerControl, _ uuid: String?, timeout: Int64) async throws {
        switch control {
        case .bmc(let bmc): try await power.powerOn(access(bmc, uuid), timeoutMilliseconds: timeout)
        case .agent(let agent): try await fenceAgents.powerOn(access(agent), timeoutMilliseconds: timeout)
        case .hypervisor(let guest): try await hypervisors.start(guest, timeoutMilliseconds: timeout)
        }
    }

    func powerOff(_ control: PowerControl, _ uuid: String?, timeout: Int64) async throws -> OperationResult {
        switch control {
        case .bmc(let bmc): return .words(try await power.powerOffUntilSeenOff(access(bmc, uuid), timeoutMilliseconds: timeout))
        case .agent(let agent): return .words(try await fenceAgents.powerOffUntilSeenOff(access(agent), timeoutMilliseconds: timeout))
        case .hypervisor(let guest):
            let end = try await hypervisors.destroyUntilGone(guest, timeoutMilliseconds: timeout)
            let words = "\(guest.hypervisor): \(end.words)"
            return end.wasThere ? .words(words) : .absent(words)
        }
    }

    func softOff(_ control: PowerControl) async throws {
        switch control {
        case .bmc(let bmc): try await power.softOff(access(bmc))
        case .hypervisor(let guest): try await hypervisors.shutDown(guest)
        // The engine gives no such order.
        case .agent(let agent): throw MusterError(.noBMC, "\(agent.program) cannot ask a system to shut down")
        }
    }

    /// Reads the power of a hypervisor, once it is seen that what is read is its own.
    func reading(ofHypervisor question: HypervisorQuestion) async throws -> OperationResult {
        if case .bmc(let bmc) = question.control, let uuid = question.uuid ?? bmc.guid, let guid = try await guid(of: bmc) {
            guard Identity.matches(guid: guid, uuid: uuid) else {
                throw MusterError(
                    .bmcIdentity, "the BMC at \(bmc.address) is of another machine than \(question.hypervisor)",
                    hint: "check its cabling and its address in fleet.lua", subject: question.hypervisor.rawValue)
            }
        }
        return try await reading(question.control)
    }

    /// What a controller says of whose it is, or said before where it does not tell; nil when it never did. One that cannot be asked now may
    /// be anybody's.
    private func guid(of bmc: BMC) async throws -> String? {
        do {
            return try await power.guid(access(bmc))
        } catch let error as MusterError where error.code == .bmcProtocol {
            return bmc.guid
        }
    }
}
