import MusterCore

/// The number of a job for a driver within one engine process.
public struct OperationID: Sendable, Hashable {
    public let number: Int64
}

/// A job for a driver.
public enum Operation: Sendable, Hashable {
    case readPower(ResourceID, PowerControl, asked: Moment)
    /// What it draws, where its controller measures that.
    case readDraw(ResourceID, BMC)
    /// A virtual machine is created by it.
    case powerOn(ResourceID, PowerControl, uuid: String?, timeout: Int64)
    /// Off until seen off: the only way to `off` evidence. `fence` says that it was decided because the machine failed.
    case powerOff(ResourceID, PowerControl, uuid: String?, epoch: Epoch?, timeout: Int64, fence: Bool)
    /// Whether a hypervisor is off, and its guests with it.
    case readHypervisor(HypervisorQuestion)
    /// The same by a fence agent.
    case fenceAgent(ResourceID, FenceAgent, epoch: Epoch?, timeout: Int64)
    /// Tries a rung of a fence ladder without harm.
    case checkRung(RungQuestion)
    case softOff(ResourceID, PowerControl)
    case setBootDevice(ResourceID, BMC, BootDevice)
    case readGUID(ResourceID, BMC)
    /// Cuts what an earlier claim left, then opens the new claim's export.
    case openExport(ExportRequest, cutFirst: [Epoch])
    case cutExport(Epoch, Image)
    /// Which exports are open, also those that no claim here knows.
    case listExports
    /// Tries the readiness check until it passes or the time is over.
    case waitReady(ServerID, Epoch, ReadinessCheck, timeout: Int64)
    case http(HTTPRequest)
    case metric(MetricRequest)
    case program(ProgramRequest)
    /// Carried out by the scripting side.
    case decide(Question)
}

/// What a driver brought back.
public enum OperationResult: Sendable, Hashable {
    case done
    case power(Power)
    /// Watts; nil when they are not measured.
    case draw(Int64?)
    case words(String)
    /// The hypervisor has no such guest; what was seen, in words.
    case absent(String)
    /// The open export, and what was seen when each earlier one was cut.
    case export(Export, cut: [String] = [])
    case exports([Epoch])
    /// What a script gets as it is.
    case value(Value)
    case decision(Decision)
}

/// Whom an operation's result is for.
enum OperationOwner: Sendable, Hashable {
    case step(RunID, address: String)
    /// A rung of a fence.
    case ladder(LadderID, position: Int)
    /// A rung that is tried without harm.
    case check(ResourceID, Int)
    /// Nobody waits: the engine's own watching and tidying, or an operator's order.
    case engine
}

extension Engine {
    mutating func begin(_ operation: Operation, for owner: OperationOwner) {
        lastOperation += 1
        let id = OperationID(number: lastOperation)
        operations.add(id, operation, owner)
        actions.append(.perform(id, operation))
    }

    /// Takes a driver's result: what it means for the world first, then the step that waits for it.
    public mutating func operationFinished(_ id: OperationID, _ result: Result<OperationResult, MusterError>, now: Now) {
        guard let (operation, owner) = operations.remove(id) else { return }
        let result = believed(result, of: operation)
        if let question = hypervisorQuestion(after: operation, result, now: now) {
            begin(.readHypervisor(question), for: owner)
            return review(now: now)
        }
        let outcome: Step.Outcome
        do {
            outcome = .value(try settle(operation, result, for: owner, now: now))
        } catch let error as MusterError {
            outcome = .error(error)
        } catch {
            outcome = .error(MusterError(unexpected: error))
        }
        switch owner {
        case .step(let run, let address): complete(run, address, outcome, now: now)
        case .ladder(let id, let position): rungEnded(id, position: position, outcome, now: now)
        case .check(let id, let index): rungChecked(id, index, outcome, now: now)
        case .engine: break
        }
        review(now: now)
    }

    private mutating func settle(
        _ operation: Operation, _ result: Result<OperationResult, MusterError>, for owner: OperationOwner, now: Now
    ) throws -> Value {
        switch operation {
        case .readPower(let id, _, let asked):
            pollEnded(id)
            powerRead(id, asked: asked, result, now: now)
            if case .success = result { askDraw(id, now: now) }
            return .string(try result.get().power.rawValue)
        case .readDraw(let id, let bmc):
            return try drawRead(id, bmc, result, now: now)
        case .powerOn(let id, _, _, _):
            noteStray(id, result)
            return try poweredOn(id, result, now: now)
        case .powerOff(let id, _, _, let epoch, _, let fence):
            noteStray(id, result)
            if case .ladder = owner {} else { tellPowerOffFailed(id, result, now: now) }
            return try poweredOff(id, epoch: epoch, fence: fence, result, now: now)
        case .fenceAgent(let id, let agent, let epoch, _):
            return try poweredOff(id, epoch: epoch, fence: true, result.map { .words("\(agent.program): \($0.words)") }, now: now)
        case .readHypervisor(let question): return try hypervisorRead(question, result, for: owner, now: now)
        case .checkRung: return .string(try result.get().words)
        case .softOff, .setBootDevice:
            _ = try result.get()
            return .null
        case .readGUID(let id, let bmc):
            return try learnedGUID(id, bmc, result, now: now)
        case .openExport(let request, let cutFirst):
            return try exportOpened(request, cutFirst: cutFirst, result, now: now)
        case .cutExport(let epoch, _):
            return try exportWasCut(epoch, result, now: now)
        case .listExports:
            try exportsListed(result, now: now)
            return .null
        case .waitReady(let server, let epoch, _, _):
            return try becameReady(server, epoch: epoch, result, now: now)
        case .http, .metric, .program:
            return try result.get().value
        case .decide(let question):
            return try placed(question, try result.get().decision, for: owner, now: now)
        }
    }
}

extension OperationResult {
    var power: Power {
        switch self {
        case .power(let power): power
        case .absent: .off
        default: .unknown
        }
    }
    public var value: Value { if case .value(let value) = self { value } else { .null } }
    var decision: Decision { if case .decision(let decision) = self { decision } else { Decision() } }
    var words: String {
        switch self {
        case .words(let words), .absent(let words): words
        default: ""
        }
    }
}
