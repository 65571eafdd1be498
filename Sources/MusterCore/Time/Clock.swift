import Foundation

/// A point in wall-clock time: milliseconds since 1970-01-01 UTC. For people and records, never for measuring silence.
public struct Timestamp: Codable, Sendable, Hashable, Comparable {
    public var milliseconds: Int64
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }
    public static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }

    public init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }
}

/// A point in monotonic time: milliseconds since some moment of this boot. Only differences within one engine process mean something.
public struct Moment: Sendable, Hashable, Comparable {
    public var milliseconds: Int64
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }
    public static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }
    public static func - (left: Self, right: Self) -> Int64 { left.milliseconds - right.milliseconds }
    public func advanced(by milliseconds: Int64) -> Moment { Moment(milliseconds: self.milliseconds + milliseconds) }
}

/// Both readings of one instant, taken together and given to the engine with each input.
public struct Now: Sendable, Hashable {
    public var wall: Timestamp
    public var monotonic: Moment
    public init(wall: Timestamp, monotonic: Moment) {
        self.wall = wall
        self.monotonic = monotonic
    }
}

/// The source of time: the machine's clocks, or virtual time in simulation.
public protocol TimeSource: Sendable {
    func now() -> Now
}

public struct SystemTime: TimeSource {
    public init() {}

    public func now() -> Now {
        var monotonic = timespec()
        clock_gettime(CLOCK_MONOTONIC, &monotonic)
        var wall = timespec()
        clock_gettime(CLOCK_REALTIME, &wall)
        return Now(
            wall: Timestamp(milliseconds: milliseconds(wall)), monotonic: Moment(milliseconds: milliseconds(monotonic)))
    }

    private func milliseconds(_ time: timespec) -> Int64 { Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000 }
}
