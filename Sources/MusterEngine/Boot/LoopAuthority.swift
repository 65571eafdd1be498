import MusterCore

extension EngineLoop: BootAuthority {
    public func address(for mac: MACAddress) async throws -> IPv4Address? {
        try await turn { engine, _ in engine.address(for: mac) }
    }
    public func plan(for request: BootRequest) async throws -> BootPlan {
        let question = try await turn { engine, now in engine.bootQuestion(request, now: now) }
        let decision = if let question { await decide(question) } else { Decision?.none }
        return try await turn { engine, now in engine.plan(for: request, decision: decision, now: now) }
    }
    public func report(_ report: MachineReport) async throws {
        try await turn { engine, now in
            if engine.isStoreShort, engine.world.resource(mac: report.mac) == nil { throw MusterError.storeShort("an unknown machine") }
            try engine.report(report, now: now)
        }
    }
}
