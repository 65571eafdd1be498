/// A fact that happened: numbered, durable before anyone reacts to it.
public struct Event: Codable, Sendable, Hashable {
    public var id: EventID
    public var at: Timestamp
    /// What happened (`resource.failed`, `server.running`, …); the list is in docs/events.md.
    public var name: String
    public var resource: ResourceID?
    public var server: ServerID?
    /// The incarnation of the resource that it speaks of.
    public var incarnation: Int64?
    /// More facts, by name.
    public var data: Fields

    public init(
        id: EventID, at: Timestamp, name: String, resource: ResourceID? = nil, server: ServerID? = nil,
        incarnation: Int64? = nil, data: Fields = [:]
    ) {
        self.id = id
        self.at = at
        self.name = name
        self.resource = resource
        self.server = server
        self.incarnation = incarnation
        self.data = data
    }
}
