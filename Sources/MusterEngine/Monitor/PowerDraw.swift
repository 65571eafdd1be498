import MusterCore

/// What a machine's controller measures of its draw; observed in this process, not stored.
struct Meter: Sendable {
    /// The controller that measures it.
    var controller: BMC?
    /// When it may be asked again; nil: now.
    var due: Moment?
    /// Watts as it read last, of a machine that is on.
    var watts: Int64?
    /// The last of these while the machine lived and had no server.
    var waiting: Int64?

    /// Milliseconds between two readings of a controller that measures.
    static let interval: Int64 = 60_000
    /// After a failure to read: some controllers leave a question that they do not know without an answer.
    static let afterFailure: Int64 = 3_600_000
    /// For one without a meter: its firmware may get one.
    static let withoutMeter: Int64 = 86_400_000
}

// What machines draw, by their controllers' word. Asked right after a power reading, of a machine that is well: so a controller in doubt is
// never asked more than the reading that somebody waits for.
extension Engine {
    /// Asks what a machine draws, when that is due. To be called after a power reading.
    mutating func askDraw(_ id: ResourceID, now: Now) {
        guard let resource = world.resources[id], let bmc = resource.bmc, resource.power == .on, resource.liveness != .silent,
            resource.startingSince == nil, !hasOthersController(resource), watching.pollsWellMachines
        else { return }
        var meter = trackers[id]?.meter ?? Meter()
        if meter.controller?.isSame(as: bmc) != true { meter = Meter(controller: bmc, waiting: meter.waiting) }
        guard meter.due.map({ now.monotonic >= $0 }) ?? true else { return }
        // Also the answer that never comes is one: nothing is asked twice at once.
        meter.due = now.monotonic.advanced(by: Meter.afterFailure)
        trackers[id, default: Tracker()].meter = meter
        begin(.readDraw(id, bmc), for: .engine)
    }

    /// A controller said what its machine draws, or that it measures nothing.
    mutating func drawRead(_ id: ResourceID, _ bmc: BMC, _ result: Result<OperationResult, MusterError>, now: Now) throws -> Value {
        guard trackers[id]?.meter?.controller?.isSame(as: bmc) == true else { return .null }
        guard case .success(.draw(let watts)) = result else {
            drawSeen(id, watts: nil, now: now)
            throw result.error ?? MusterError(.bmcProtocol, "no draw was read")
        }
        trackers[id]?.meter?.due = now.monotonic.advanced(by: watts == nil ? Meter.withoutMeter : Meter.interval)
        drawSeen(id, watts: watts, now: now)
        return watts.map { .int($0) } ?? .null
    }

    /// What a machine draws now, in watts, as its controller measures it; nil: that says nothing.
    public mutating func drawSeen(_ id: ResourceID, watts: Int64?, now: Now) {
        guard let resource = world.resources[id] else { return }
        let watts = resource.power == .on && !hasOthersController(resource) ? watts : nil
        guard watts != nil || trackers[id]?.meter?.watts != nil else { return }
        var meter = trackers[id]?.meter ?? Meter()
        meter.watts = watts
        if let watts, resource.liveness == .alive, world.aliveClaim(on: id) == nil { meter.waiting = watts }
        trackers[id, default: Tracker()].meter = meter
    }

    /// What a machine draws now; nil when it is not measured.
    func draw(of id: ResourceID) -> Int64? { trackers[id]?.meter?.watts }

    /// What a machine draws while it waits, measured where it ever was, else declared; nil when nobody says.
    func wattsWaiting(_ resource: Resource) -> Int64? { trackers[resource.id]?.meter?.waiting ?? resource.wattsAsleep }
}

extension BMC {
    /// Whether both are one controller, whatever is known of it.
    fileprivate func isSame(as other: BMC) -> Bool { (address, port) == (other.address, other.port) }
}

extension Result where Failure == MusterError {
    fileprivate var error: MusterError? { if case .failure(let error) = self { error } else { nil } }
}
