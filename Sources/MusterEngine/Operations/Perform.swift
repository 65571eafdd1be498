import MusterCore

extension Drivers {
    /// Carries out one job.
    func perform(_ operation: Operation) async throws -> OperationResult {
        switch operation {
        case .readPower(_, let control, _): return try await reading(control)
        case .readDraw(_, let bmc): return .draw(try await power.draw(access(bmc)))
        case .powerOn(_, let control, let uuid, let timeout):
            try await powerOn(control, uuid, timeout: timeout)
            return .done
        case .powerOff(_, let control, let uuid, _, let timeout, _): return try await powerOff(control, uuid, timeout: timeout)
        case .readHypervisor(let question): return try await reading(ofHypervisor: question)
        case .fenceAgent(_, let agent, _, let timeout):
            return .words(try await fenceAgents.powerOffUntilSeenOff(access(agent), timeoutMilliseconds: timeout))
        case .checkRung(let question): return .words(try await check(question))
        case .softOff(_, let control):
            try await softOff(control)
            return .done
        case .setBootDevice(_, let bmc, let device):
            try await power.setBootDevice(access(bmc), device)
            return .done
        case .readGUID(_, let bmc):
            return .words(try await power.guid(access(bmc)))
        case .openExport(let request, let cutFirst):
            var words: [String] = []
            for epoch in cutFirst { words.append(try await exports.cut(epoch, image: request.image)) }
            return .export(try await exports.open(request), cut: words)
        case .cutExport(let epoch, let image):
            return .words(try await exports.cut(epoch, image: image))
        case .listExports:
            return .exports(await exports.alive().map(\.epoch))
        case .waitReady(_, _, let check, let timeout):
            return try await waitReady(check, timeout: timeout)
        case .http(let request):
            return .value(try await send(request))
        case .metric(let request):
            return .value(try request.read(try await send(request.page)))
        case .program(let request):
            return .value(try await execute(request))
        case .decide:
            return .decision(Decision())
        }
    }

    func access(_ bmc: BMC, _ uuid: String? = nil) async throws -> PowerAccess {
        guard let name = bmc.passwordSecret else {
            throw MusterError(.noSecret, "the BMC at \(bmc.address) has no password declared", hint: "password = secret \"…\" in fleet.lua")
        }
        return PowerAccess(bmc: bmc, password: try await secrets.secret(name), uuid: uuid)
    }

    func access(_ agent: FenceAgent) async throws -> FenceAgentAccess {
        var secrets: [String: Secret] = [:]
        for (option, name) in agent.secrets { secrets[option] = try await self.secrets.secret(name) }
        return FenceAgentAccess(program: agent.program, options: agent.options, secrets: secrets)
    }

    private func waitReady(_ check: ReadinessCheck, timeout: Int64) async throws -> OperationResult {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: .milliseconds(timeout))
        while true {
            do {
                try await readiness.probe(check)
                return .done
            } catch {
                guard clock.now < deadline else {
                    let seen = (error as? MusterError)?.message ?? "\(error)"
                    throw MusterError(
                        .timeout, "not ready within \(Quantity.people(milliseconds: timeout)): \(seen)",
                        hint: "look at the machine's console, and at the readiness check in fleet.lua")
                }
                try await Task.sleep(for: .milliseconds(250))
            }
        }
    }
}
