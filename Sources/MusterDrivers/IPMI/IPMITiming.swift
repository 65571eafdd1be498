/// The waits of the IPMI driver, in milliseconds.
public struct IPMITiming: Sendable {
    /// A controller without any answer for so long is silent.
    public var silence: UInt32
    /// A question without an answer for so long is asked again. Orders never are. Below `silence`.
    public var retransmission: UInt32
    /// Between two readings while a power order is awaited.
    public var poll: Int64
    /// After so long without effect an accepted order is given again, when the reading still shows none.
    public var reorder: Int64
    /// A session unused for so long is closed; below half of `silence`.
    public var keepIdle: Int64

    public init(
        silence: UInt32 = 4000, retransmission: UInt32 = 1000, poll: Int64 = 250, reorder: Int64 = 10_000,
        keepIdle: Int64 = 1500
    ) {
        self.silence = silence
        self.retransmission = retransmission
        self.poll = poll
        self.reorder = reorder
        self.keepIdle = keepIdle
    }

    var patience: IPMIPatience { IPMIPatience(silence: silence, retransmission: retransmission) }
}
