import MusterCore
import MusterEngine

/// The waits of the fence agents, in milliseconds.
public struct FenceAgentTiming: Sendable {
    /// Between two questions for the status while an order is awaited.
    public var poll: Int64
    /// After so long without effect the order is given again, when the status still says on.
    public var reorder: Int64
    /// The longest that one question for the status may take.
    public var question: Int64

    public init(poll: Int64 = 500, reorder: Int64 = 10_000, question: Int64 = 30_000) {
        self.poll = poll
        self.reorder = reorder
        self.question = question
    }
}

/// Fence agents as child processes: ClusterLabs' `fence_*` programs, with their options as `name=value` lines on standard input
/// (FenceAgentAPI). Only `off`, `on` and `status` are ever asked of them.
public struct ProgramFenceAgents: FenceAgentDriver {
    /// Where agents are looked for, whatever the engine's surroundings say.
    public static let folders = ["/usr/sbin", "/usr/bin", "/sbin"]

    private let runner: any ProgramRunner
    private let folders: [String]
    private let timing: FenceAgentTiming

    public init(runner: any ProgramRunner, folders: [String] = folders, timing: FenceAgentTiming = FenceAgentTiming()) {
        self.runner = runner
        self.folders = folders
        self.timing = timing
    }

    /// Why an agent of this name cannot be executed here; nil when it can.
    public static func problem(_ name: String, folders: [String] = folders) -> MusterError? {
        do {
            _ = try AgentProgram(FenceAgentAccess(program: name), in: folders)
            return nil
        } catch {
            return error as? MusterError ?? MusterError(unexpected: error)
        }
    }

    /// The Debian package that has an agent.
    public static func package(of name: String) -> String { AgentProgram.package(of: name) }

    public func status(_ agent: FenceAgentAccess) async throws -> Power {
        try await reading(AgentProgram(agent, in: folders), timeout: timing.question)
    }

    public func powerOffUntilSeenOff(_ agent: FenceAgentAccess, timeoutMilliseconds: Int64) async throws -> String {
        let program = try AgentProgram(agent, in: folders)
        let watch = Stopwatch()
        if try await reading(program, timeout: min(timing.question, timeoutMilliseconds)) == .off {
            return "\(program.name) says off: it was so already"
        }
        var orders = 0
        var ordered = Stopwatch()
        let first = ordered
        var refusal: MusterError?
        var unread: MusterError?
        var wasOn = false
        while true {
            let left = timeoutMilliseconds - watch.elapsed
            if orders == 0 || unread == nil && ordered.elapsed >= timing.reorder, left > 0 {
                orders += 1
                ordered = Stopwatch()
                refusal = await order(.off, program, timeout: left)
            }
            do {
                // The last question may go past the end: what is said of the power was seen after the order.
                let patience = max(timeoutMilliseconds - watch.elapsed, min(timing.question, timeoutMilliseconds) / 4)
                if try await reading(program, timeout: min(timing.question, patience)) == .off { return seen(program, orders, first) }
                unread = nil
                wasOn = true
            } catch let error as MusterError {
                // Devices fall silent for a while when power changes. Nothing is concluded from it.
                unread = error
            }
            guard watch.elapsed < timeoutMilliseconds else {
                throw wasOn ? timedOut(program, orders, refusal ?? unread, watch) : unread ?? timedOut(program, orders, refusal, watch)
            }
            try await Task.sleep(for: .milliseconds(timing.poll))
        }
    }

    public func powerOn(_ agent: FenceAgentAccess, timeoutMilliseconds: Int64) async throws {
        let program = try AgentProgram(agent, in: folders)
        let watch = Stopwatch()
        if try await reading(program, timeout: min(timing.question, timeoutMilliseconds)) == .on { return }
        // Given once: an order that is given again could come after a fence.
        let refusal = await order(.on, program, timeout: timeoutMilliseconds - watch.elapsed)
        while true {
            let left = max(timeoutMilliseconds - watch.elapsed, min(timing.question, timeoutMilliseconds) / 4)
            let seen = try? await reading(program, timeout: min(timing.question, left))
            if seen == .on { return }
            guard watch.elapsed < timeoutMilliseconds else {
                throw MusterError(
                    "still_off",
                    "\(program.name) does not say on \(Quantity.people(milliseconds: watch.elapsed)) after the order: "
                        + (refusal?.message ?? "it said the order was done"),
                    hint: refusal?.hint ?? "look at the machine, and at its outlet", subject: program.name)
            }
            try await Task.sleep(for: .milliseconds(timing.poll))
        }
    }

    private func reading(_ program: AgentProgram, timeout: Int64) async throws -> Power {
        try AgentReading.power(try await run(program, .status, timeout: timeout), of: program)
    }

    /// Gives the order and returns why it may have failed; whatever it says, only the status tells. A third of the time that is left stays for that.
    private func order(_ action: AgentProgram.Action, _ program: AgentProgram, timeout: Int64) async -> MusterError? {
        do {
            let result = try await run(program, action, timeout: max(1, timeout * 2 / 3))
            return result.code == 0 ? nil : AgentReading.failure(result, of: program)
        } catch {
            return error as? MusterError ?? MusterError(unexpected: error)
        }
    }

    private func run(_ program: AgentProgram, _ action: AgentProgram.Action, timeout: Int64) async throws -> ProgramResult {
        do {
            return try await runner.run(program.request(action, timeout: max(1, timeout)))
        } catch let error as MusterError {
            // What a killed program said last may be cut within a secret: it is not quoted.
            let message =
                error.code == .timeout
                ? "it was not done within \(Quantity.people(milliseconds: timeout)) and was killed" : program.shown(error.message)
            throw MusterError(
                error.code, "\(program.name), asked for \(action.rawValue): \(message)",
                hint: error.code == .timeout ? "its device may be silent: check its address, and that it has power" : error.hint,
                subject: program.name)
        }
    }

    private func seen(_ program: AgentProgram, _ orders: Int, _ first: Stopwatch) -> String {
        let times = orders == 1 ? "the order" : "the first of \(orders) orders"
        return "\(program.name) says off \(Quantity.people(milliseconds: first.elapsed)) after \(times) (was on)"
    }

    private func timedOut(_ program: AgentProgram, _ orders: Int, _ refusal: MusterError?, _ watch: Stopwatch) -> MusterError {
        MusterError(
            .stillOn,
            "\(program.name) still says on after \(Quantity.people(milliseconds: watch.elapsed)), \(orders) order\(orders == 1 ? "" : "s"): "
                + (refusal?.message ?? "it said the order was done"),
            hint: "pull the machine's power, see it dark, then `muster fence NAME --confirm-off`", subject: program.name)
    }
}
