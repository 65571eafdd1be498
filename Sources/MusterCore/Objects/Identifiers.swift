/// A name or number that identifies one kind of thing; the kinds cannot be mixed up.
public protocol Identifier: RawRepresentable, Codable, Sendable, Hashable, Comparable, CustomStringConvertible
where RawValue: Codable & Hashable & Comparable & CustomStringConvertible {
    init(_ rawValue: RawValue)
}

extension Identifier {
    public init?(rawValue: RawValue) { self.init(rawValue) }
    public var description: String { rawValue.description }
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(RawValue.self))
    }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

/// The name of a machine.
public struct ResourceID: Identifier {
    public let rawValue: String
    public init(_ rawValue: String) { self.rawValue = rawValue }
}

/// The name of an image.
public struct ImageID: Identifier {
    public let rawValue: String
    public init(_ rawValue: String) { self.rawValue = rawValue }
}

/// The name of a server.
public struct ServerID: Identifier {
    public let rawValue: String
    public init(_ rawValue: String) { self.rawValue = rawValue }
}

/// The number of a claim. It only grows, over all servers and all restarts.
public struct Epoch: Identifier {
    public let rawValue: Int64
    public init(_ rawValue: Int64) { self.rawValue = rawValue }
    public var next: Epoch { Epoch(rawValue + 1) }
}

/// The number of an event: its place in the one history.
public struct EventID: Identifier {
    public let rawValue: Int64
    public init(_ rawValue: Int64) { self.rawValue = rawValue }
    public var next: EventID { EventID(rawValue + 1) }
}

/// The number of a run.
public struct RunID: Identifier {
    public let rawValue: Int64
    public init(_ rawValue: Int64) { self.rawValue = rawValue }
    public var next: RunID { RunID(rawValue + 1) }
}

/// The stable name of a hook: its file's name without `.lua`, `#`, and its place in the file (`failover#1`) or its given name.
public struct HookID: Identifier {
    public let rawValue: String
    public init(_ rawValue: String) { self.rawValue = rawValue }
}
