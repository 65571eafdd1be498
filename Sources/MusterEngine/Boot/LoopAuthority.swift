import MusterCore

extension EngineLoop: BootAuthority {
    public func address(for mac: MACAddress) async throws -> IPv4Address? {
        try await turn { engine, _ in engine.address(for: mac) }
    }
    public func plan(for request: BootRequest) async throws -> BootPlan {
        try await turn { engine, now in engine.plan(for: request, now: now) }
    }
    public func report(_ report: MachineReport) async throws {
        try await turn { engine, now in
            if engine.isStoreShort, engine.world.resource(mac: report.mac) == nil { throw MusterError.storeShort("an unknown machine") }
            try engine.report(report, now: now)
        }
    }
    public func heartbeat(_ heartbeat: Heartbeat) async throws -> HeartbeatAnswer {
        try await turn { engine, now in engine.heartbeat(heartbeat, now: now) }
    }
}
