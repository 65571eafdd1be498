import MusterCore

/// One call that a script can make into the engine.
struct Effect: Sendable {
    /// What to do with a step that was intended when the engine died (design, section 6).
    enum InDoubt: String, Sendable { case `repeat`, verify, ask }

    enum Kind: Sendable {
        /// Reads the world.
        case query(@Sendable (Engine, EffectCall) throws -> Value)
        /// Changes the world; done in the same batch, so never in doubt.
        case change(@Sendable (inout Engine, EffectCall) throws -> Value)
        /// Checks, and gives the driver's job, whose result ends the step; nil when there is nothing left to do.
        case operation(@Sendable (inout Engine, EffectCall) throws -> Operation?)
        /// Checks, and begins the engine's own work for an owner, whose end ends the step.
        case work(@Sendable (inout Engine, EffectCall, OperationOwner) throws -> Void)
        /// Ends by time, by an event, or by somebody's answer; checks, and gives the answer when it is there at once.
        case wait(@Sendable (inout Engine, EffectCall) throws -> Value?)
    }

    var inDoubt: InDoubt
    var kind: Kind
    /// What a hook file must have declared that it needs, to call this.
    var needs: Capability?
    /// Whether the option `repeatable = true` makes a call in doubt one that is repeated.
    var isRepeatable = false

    /// The rule for one call.
    func inDoubt(_ arguments: [Value]) -> InDoubt {
        isRepeatable && arguments.last?["repeatable"].bool == true ? .repeat : inDoubt
    }

    static func query(_ answer: @escaping @Sendable (Engine, EffectCall) throws -> Value) -> Effect {
        Effect(inDoubt: .repeat, kind: .query(answer))
    }
    static func change(
        needs: Capability? = nil, _ change: @escaping @Sendable (inout Engine, EffectCall) throws -> Value
    ) -> Effect {
        Effect(inDoubt: .repeat, kind: .change(change), needs: needs)
    }
    static func work(
        _ inDoubt: InDoubt, needs: Capability? = nil, _ work: @escaping @Sendable (inout Engine, EffectCall, OperationOwner) throws -> Void
    ) -> Effect {
        Effect(inDoubt: inDoubt, kind: .work(work), needs: needs)
    }
    static func operation(
        _ inDoubt: InDoubt, needs: Capability? = nil, repeatable: Bool = false,
        _ operation: @escaping @Sendable (inout Engine, EffectCall) throws -> Operation?
    ) -> Effect {
        Effect(inDoubt: inDoubt, kind: .operation(operation), needs: needs, isRepeatable: repeatable)
    }
}

/// A step's call with its arguments.
struct EffectCall: Sendable {
    var run: Run
    var step: Step
    var isInDoubt: Bool
    var now: Now

    var arguments: [Value] { step.arguments }
    func argument(_ index: Int) -> Value { index < arguments.count ? arguments[index] : .null }

    /// The options table, by convention the last argument.
    var options: Value { arguments.last?[Value.typeKey].isNull == true ? arguments[arguments.count - 1] : .null }

    /// Whether an operator wrote it: at the prompt, or in a script of the hour.
    var isOperators: Bool {
        switch run.cause {
        case .script, .prompt: true
        default: false
        }
    }

    /// The server that the call is about.
    var server: ServerID? {
        guard step.name.hasPrefix("server.") else { return nil }
        return argument(0)["name"].string.map { ServerID($0) }
    }

    func text(_ index: Int, _ what: String) throws -> String {
        guard let text = argument(index).string else {
            throw MusterError(.badArgument, "\(step.name) wants \(what) as argument \(index + 1)")
        }
        return text
    }

    /// Milliseconds from an option: a text like `"30s"`, or a number of seconds.
    func milliseconds(_ value: Value, default fallback: Int64) throws -> Int64 {
        value.isNull ? fallback : try Self.milliseconds(value, of: step.name)
    }

    static func milliseconds(_ value: Value, of call: String) throws -> Int64 {
        switch value {
        case .string(let text): return try Quantity.milliseconds(text)
        default:
            guard let seconds = value.double, seconds >= 0, seconds < 1e12 else {
                throw MusterError(.badArgument, "\(call): \(value.json) is not a duration", hint: "write \"30s\" or a number of seconds")
            }
            return Int64(seconds * 1000)
        }
    }
}

/// The resource that a call's first argument names, as a name or as a snapshot.
func resourceID(_ arguments: [Value]) -> ResourceID? {
    guard let first = arguments.first else { return nil }
    return (first.string ?? first["name"].string).map { ResourceID($0) }
}

extension Engine {
    /// The resource of a call, whatever its incarnation.
    func resource(_ call: EffectCall, _ index: Int = 0) throws -> Resource {
        try resource(call.argument(index), of: call, "argument \(index + 1)")
    }

    private func resource(_ value: Value, of call: EffectCall, _ what: String) throws -> Resource {
        guard let name = value.string ?? value["name"].string else {
            throw MusterError(.badArgument, "\(call.step.name) wants a resource as \(what)")
        }
        guard let resource = world.resources[ResourceID(name)] else { throw unknownResource(name) }
        return resource
    }

    /// The resource of an order: refused as `stale` when the machine is not the incarnation that the order was decided for.
    func resourceForOrder(_ call: EffectCall) throws -> Resource {
        try resourceForOrder(call.argument(0), of: call)
    }

    /// The same for a resource that stands elsewhere in the call.
    func resourceForOrder(_ value: Value, of call: EffectCall) throws -> Resource {
        let resource = try resource(value, of: call, "the machine to act on")
        try refuseWhileLooking("\(call.step.name) is not done", subject: resource.id.rawValue)
        guard let decided = value["incarnation"].int else { return resource }
        guard decided == resource.incarnation || Mutation.staleOrderObeyed.isActive else {
            throw MusterError(
                .stale,
                "\(call.step.name) was decided for an earlier incarnation of \(resource.id) (\(decided), now \(resource.incarnation))",
                hint: "it booted or came back since: look again with refresh()", subject: resource.id.rawValue)
        }
        return resource
    }

    /// The resource of an order to power on. One in doubt whose machine has shown since that it came on is no order for an earlier
    /// incarnation: it is the same order, and it was carried out.
    func resourceToPowerOn(_ call: EffectCall) throws -> Resource {
        let resource = try resource(call)
        let cameOn = resource.power == .on || resource.liveness == .alive || resource.startingSince != nil
        return call.isInDoubt && cameOn ? resource : try resourceForOrder(call)
    }

    func server(_ call: EffectCall) throws -> Server {
        let value = call.argument(0)
        guard let name = value.string ?? value["name"].string else {
            throw MusterError(.badArgument, "\(call.step.name) wants a server as argument 1")
        }
        guard let server = world.servers[ServerID(name)] else {
            throw MusterError(.notFound, "there is no server \"\(name)\"", hint: "muster servers lists them", subject: name)
        }
        return server
    }
}
