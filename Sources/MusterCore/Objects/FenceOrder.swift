/// An operator's order to fence a machine, kept until its ladder ended: an engine that dies meanwhile takes it up again.
public struct FenceOrder: Codable, Sendable, Hashable {
    public var operatorName: String
    public var at: Timestamp
    /// The claim and the incarnation that the machine had: an order is for no other.
    public var epoch: Epoch?
    public var incarnation: Int64
    public var wasAlive: Bool

    public init(_ resource: Resource, epoch: Epoch?, operatorName: String, at: Timestamp) {
        self.operatorName = operatorName
        self.at = at
        self.epoch = epoch
        incarnation = resource.incarnation
        wasAlive = resource.liveness == .alive
    }
}
