import MusterCore

// What an operator orders to be fenced is owed until its ladder ended, also by the next engine.
extension Engine {
    /// How old an order may be, in milliseconds, that another engine left: the person who gave it has seen to the machine since.
    private static let oldestOrder: Int64 = 600_000

    /// An operator orders a fence, also while disarmed.
    public mutating func fence(_ id: ResourceID, operatorName: String, now: Now) throws {
        guard var resource = world.resources[id] else { throw unknownResource(id.rawValue) }
        emit("fence.ordered", resource: id, data: ["operator": .string(operatorName)], now: now)
        let order = FenceOrder(resource, epoch: world.aliveClaim(on: id)?.epoch, operatorName: operatorName, at: now.wall)
        resource.fenceOrder = order
        world.put(resource)
        do {
            try startLadder(resource, for: .engine, now: now)
        } catch {
            forget(order, of: id)
            throw error
        }
    }

    /// Carries out the orders that the last engine did not come to the end of, and tells of those that are too old.
    mutating func resumeFenceOrders(now: Now) {
        for resource in world.resources.values.filter({ $0.fenceOrder != nil }).sorted(by: { $0.id < $1.id }) {
            guard let order = resource.fenceOrder else { continue }
            if let error = staleness(of: order, resource, now: now) {
                tellFailed(Ladder(resource, epoch: order.epoch, owner: .engine, wasAlive: order.wasAlive), error, now: now)
                forget(order, of: resource.id)
                continue
            }
            do {
                try startLadder(resource, for: .engine, wasAlive: order.wasAlive, now: now)
            } catch {
                // It was told.
                forget(order, of: resource.id)
            }
        }
    }

    /// Why an order that another engine left must not be carried out; nil when it may.
    private func staleness(of order: FenceOrder, _ resource: Resource, now: Now) -> MusterError? {
        let age = now.wall.milliseconds - order.at.milliseconds
        if !(0...Self.oldestOrder).contains(age) {
            return MusterError(
                .stale, "the engine was away too long since \(order.operatorName) ordered this",
                hint: "look at \(resource.id), then order it again: muster fence \(resource.id)", subject: resource.id.rawValue)
        }
        guard order.incarnation != resource.incarnation || order.epoch != world.aliveClaim(on: resource.id)?.epoch else { return nil }
        return MusterError(
            .stale, "\(resource.id) booted or came back since \(order.operatorName) ordered this",
            hint: "if it shall be fenced all the same: muster fence \(resource.id)", subject: resource.id.rawValue)
    }

    /// A ladder came to its end, and with it the order that it was climbed for.
    mutating func forgetOrder(of ladder: Ladder) {
        guard let order = world.resources[ladder.resource]?.fenceOrder else { return }
        if (order.incarnation, order.epoch) == (ladder.incarnation, ladder.epoch) { forget(order, of: ladder.resource) }
    }

    private mutating func forget(_ order: FenceOrder, of id: ResourceID) {
        guard var resource = world.resources[id], resource.fenceOrder == order else { return }
        resource.fenceOrder = nil
        world.put(resource)
    }
}
