import MusterCore

/// What a machine without a claim boots.
enum BootAnswer: String, Sendable {
    case discover, local
}

extension Engine {
    /// Until when the answer for a machine that has not reported holds, counted from the last time it asked: it may ask again and again
    /// within one boot.
    static let answerHolds: Int64 = 60_000

    /// The question that a machine's request for its plan raises; nil when it has a claim, is being fenced, or has been answered in this
    /// boot.
    public func bootQuestion(_ request: BootRequest, now: Now) -> Question? {
        let resource = world.resource(mac: request.mac)
        if let resource, isFencing(resource.id) || world.aliveClaim(on: resource.id) != nil { return nil }
        guard heldAnswer(for: request.mac, now: now) == nil else { return nil }
        return question(.boot, bootRequestValue(request, resource))
    }

    private func bootRequestValue(_ request: BootRequest, _ resource: Resource?) -> Value {
        var fields: Fields = [
            "mac": .string(request.mac.description), "resources": resourceValues, "servers": serverValues,
        ]
        fields["uuid"] = request.uuid.map { .string($0) }
        fields["arch"] = request.arch.map { .string($0) }
        fields["resource"] = resource.map(resourceValue)
        return .object(fields)
    }

    /// The answer that this boot of a machine was given already.
    private func heldAnswer(for mac: MACAddress, now: Now) -> BootAnswer? {
        let boot = world.resource(mac: mac)?.boot
        if let boot, boot.bootID != nil || boot.epoch != nil { return nil }
        guard let given = bootAnswers[mac] else { return nil }
        if let at = given.at, now.monotonic - at >= Self.answerHolds { return nil }
        return given.answer
    }

    /// The answer for a machine without a claim: what it was told in this boot, else the first hook's that has one, else the engine's own.
    mutating func bootAnswer(for mac: MACAddress, _ decision: Decision?, now: Now) -> BootAnswer {
        var answer = heldAnswer(for: mac, now: now)
        for given in answer == nil ? decision?.answers ?? [] : [] {
            do {
                guard let found = try bootAnswer(given.result.get()) else { continue }
                answer = answer ?? found
            } catch {
                decideFailed(given.hook, .boot, error, now: now)
            }
        }
        bootAnswers = bootAnswers.filter { given in given.value.at.map { now.monotonic - $0 < Self.answerHolds } ?? true }
        bootAnswers[mac] = (answer ?? .discover, now.monotonic)
        return answer ?? .discover
    }

    private func bootAnswer(_ value: Value) throws(MusterError) -> BootAnswer? {
        if value.isNull { return nil }
        guard let answer = value["plan"].string.flatMap(BootAnswer.init(rawValue:)) else {
            throw MusterError(
                .badArgument, "\(value.json.prefix(200)) is no answer to \"boot\"",
                hint: "return boot.discover(), boot[\"local\"]() or nothing; an image boots by a claim alone")
        }
        return answer
    }
}

extension World {
    /// The machines that were told what to boot and have not reported since.
    var unreportedBoots: [MACAddress: (answer: BootAnswer, at: Moment?)] {
        var boots: [MACAddress: (answer: BootAnswer, at: Moment?)] = [:]
        for resource in resources.values {
            guard let boot = resource.boot, boot.bootID == nil, boot.epoch == nil else { continue }
            for mac in resource.macs { boots[mac] = (boot.local == true ? .local : .discover, nil) }
        }
        return boots
    }
}
